// Collects the groups of one rollout: starts prompts, scores their answers, filters groups, and
// stops when there are enough.
//
// Worked example. Two groups are wanted, three are started at a time (over-sampling): 0, 1, 2.
// Group 2 is complete first and waits. Group 0 has equal rewards and is dropped, group 1 is kept,
// then group 2: the rollout is {1, 2}. Verdicts fall in the order in which groups were started, so
// that the outcome does not depend on which group was faster.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loop/prompt_set.h"
#include "loop/reward_desk.h"
#include "loop/rollout_worker.h"
#include "observe/progress.h"
#include "rl/advantage/dynamic_filter.h"
#include "rl/data/prompt_source.h"
#include "rl/record/group.h"

namespace lapidary::loop {

struct CollectorOptions {
  Dim num_groups = 0;         // --rollout-batch-size
  Dim num_started = 0;        // --over-sampling-batch-size: prompts started at a time
  Dim samples_per_group = 1;  // --n-samples-per-prompt
  std::optional<rl::DynamicFilter> filter;
  std::string reward_key;
  bool keeps_unfinished = false;  // --partial-rollout; else their prompts are asked again
};

struct CollectedGroup {
  rl::Group group;
  std::vector<TrajectoryScript> scripts;  // [members]: what the tools said
};

struct Collection {
  std::vector<CollectedGroup> groups;  // in the order of their ids
  std::map<std::string, Dim> dropped;  // groups that the filter took away, by reason
  Dim num_unfinished_groups = 0;       // under way when there were enough
  Dim num_generated_tokens = 0;        // those of dropped and unfinished groups included
  double seconds = 0.0;
};

class GroupCollector {
 public:
  // All outlive the object.
  GroupCollector(const PromptSet& prompts, rl::PromptSource& source, RolloutWorker& worker,
                 RewardDesk& desk, CollectorOptions options);

  // Trajectories of a rollout.
  Dim num_wanted() const { return options_.num_groups * options_.samples_per_group; }
  // `progress` counts trajectories.
  Collection collect(observe::Progress& progress);

  // Groups that wait for the next rollout. restore throws Error{kCorrupt, kInvalidArgument}.
  Json save() const;
  void restore(const Json& state, const std::string& what);

 private:
  struct Flight {
    rl::PromptTicket ticket;
    std::map<Dim, EndedTrajectory> scored;  // by sample id
  };
  struct Pending {
    rl::PromptTicket ticket;
    std::map<Dim, TrajectoryScript> scripts;  // by sample id
  };

  void start(Dim count);
  void start(const Pending& pending);
  void advance(observe::Progress& progress);
  bool is_complete(Dim group_id) const;
  void judge_first(Collection& out);
  void put_away(Collection& out);
  CollectedGroup collected(Flight flight) const;

  const PromptSet& prompts_;
  rl::PromptSource& source_;
  RolloutWorker& worker_;
  RewardDesk& desk_;
  CollectorOptions options_;
  std::deque<Pending> pending_;
  std::deque<Dim> undecided_;      // group ids in the order of their start
  std::map<Dim, Flight> flights_;  // by group id
  Dim tokens_before_ = 0;          // generated before this rollout
};

}  // namespace lapidary::loop
