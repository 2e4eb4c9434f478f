#include "loop/tool_runner.h"

#include <chrono>

#include "base/check.h"
#include "rl/env/retool.h"

namespace lapidary::loop {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

void InterpreterTool::submit(const rl::ToolCall& call, Done done) {
  if (call.name != rl::kCodeInterpreter) {
    done({cat("Error: Tool '", call.name, "' not found"), "unknown", 0.0});
    return;
  }
  const auto code = call.arguments.find("code");
  if (code == call.arguments.end() || !code->is_string()) {
    done({"Error: code_interpreter takes {\"code\": \"..\"}", "unknown", 0.0});
    return;
  }
  const Clock::time_point begin = Clock::now();
  interpreter_.submit(
      code->get<std::string>(), [begin, done = std::move(done)](sandbox::ToolAnswer answer) {
        done({std::move(answer.text), std::string(sandbox::to_string(answer.result.status)),
              seconds_since(begin)});
      });
}

}  // namespace lapidary::loop
