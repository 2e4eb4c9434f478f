#include "loop/group_collector.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "loop/sample_making.h"
#include "loop/scripted_world.h"

namespace lapidary::loop {
namespace {

// 1 for the answer that is the label; an error for those that `fails` names.
class BoxReward final : public RewardFunction {
 public:
  void score(const RewardCase& scored, Done done) override {
    if (scored.trajectory.sample_id == fails) {
      done({nullptr, "the server is gone"});
      return;
    }
    const bool is_right = scored.response.find("\\boxed{5}") != std::string::npos;
    done({Json{{"score", is_right ? 1.0 : 0.0}}, ""});
  }
  Dim fails = -1;
};

struct Setting {
  uint64_t tool_seed = 1;
  Dim groups = 3;
  Dim started = 3;
  bool filters = false;
  bool keeps = false;
  bool waits = false;
};

// Everything that a collector needs, over ten prompts.
class Bench {
 public:
  explicit Bench(const Setting& setting)
      : environment(world.environment()),
        engine(world.decoder(), {.max_running = 6,
                                 .cache_tokens = 6 * 416,
                                 .page_tokens = 16,
                                 .max_sequence_tokens = 400}),
        tools(setting.tool_seed),
        prompts(ten_prompts()),
        source(10, {rl::RowOrder::kShuffled, 42, 4}),
        worker(engine, *environment, &tools, worker_options(setting)),
        desk(reward, *environment, {.reward_key = "score"}),
        collector(prompts, source, worker, desk, collector_options(setting)) {}

  Collection collect() {
    observe::ProgressOptions silent;
    silent.seconds = [] { return 0.0; };
    silent.print = [](const std::string&) {};
    observe::Progress progress("test", 12, "trajectories", silent);
    return collector.collect(progress);
  }

  test::ScriptedWorld world;
  std::unique_ptr<Environment> environment;
  rollout::Engine engine;
  test::LateTools tools;
  PromptSet prompts;
  rl::PromptSource source;
  RolloutWorker worker;
  BoxReward reward;
  RewardDesk desk;
  GroupCollector collector;

