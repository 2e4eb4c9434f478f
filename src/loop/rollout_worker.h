// Trajectories through the engine: requests go out, turns come back to their episodes, tool calls
// run in the background while the engine goes on with others.
//
//   worker.start(group);
//   while (!worker.is_idle()) {
//     for (EndedTrajectory& each : worker.step()) keep(std::move(each));
//   }
//
// What a trajectory holds depends on the weights, its prompt, its sample id and what its tools
// answer; not on who else is under way, nor on when tools answer. Used by one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loop/environment.h"
#include "loop/mailbox.h"
#include "loop/trajectory_script.h"
#include "rollout/engine.h"

namespace lapidary::loop {

struct WorkerOptions {
  // Of every request; the stream of a trajectory is its sample id.
  rollout::SamplingOptions sampling;
  std::vector<int64_t> stop_ids;
  std::vector<std::string> stops;  // texts that end a turn
  // The engine waits for tools: where a trajectory stands at any step is then the same each time.
  bool waits_for_tools = false;
};

struct MemberTask {
  Dim sample_id = 0;
  TrajectoryScript script;  // of one that goes on; empty for a new one
};

struct GroupTask {
  Dim group_id = 0;
  std::vector<int64_t> prompt_tokens;
  std::vector<MemberTask> members;     // new ones share the prompt's prefill
  const rl::Prompt* prompt = nullptr;  // for a custom environment; outlives start()
};

struct EndedTrajectory {
  rl::Trajectory trajectory;
  TrajectoryScript script;
};

struct UnfinishedTrajectory {
  Dim group_id = 0;
  Dim sample_id = 0;
  TrajectoryScript script;
};

class RolloutWorker {
 public:
  // All outlive the object. `tools` may be nullptr for an environment without any.
  RolloutWorker(rollout::Engine& engine, const Environment& environment, ToolRunner* tools,
                WorkerOptions options);
  ~RolloutWorker();  // aborts
  RolloutWorker(const RolloutWorker&) = delete;
  RolloutWorker& operator=(const RolloutWorker&) = delete;

  void start(const GroupTask& group);

  // Tool outputs that have come, then one step of the engine; waits a moment when only tools are
  // under way. -> what has ended, in the order of sample ids.
  std::vector<EndedTrajectory> step();
  bool is_idle() const { return active_.empty() && ended_.empty(); }

  // Ends everything now. -> what there was, in the order of sample ids.
  std::vector<UnfinishedTrajectory> abort();

  // "trajectory 17, turn 3, 812 tokens, in a tool for 4 s": the one that began first.
  std::string slowest() const;
  Dim num_generated_tokens() const { return num_generated_tokens_; }

 private:
  struct Active;
  struct StopWatch;
  struct ToolMail {
    Dim sample_id = 0;
    int64_t attempt = 0;  // of an aborted one: nobody waits for it
    size_t call = 0;
    ToolOutput output;
  };

  void proceed(Active& active, const rl::Step& step);
  void request(Active& active, Dim max_new_tokens);
  void submit(Active& active, Dim max_new_tokens);
  void submit_together(const std::vector<Active*>& members, Dim max_new_tokens);
  rollout::Request new_request(std::vector<int64_t> prompt_ids, Dim max_new_tokens) const;
  void watch(Active& active, rollout::RequestId id);
  void look(StopWatch& watch, int64_t token) const;
  void call_tools(Active& active, const std::vector<rl::ToolCall>& calls);
  void take_tool_mail();
  void step_engine();
  void take(const rollout::TokenEvent& event);
  void take(rollout::Answer answer);
  void finish(Active& active);

  rollout::Engine& engine_;
  const Environment& environment_;
  ToolRunner* tools_;
  WorkerOptions options_;
  std::map<Dim, std::unique_ptr<Active>> active_;   // by sample id
  std::map<rollout::RequestId, Active*> requests_;  // those the engine works on
  std::shared_ptr<Mailbox<ToolMail>> mail_;
  int64_t attempts_ = 0;
  size_t num_calls_ = 0;  // tool calls under way
  std::vector<EndedTrajectory> ended_;
  Dim num_generated_tokens_ = 0;
};

}  // namespace lapidary::loop
