#include "loop/python_tools.h"

#include "base/check.h"
#include "base/text.h"
#include "rl/env/custom_episode.h"

namespace lapidary::loop {
namespace {

using sandbox::WorkerResult;
using sandbox::WorkerStatus;

constexpr double kMillisecondsPerSecond = 1000.0;

ToolOutput tool_output(const WorkerResult& result) {
  std::string text;
  if (result.status != WorkerStatus::kOk) {
    text = cat("Error: ", result.error);
  } else {
    text = result.value.is_string() ? result.value.get<std::string>() : dump_json(result.value);
  }
  return {text, std::string(to_string(result.status)), result.wall_ms / kMillisecondsPerSecond};
}

ToolOutput step_output(const WorkerResult& result) {
  const Json outcome = result.status == WorkerStatus::kOk
                           ? Json{{"value", result.value}}
                           : Json{{"error", cat(to_string(result.status), ": ", result.error)}};
  return {dump_json(outcome), std::string(to_string(result.status)),
          result.wall_ms / kMillisecondsPerSecond};
}

}  // namespace

PythonTools::PythonTools(sandbox::PythonWorkers& workers,
                         std::map<std::string, std::string> functions, ToolRunner* behind,
                         const std::string& flag)
    : workers_(workers), functions_(std::move(functions)), behind_(behind) {
  for (const auto& [name, function] : functions_) workers_.require(function, flag);
}

void PythonTools::submit(const rl::ToolCall& call, Done done) {
  const auto found = functions_.find(call.name);
  if (found == functions_.end()) {
    if (behind_ != nullptr) {
      behind_->submit(call, std::move(done));
    } else {
      done({cat("Error: there is no tool ", quoted(call.name)), "unknown", 0.0});
    }
    return;
  }
  const bool is_step = call.name == rl::kCustomStep;
  workers_.submit(found->second,
                  Json::array({is_step ? call.arguments.at("state") : call.arguments}),
                  [is_step, done = std::move(done)](const WorkerResult& result) {
                    done(is_step ? step_output(result) : tool_output(result));
                  });
}

}  // namespace lapidary::loop
