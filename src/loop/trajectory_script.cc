#include "loop/trajectory_script.h"

#include "base/check.h"

namespace lapidary::loop {
namespace {

constexpr int kStopped = static_cast<int>(rl::TurnEnd::kStop);
constexpr int kAborted = static_cast<int>(rl::TurnEnd::kAbort);

Json turn_to_json(const rl::GeneratedTurn& turn) {
  return {{"tokens", turn.tokens},
          {"log_probs", turn.log_probs},
          {"weight_versions", turn.weight_versions},
          {"end", static_cast<int>(turn.end)}};
}

rl::GeneratedTurn turn_from_json(const Json& value, const std::string& what) {
  const JsonObject object(value, what);
  rl::GeneratedTurn turn;
  turn.tokens = object.get_ints("tokens");
  turn.weight_versions = object.get_ints("weight_versions");
  const Json& log_probs = object.at("log_probs");
  if (!log_probs.is_array() || log_probs.size() != turn.tokens.size()) {
    fail(ErrorKind::kCorrupt, what, ": log_probs must be a list of ", turn.tokens.size(),
         " numbers");
  }
  for (const Json& each : log_probs) turn.log_probs.push_back(each.get<float>());
  const int64_t end = object.get_int("end");
  if (end < kStopped || end > kAborted) fail(ErrorKind::kCorrupt, what, ": end is ", end);
  turn.end = static_cast<rl::TurnEnd>(end);
  return turn;
}

Json outputs_to_json(const std::vector<ToolOutput>& outputs) {
  Json out = Json::array();
  for (const ToolOutput& output : outputs) {
    out.push_back({{"text", output.text}, {"status", output.status}, {"seconds", output.seconds}});
  }
  return out;
}

std::vector<ToolOutput> outputs_from_json(const Json& value, const std::string& what) {
  if (!value.is_array()) fail(ErrorKind::kCorrupt, what, ": outputs must be a list");
  std::vector<ToolOutput> out;
  for (const Json& each : value) {
    const JsonObject object(each, what);
    out.push_back(
        {object.get_string("text"), object.get_string("status"), object.get_double("seconds")});
  }
  return out;
}

}  // namespace

std::vector<std::string> output_texts(const std::vector<ToolOutput>& outputs) {
  std::vector<std::string> out;
  for (const ToolOutput& output : outputs) out.push_back(output.text);
  return out;
}

rl::Step replay(const TrajectoryScript& script, rl::Episode& episode) {
  rl::Step step = episode.begin();
  for (const TrajectoryScript::Event& event : script.events) {
    if (const auto* turn = std::get_if<rl::GeneratedTurn>(&event)) {
      step = episode.model_turn(*turn);
    } else {
      step = episode.tool_results(output_texts(std::get<std::vector<ToolOutput>>(event)));
    }
  }
  return step;
}

Json to_json(const TrajectoryScript& script) {
  Json events = Json::array();
  for (const TrajectoryScript::Event& event : script.events) {
    if (const auto* turn = std::get_if<rl::GeneratedTurn>(&event)) {
      events.push_back({{"turn", turn_to_json(*turn)}});
    } else {
      events.push_back({{"outputs", outputs_to_json(std::get<std::vector<ToolOutput>>(event))}});
    }
  }
  return {{"events", std::move(events)}, {"unfinished", turn_to_json(script.unfinished)}};
}

TrajectoryScript script_from_json(const Json& value, const std::string& what) {
  const JsonObject object(value, what);
  TrajectoryScript script;
  const Json& events = object.at("events");
  if (!events.is_array()) fail(ErrorKind::kCorrupt, what, ": events must be a list");
  for (const Json& each : events) {
    const JsonObject event(each, what);
    if (event.has("turn")) {
      script.events.emplace_back(turn_from_json(event.at("turn"), what));
    } else {
      script.events.emplace_back(outputs_from_json(event.at("outputs"), what));
    }
  }
  script.unfinished = turn_from_json(object.at("unfinished"), what);
  return script;
}

}  // namespace lapidary::loop