 private:
  static PromptSet ten_prompts() {
    PromptSet out;
    out.file = "ten.jsonl";
    for (int64_t i = 0; i < 10; ++i) {
      rl::Prompt prompt;
      prompt.content = "p";
      prompt.label = "5";
      out.prompts.push_back(prompt);
      out.tokens.push_back({2, 40 + i});
    }
    return out;
  }
  WorkerOptions worker_options(const Setting& setting) const {
    WorkerOptions options;
    options.sampling.seed = 7;
    options.stop_ids = {world.stop_id()};
    options.waits_for_tools = setting.waits;
    return options;
  }
  static CollectorOptions collector_options(const Setting& setting) {
    CollectorOptions options;
    options.num_groups = setting.groups;
    options.num_started = setting.started;
    options.samples_per_group = 4;
    if (setting.filters) options.filter = rl::DynamicFilter::kNonzeroStd;
    options.reward_key = "score";
    options.keeps_unfinished = setting.keeps;
    return options;
  }
};

std::string text_of(const Collection& collection) {
  std::string out;
  for (const CollectedGroup& group : collection.groups) {
    out += cat("group ", group.group.id, " prompt ", group.group.prompt, "\n");
    for (const rl::Trajectory& each : group.group.members) {
      out += cat(each.sample_id, " ", dump_json(each.reward), " ", each.response_text(), "\n");
    }
  }
  for (const auto& [reason, count] : collection.dropped) out += cat(reason, " ", count, "\n");
  return out;
}

TEST(GroupCollector, OverSamplingWithAFilterDoesNotDependOnWhoIsFaster) {
  Setting setting;
  setting.started = 5;
  setting.filters = true;
  Bench first(setting);
  setting.tool_seed = 9;
  Bench second(setting);
  Dim dropped = 0;
  for (int rollout = 0; rollout < 4; ++rollout) {
    const Collection a = first.collect();
    const Collection b = second.collect();
    ASSERT_EQ(a.groups.size(), 3U);
    EXPECT_EQ(text_of(a), text_of(b)) << "rollout " << rollout;
    EXPECT_EQ(dump_json(first.source.save()), dump_json(second.source.save()));
    for (const auto& [reason, count] : a.dropped) dropped += count;
    for (const CollectedGroup& group : a.groups) {
      std::vector<double> rewards;
      for (const rl::Trajectory& each : group.group.members) {
        rewards.push_back(rl::reward_value(each.reward, "score"));
      }
      EXPECT_NE(*std::min_element(rewards.begin(), rewards.end()),
                *std::max_element(rewards.begin(), rewards.end()));
    }
  }
  EXPECT_GT(dropped, 0);
}

TEST(GroupCollector, PromptsThatWereStartedInVainAreAskedAgain) {
  Setting setting;
  setting.started = 5;
  Bench bench(setting);
  const Collection first = bench.collect();
  EXPECT_EQ(first.groups[0].group.id, 0);
  EXPECT_EQ(first.groups[2].group.id, 2);
  EXPECT_EQ(first.num_unfinished_groups, 2);
  EXPECT_EQ(bench.source.returned().size(), 2U);
  const Collection second = bench.collect();
  EXPECT_EQ(second.groups[0].group.id, 3);
  EXPECT_EQ(second.groups[1].group.id, 4);
}

TEST(GroupCollector, PartialRolloutsGoOnAndSurviveACheckpoint) {
  Setting setting;
  setting.started = 6;
  setting.keeps = true;
  setting.waits = true;
  Bench whole(setting);
  const Collection first = whole.collect();
  EXPECT_EQ(first.num_unfinished_groups, 3);
  EXPECT_TRUE(whole.source.returned().empty());

  setting.tool_seed = 5;
  Bench resumed(setting);
  resumed.source.restore(parse_json(dump_json(whole.source.save()), "source"));
  resumed.collector.restore(parse_json(dump_json(whole.collector.save()), "pending"), "pending");
  EXPECT_EQ(dump_json(resumed.collector.save()).size() > 100, true);
  whole.engine.set_weight_version(1);
  resumed.engine.set_weight_version(1);
  for (int rollout = 0; rollout < 3; ++rollout) {
    const Collection a = whole.collect();
    EXPECT_EQ(text_of(a), text_of(resumed.collect())) << "rollout " << rollout;
    if (rollout > 0) continue;
    EXPECT_EQ(a.groups[0].group.id, 3);
    const std::vector<rl::Sample> all = make_samples(a, {"score", std::nullopt});
    const std::vector<rl::Sample> fresh = make_samples(a, {"score", 1});
    int64_t masked = 0;
    for (size_t i = 0; i < all.size(); ++i) {
      for (size_t t = 0; t < all[i].loss_mask.size(); ++t) {
        masked += all[i].loss_mask[t] - fresh[i].loss_mask[t];
      }
    }
    EXPECT_GT(masked, 0) << "some tokens are of the older weights";
  }
}

TEST(GroupCollector, AnAnswerWithoutARewardIsCountedAndNotTrainedOn) {
  Bench bench({});
  bench.reward.fails = 5;
  const Collection collection = bench.collect();
  const rl::Trajectory& failed = collection.groups[1].group.members[1];
  EXPECT_EQ(failed.status, rl::Status::kFailed);
  EXPECT_EQ(failed.error, "the server is gone");
  const std::vector<rl::Sample> samples = make_samples(collection, {"score", std::nullopt});
  ASSERT_EQ(samples.size(), 12U);
  for (size_t i = 0; i < samples.size(); ++i) {
    int64_t trained = 0;
    for (const int64_t mask : samples[i].loss_mask) trained += mask;
    EXPECT_EQ(trained == 0, i == 5) << i;
    EXPECT_EQ(samples[i].group_id, static_cast<Dim>(i / 4));
  }
  const rl::NamedValues figures = rollout_figures(
      collection,
      {.reward_key = "score", .samples_per_group = 4, .has_pass_rates = true, .has_turns = true});
  std::map<std::string, double> by_name(figures.begin(), figures.end());
  EXPECT_EQ(by_name.at("rollout/error_cat/reward"), 1.0);
  EXPECT_GT(by_name.at("tool/calls"), 0.0);
  EXPECT_GE(by_name.at("multi_turn/num_turns/mean"), 1.0);
  EXPECT_GE(by_name.at("passrate/pass@4"), by_name.at("passrate/pass@1"));
}

}  // namespace
}  // namespace lapidary::loop
