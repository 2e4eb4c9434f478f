// Tools that the user wrote in Python, and the step function of --custom-generate-function-path: in
// the user's own interpreter, trusted. Other tools go to the runner behind.
//
//   def lookup(arguments):           # the arguments of the model's call
//       return CAPITALS.get(arguments["country"], "unknown")
#pragma once

#include <map>
#include <string>

#include "loop/tool_runner.h"
#include "sandbox/python_workers.h"

namespace lapidary::loop {

class PythonTools final : public ToolRunner {
 public:
  // `functions`: the name of a tool to its MODULE.FUNCTION; rl::kCustomStep for the step function,
  // whose outcome is given as JSON ({"value"} or {"error"}). `behind` may be nullptr; it and
  // `workers` outlive this object and every call. Loads the functions: throws as
  // PythonWorkers::require does, `flag` naming where they came from.
  PythonTools(sandbox::PythonWorkers& workers, std::map<std::string, std::string> functions,
              ToolRunner* behind, const std::string& flag);

  // A text is handed on as it is, anything else as JSON; a failure as "Error: ..", which the model
  // can read.
  void submit(const rl::ToolCall& call, Done done) override;

 private:
  sandbox::PythonWorkers& workers_;
  std::map<std::string, std::string> functions_;
  ToolRunner* behind_;
};

}  // namespace lapidary::loop
