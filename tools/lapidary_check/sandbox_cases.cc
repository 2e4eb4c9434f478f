#include <memory>

#include "base/check.h"
#include "base/log.h"
#include "lapidary_check/checks.h"
#include "sandbox/code_interpreter.h"
#include "sandbox/slime_ban_list.h"

namespace lapidary::check {
namespace {

using sandbox::PythonSandbox;

// The limits of slime's example. The programs of a case file are known: where this machine has no
// namespaces they run without.
std::unique_ptr<PythonSandbox> create_sandbox() {
  sandbox::SandboxOptions options;
  options.concurrency = 1;
  options.preload.clear();
  options.limits.wall_ms = 120'000;
  options.limits.cpu_ms = 120'000;
  options.limits.memory_bytes = int64_t{4} << 30;
  try {
    return PythonSandbox::create(options);
  } catch (const Error& error) {
    log_warning(cat(error.what(), "; the cases run as unsafe-subprocess"));
  }
  options.kind = sandbox::SandboxKind::kUnsafeSubprocess;
  return PythonSandbox::create(options);
}

}  // namespace

Json evaluate_retool_sandbox(const JsonObject& test_case) {
  const std::string kind = test_case.get_string("kind");
  const std::string code = test_case.get_object("input").get_string("code");
  if (kind == "sandbox_check") {
    const auto refusal = sandbox::slime_refusal(code);
    return Json{{"allowed", !refusal}, {"message", refusal ? Json(*refusal) : Json()}};
  }
  if (kind != "sandbox_run") {
    fail(ErrorKind::kInvalidArgument, "retool-sandbox: found kind ", quoted(kind),
         "; allowed are sandbox_check and sandbox_run");
  }
  static const std::unique_ptr<PythonSandbox> python = create_sandbox();
  sandbox::CodeInterpreter interpreter(*python, sandbox::ToolWording::kSlime);
  return Json{{"result", interpreter.run(code).text}};
}

}  // namespace lapidary::check
