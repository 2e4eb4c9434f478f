// Tool calls in the background: a call goes out, its text comes back on a thread of others.
#pragma once

#include <functional>
#include <string>

#include "rl/env/episode.h"
#include "sandbox/code_interpreter.h"

namespace lapidary::loop {

struct ToolOutput {
  std::string text;      // what the model gets to read
  std::string status;    // "ok", "error", "timeout", ..: sandbox/tool_result.h; "unknown" tool
  double seconds = 0.0;  // from the call to the output
};

class ToolRunner {
 public:
  // Called once for each call, on any thread, perhaps at once on the caller's.
  using Done = std::function<void(ToolOutput)>;
  virtual ~ToolRunner() = default;
  virtual void submit(const rl::ToolCall& call, Done done) = 0;
};

// code_interpreter in a sandbox, and no other tool.
class InterpreterTool final : public ToolRunner {
 public:
  // `sandbox` outlives this object and every call.
  InterpreterTool(sandbox::Sandbox& sandbox, sandbox::ToolWording wording)
      : interpreter_(sandbox, wording) {}
  void submit(const rl::ToolCall& call, Done done) override;

 private:
  sandbox::CodeInterpreter interpreter_;
};

}  // namespace lapidary::loop
