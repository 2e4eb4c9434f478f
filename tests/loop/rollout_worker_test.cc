#include "loop/rollout_worker.h"

#include <gtest/gtest.h>

#include "loop/scripted_world.h"

namespace lapidary::loop {
namespace {

rollout::EngineOptions engine_options() {
  rollout::EngineOptions options;
  options.max_running = 6;  // fewer than trajectories: they take turns
  options.cache_tokens = 6 * 416;
  options.page_tokens = 16;
  options.max_sequence_tokens = 400;
  return options;
}

WorkerOptions worker_options(const test::ScriptedWorld& world) {
  WorkerOptions options;
  options.sampling.seed = 7;
  options.stop_ids = {world.stop_id()};
  return options;
}

GroupTask task(Dim group, Dim count) {
  GroupTask out{group, {2, 40, 41, 42 + group}, {}, nullptr};
  for (Dim i = 0; i < count; ++i) out.members.push_back({group * count + i, {}});
  return out;
}

std::string text_of(const EndedTrajectory& ended) {
  return std::to_string(ended.trajectory.sample_id) + " " +
         std::string(rl::to_string(ended.trajectory.status)) + " " +
         ended.trajectory.response_text();
}

std::map<Dim, std::string> run_all(uint64_t tool_seed, bool waits = false) {
  test::ScriptedWorld world;
  const auto environment = world.environment();
  rollout::Engine engine(world.decoder(), engine_options());
  test::LateTools tools(tool_seed);
  WorkerOptions options = worker_options(world);
  options.waits_for_tools = waits;
  RolloutWorker worker(engine, *environment, &tools, options);
  for (Dim group = 0; group < 5; ++group) worker.start(task(group, 4));
  std::map<Dim, std::string> out;
  while (!worker.is_idle()) {
    for (EndedTrajectory& each : worker.step()) {
      out[each.trajectory.sample_id] = text_of(each);
    }
  }
  engine.check_integrity();
  EXPECT_TRUE(engine.is_idle());
  return out;
}

TEST(RolloutWorker, TrajectoriesDoNotDependOnWhenToolsAnswer) {
  const std::map<Dim, std::string> first = run_all(1);
  ASSERT_EQ(first.size(), 20U);
  EXPECT_EQ(first, run_all(2));
  EXPECT_EQ(first, run_all(3, true));
}

TEST(RolloutWorker, ToolOutputsAreMaskedAndStandBehindTheCall) {
  test::ScriptedWorld world;
  world.follow("<turn|>", {test::kCallOne});
  const auto environment = world.environment();
  rollout::Engine engine(world.decoder(), engine_options());
  test::LateTools tools(1);
  RolloutWorker worker(engine, *environment, &tools, worker_options(world));
  GroupTask group{0, {2, world.stop_id()}, {{0, {}}}, nullptr};
  worker.start(group);
  std::vector<EndedTrajectory> ended;
  while (!worker.is_idle()) {
    for (EndedTrajectory& each : worker.step()) ended.push_back(std::move(each));
  }
  ASSERT_EQ(ended.size(), 1U);
  const rl::Trajectory& trajectory = ended[0].trajectory;
  ASSERT_GE(trajectory.turns.size(), 3U);
  EXPECT_EQ(trajectory.turns[0].text, std::string(test::kCallOne) + "<turn|>");
  EXPECT_EQ(trajectory.turns[1].author, rl::Author::kEnvironment);
  EXPECT_EQ(trajectory.turns[1].text, "\n\n<interpreter>\nout 1\n</interpreter>\n\n");
  EXPECT_GT(trajectory.tool_seconds, 0.0);
  EXPECT_EQ(trajectory.loss_mask()[0], 1);
  EXPECT_EQ(trajectory.loss_mask()[2], 0);
}

// Stopped at every possible step and continued: the same trajectories.
TEST(RolloutWorker, AnAbortedTrajectoryGoesOnToTheSameEnd) {
  const std::map<Dim, std::string> whole = run_all(1);
  for (const int stop_after : {1, 2, 3, 5, 8, 13}) {
    test::ScriptedWorld world;
    const auto environment = world.environment();
    rollout::Engine engine(world.decoder(), engine_options());
    test::LateTools tools(4);
    RolloutWorker worker(engine, *environment, &tools, worker_options(world));
    for (Dim group = 0; group < 5; ++group) worker.start(task(group, 4));
    std::map<Dim, std::string> out;
    for (int i = 0; i < stop_after; ++i) {
      for (EndedTrajectory& each : worker.step()) out[each.trajectory.sample_id] = text_of(each);
    }
    const std::vector<UnfinishedTrajectory> unfinished = worker.abort();
    engine.check_integrity();
    EXPECT_EQ(unfinished.size() + out.size(), 20U);
    EXPECT_TRUE(worker.is_idle());
    EXPECT_EQ(engine.cache().num_free_slots(), engine.cache().options().num_slots);
    for (const UnfinishedTrajectory& each : unfinished) {
      GroupTask again = task(each.group_id, 4);
      const Json kept = parse_json(dump_json(to_json(each.script)), "script");
      again.members = {{each.sample_id, script_from_json(kept, "script")}};
      worker.start(again);
    }
    while (!worker.is_idle()) {
      for (EndedTrajectory& each : worker.step()) out[each.trajectory.sample_id] = text_of(each);
    }
    EXPECT_EQ(out, whole) << "stopped after step " << stop_after;
  }
}

TEST(RolloutWorker, AStopTextEndsATurn) {
  test::ScriptedWorld world;
  world.follow("<turn|>", {test::kHum});
  world.follow(test::kHum, {test::kHum});
  const auto environment = world.environment(EnvironmentKind::kSingleTurn);
  rollout::Engine engine(world.decoder(), engine_options());
  WorkerOptions options = worker_options(world);
  options.stops = {"humhumhum"};
  RolloutWorker worker(engine, *environment, nullptr, options);
  worker.start({0, {2, world.stop_id()}, {{0, {}}}, nullptr});
  std::vector<EndedTrajectory> ended;
  while (!worker.is_idle()) {
    for (EndedTrajectory& each : worker.step()) ended.push_back(std::move(each));
  }
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].trajectory.response_length(), 3);
  EXPECT_EQ(ended[0].trajectory.status, rl::Status::kCompleted);
}

}  // namespace
}  // namespace lapidary::loop
