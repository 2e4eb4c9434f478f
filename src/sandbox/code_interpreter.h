// The tool `code_interpreter` of the retool recipe: the code of a call in, the text of the
// observation out.
//
// Example (kPlain): "print(1)\n1/0" gives
//   Output:
//   1
//
//   Errors:
//   Traceback (most recent call last): ... ZeroDivisionError: division by zero
#pragma once

#include <functional>
#include <string>

#include "sandbox/sandbox.h"

namespace lapidary::sandbox {

enum class ToolWording {
  kPlain,  // the code as it is; what was printed before an exception is kept
  kSlime,  // slime's example to the letter: ban list, code indented into a try block, its texts
};

struct ToolAnswer {
  std::string text;  // without whitespace at its ends; empty where nothing was printed
  ToolResult result;
};

class CodeInterpreter {
 public:
  // `sandbox` outlives this object and every call.
  CodeInterpreter(Sandbox& sandbox, ToolWording wording) : sandbox_(sandbox), wording_(wording) {}

  // `done` as Sandbox::Callback; called at once, on this thread, for code that is refused.
  void submit(const std::string& code, std::function<void(ToolAnswer)> done);
  ToolAnswer run(const std::string& code);  // blocks

 private:
  Sandbox& sandbox_;
  ToolWording wording_;
};

// The program that slime's example writes around `code`: four spaces before every line (also inside
// string literals), the first one on line 22, output captured and printed at the end, exceptions
// printed as "Error: ...". The names sys, traceback, StringIO and resource are there, as in it.
std::string slime_program(const std::string& code);

// The observation of a program that has run, each wording from the same result.
std::string plain_observation(const ToolResult& result, const SandboxLimits& limits);
std::string slime_observation(const ToolResult& result, const SandboxLimits& limits);

}  // namespace lapidary::sandbox
