// What has happened to a trajectory so far: enough to bring a new episode to the same state, so
// that an unfinished answer can wait for a later rollout or lie in a checkpoint.
//
// Worked example. The model called a tool, read "5" and had written two tokens when it was stopped:
//   TrajectoryScript{.events = {model turn {40, 41, 1}, tool outputs {"5"}},
//                    .unfinished = {.tokens = {60, 61}, .log_probs = {..}}}
#pragma once

#include <variant>
#include <vector>

#include "base/json.h"
#include "loop/tool_runner.h"
#include "rl/env/episode.h"

namespace lapidary::loop {

struct TrajectoryScript {
  using Event = std::variant<rl::GeneratedTurn, std::vector<ToolOutput>>;
  std::vector<Event> events;     // as the episode was told, in order
  rl::GeneratedTurn unfinished;  // tokens of a model turn that was cut off

  bool is_empty() const { return events.empty() && unfinished.tokens.empty(); }
};

// -> the step that the episode asks for after all events. The episode must be new.
rl::Step replay(const TrajectoryScript& script, rl::Episode& episode);

std::vector<std::string> output_texts(const std::vector<ToolOutput>& outputs);

// All values come back bit for bit. from_json throws Error{kCorrupt, kInvalidArgument}.
Json to_json(const TrajectoryScript& script);
TrajectoryScript script_from_json(const Json& value, const std::string& what);

}  // namespace lapidary::loop
