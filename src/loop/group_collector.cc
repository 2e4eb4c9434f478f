#include "loop/group_collector.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "base/log.h"

namespace lapidary::loop {
namespace {

constexpr double kRewardWaitSeconds = 0.05;

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

GroupCollector::GroupCollector(const PromptSet& prompts, rl::PromptSource& source,
                               RolloutWorker& worker, RewardDesk& desk, CollectorOptions options)
    : prompts_(prompts),
      source_(source),
      worker_(worker),
      desk_(desk),
      options_(std::move(options)) {}

void GroupCollector::start(const Pending& pending) {
  GroupTask task;
  task.group_id = pending.ticket.group_id;
  const auto row = static_cast<size_t>(pending.ticket.prompt);
  task.prompt_tokens = prompts_.tokens[row];
  task.prompt = &prompts_.prompts[row];
  for (Dim i = 0; i < options_.samples_per_group; ++i) {
    MemberTask member;
    member.sample_id = pending.ticket.first_sample_id + i;
    const auto script = pending.scripts.find(member.sample_id);
    if (script != pending.scripts.end()) member.script = script->second;
    task.members.push_back(std::move(member));
  }
  undecided_.push_back(task.group_id);
  flights_[task.group_id].ticket = pending.ticket;
  worker_.start(task);
}

// Groups that wait come first.
void GroupCollector::start(Dim count) {
  for (; count > 0 && !pending_.empty(); --count) {
    const Pending first = std::move(pending_.front());
    pending_.pop_front();
    start(first);
  }
  if (count == 0) return;
  for (const rl::PromptTicket& ticket : source_.take(count)) start(Pending{ticket, {}});
}

bool GroupCollector::is_complete(Dim group_id) const {
  const auto scored = static_cast<Dim>(flights_.at(group_id).scored.size());
  return scored == options_.samples_per_group;
}

void GroupCollector::advance(observe::Progress& progress) {
  for (EndedTrajectory& ended : worker_.step()) {
    LAPIDARY_CHECK(ended.trajectory.status != rl::Status::kAborted, "trajectory ",
                   ended.trajectory.sample_id, " was aborted by nobody");
    const Flight& flight = flights_.at(ended.trajectory.group_id);
    desk_.submit(std::move(ended), prompts_.prompts[static_cast<size_t>(flight.ticket.prompt)]);
  }
  std::vector<EndedTrajectory> scored = desk_.take();
  if (scored.empty() && worker_.is_idle()) {
    desk_.wait(kRewardWaitSeconds);
    scored = desk_.take();
  }
  for (EndedTrajectory& each : scored) {
    progress.add(1, cat(worker_.num_generated_tokens() - tokens_before_, " tokens"));
    const Dim sample_id = each.trajectory.sample_id;
    flights_.at(each.trajectory.group_id).scored.emplace(sample_id, std::move(each));
  }
  if (scored.empty()) {
    progress.idle([this] {
      return worker_.is_idle() ? cat(desk_.num_waiting(), " rewards") : worker_.slowest();
    });
  }
}

CollectedGroup GroupCollector::collected(Flight flight) const {
  CollectedGroup out;
  out.group.id = flight.ticket.group_id;
  out.group.prompt = flight.ticket.prompt;
  for (auto& [sample_id, member] : flight.scored) {
    out.group.members.push_back(std::move(member.trajectory));
    out.scripts.push_back(std::move(member.script));
  }
  return out;
}

void GroupCollector::judge_first(Collection& out) {
  const Dim group_id = undecided_.front();
  undecided_.pop_front();
  Flight flight = std::move(flights_.at(group_id));
  flights_.erase(group_id);
  if (options_.filter) {
    std::vector<Json> rewards;
    for (const auto& [sample_id, member] : flight.scored) {
      rewards.push_back(member.trajectory.reward);
    }
    const rl::FilterVerdict verdict =
        rl::filter_group(rewards, options_.reward_key, *options_.filter);
    // This one, those undecided and those kept.
    const auto remaining = static_cast<Dim>(1 + undecided_.size() + out.groups.size());
    if (rl::is_dropped(verdict, remaining, options_.num_groups)) {
      ++out.dropped[verdict.reason];
      return;
    }
  }
  out.groups.push_back(collected(std::move(flight)));
}

// What is under way when there are enough groups waits for the next rollout, or is asked again.
void GroupCollector::put_away(Collection& out) {
  out.num_unfinished_groups = static_cast<Dim>(undecided_.size());
  std::map<Dim, Pending> left;
  for (const Dim group_id : undecided_) left[group_id].ticket = flights_.at(group_id).ticket;
  for (UnfinishedTrajectory& each : worker_.abort()) {
    left.at(each.group_id).scripts.emplace(each.sample_id, std::move(each.script));
  }
  std::vector<EndedTrajectory> ended = desk_.drop();
  for (auto& [group_id, flight] : flights_) {
    for (auto& [sample_id, member] : flight.scored) ended.push_back(std::move(member));
  }
  for (EndedTrajectory& each : ended) {
    left.at(each.trajectory.group_id)
        .scripts.emplace(each.trajectory.sample_id, std::move(each.script));
  }
  for (const Dim group_id : undecided_) {
    Pending& pending = left.at(group_id);
    if (options_.keeps_unfinished) {
      pending_.push_back(std::move(pending));
    } else {
      source_.give_back(pending.ticket);
    }
  }
  undecided_.clear();
  flights_.clear();
}

Collection GroupCollector::collect(observe::Progress& progress) {
  Collection out;
  const double begin = now_seconds();
  tokens_before_ = worker_.num_generated_tokens();
  const auto num_kept = [&out] { return static_cast<Dim>(out.groups.size()); };
  Dim num_dropped = 0;
  while (num_kept() < options_.num_groups) {
    while (num_kept() + static_cast<Dim>(undecided_.size()) < options_.num_groups) {
      start(options_.num_started);
    }
    advance(progress);
    while (!undecided_.empty() && num_kept() < options_.num_groups &&
           is_complete(undecided_.front())) {
      const Dim before = num_kept();
      judge_first(out);
      num_dropped += num_kept() == before ? 1 : 0;
      if (num_kept() == before && num_dropped % (10 * options_.num_groups) == 0) {
        log_warning(cat("the dynamic filter has dropped ", num_dropped, " groups and kept ",
                        num_kept(), " of ", options_.num_groups,
                        ": their rewards do not differ; other problems may fit better"));
      }
    }
  }
  put_away(out);
  std::sort(out.groups.begin(), out.groups.end(),
            [](const auto& a, const auto& b) { return a.group.id < b.group.id; });
  out.num_generated_tokens = worker_.num_generated_tokens() - tokens_before_;
  out.seconds = now_seconds() - begin;
  return out;
}

Json GroupCollector::save() const {
  Json out = Json::array();
  for (const Pending& pending : pending_) {
    Json scripts = Json::array();
    for (const auto& [sample_id, script] : pending.scripts) {
      scripts.push_back({{"sample", sample_id}, {"script", to_json(script)}});
    }
    out.push_back({{"group", pending.ticket.group_id},
                   {"first_sample", pending.ticket.first_sample_id},
                   {"prompt", pending.ticket.prompt},
                   {"scripts", std::move(scripts)}});
  }
  return out;
}

void GroupCollector::restore(const Json& state, const std::string& what) {
  if (!state.is_array()) fail(ErrorKind::kCorrupt, what, ": must be a list of groups");
  pending_.clear();
  for (const Json& each : state) {
    const JsonObject object(each, what);
    Pending pending;
    pending.ticket = {object.get_int("group"), object.get_int("first_sample"),
                      object.get_int("prompt")};
    if (pending.ticket.prompt < 0 || pending.ticket.prompt >= prompts_.size()) {
      fail(ErrorKind::kCorrupt, what, ": prompt ", pending.ticket.prompt, " of ", prompts_.size());
    }
    for (const Json& entry : object.at("scripts")) {
      const JsonObject member(entry, what);
      pending.scripts.emplace(member.get_int("sample"),
                              script_from_json(member.at("script"), what));
    }
    pending_.push_back(std::move(pending));
  }
}

}  // namespace lapidary::loop
