#include "sandbox/code_interpreter.h"

#include <cstring>
#include <future>
#include <memory>

#include "base/text.h"
#include "sandbox/slime_ban_list.h"

namespace lapidary::sandbox {
namespace {

// 21 lines: line numbers in error texts are part of what a model sees.
constexpr const char* kBeforeCode = R"(import sys
import traceback
import resource
from io import StringIO

# Both streams are kept in memory while the code runs
# and printed together when it has ended.

old_stdout = sys.stdout
old_stderr = sys.stderr

stdout_capture = StringIO()
stderr_capture = StringIO()

sys.stdout = stdout_capture
sys.stderr = stderr_capture



try:
    # The code
)";

constexpr const char* kAfterCode = R"(

    stdout_output = stdout_capture.getvalue()
    stderr_output = stderr_capture.getvalue()
    sys.stdout = old_stdout
    sys.stderr = old_stderr
    result = ""
    if stdout_output:
        result += "Output:\n" + stdout_output
    if stderr_output:
        result += "\nErrors:\n" + stderr_output
    print(result)
except Exception as error:
    sys.stdout = old_stdout
    sys.stderr = old_stderr
    print("Error: " + str(error) + "\nTraceback:\n" + traceback.format_exc())
)";

std::string stripped(const std::string& text) {
  constexpr const char* kSpaces = " \t\n\r\v\f\x1c\x1d\x1e\x1f";
  const size_t start = text.find_first_not_of(kSpaces);
  if (start == std::string::npos) return "";
  return text.substr(start, text.find_last_not_of(kSpaces) + 1 - start);
}

// 120000 -> "120", 1500 -> "1.5"
std::string seconds_text(int64_t milliseconds) {
  return cat(static_cast<double>(milliseconds) / 1000);
}

std::string timeout_text(const SandboxLimits& limits) {
  return cat("Error: Code execution timed out after ", seconds_text(limits.wall_ms), " seconds");
}

// What the program itself could not say.
std::string end_text(const ToolResult& result, const SandboxLimits& limits) {
  switch (result.status) {
    case ToolStatus::kOk:
      return "";
    case ToolStatus::kError:  // an exit status without a word
      return result.standard_error.empty()
                 ? cat("Error: Process exited with code ", result.exit_code)
                 : "";
    case ToolStatus::kTimeout:
      return timeout_text(limits);
    case ToolStatus::kMemory:
      return cat("Error: more than ", bytes_text(static_cast<double>(limits.memory_bytes)),
                 " of memory");
    case ToolStatus::kProcesses:
      return cat("Error: more than ", limits.processes, " processes");
    case ToolStatus::kFiles:
      return cat("Error: more than ", limits.scratch_files, " files");
    case ToolStatus::kFlood:
      return cat("Error: more than ", bytes_text(static_cast<double>(limits.flood_bytes)),
                 " of output");
    case ToolStatus::kKilled:
      return cat("Error: ended by signal ", result.signal, " (", strsignal(result.signal), ")");
    case ToolStatus::kRefused:
    case ToolStatus::kCancelled:
    case ToolStatus::kUnavailable:
      return cat("Error: the code was not run (", to_string(result.status), ")");
  }
  return "";
}

ToolAnswer refused(const std::string& message) {
  ToolAnswer answer;
  answer.text = "Error: " + message;
  answer.result.status = ToolStatus::kRefused;
  answer.result.standard_error = message;
  return answer;
}

}  // namespace

std::string slime_program(const std::string& code) {
  std::string out = kBeforeCode;
  out += "    ";
  for (const char character : code) {
    out += character;
    if (character == '\n') out += "    ";
  }
  return out + kAfterCode;
}

std::string plain_observation(const ToolResult& result, const SandboxLimits& limits) {
  std::string out;
  if (!result.standard_output.empty()) out += "Output:\n" + result.standard_output;
  if (!result.standard_error.empty()) out += "\nErrors:\n" + result.standard_error;
  const std::string end = end_text(result, limits);
  if (!end.empty()) out += "\n" + end;
  return stripped(out);
}

std::string slime_observation(const ToolResult& result, const SandboxLimits& limits) {
  if (result.status == ToolStatus::kOk) return stripped(result.standard_output);
  if (result.status == ToolStatus::kTimeout) return timeout_text(limits);
  const int code = result.signal != 0 ? -result.signal : result.exit_code;
  if (code != 0) return cat("Error: Process exited with code ", code, "\n", result.standard_error);
  return end_text(result, limits);
}

void CodeInterpreter::submit(const std::string& code, std::function<void(ToolAnswer)> done) {
  const bool is_slime = wording_ == ToolWording::kSlime;
  if (is_slime) {
    if (const auto message = slime_refusal(code)) return done(refused(*message));
  }
  const auto describe = is_slime ? slime_observation : plain_observation;
  const SandboxLimits& limits = sandbox_.limits();
  sandbox_.submit(is_slime ? slime_program(code) : code,
                  [describe, &limits, done = std::move(done)](ToolResult result) {
                    std::string text = describe(result, limits);
                    done({std::move(text), std::move(result)});
                  });
}

ToolAnswer CodeInterpreter::run(const std::string& code) {
  auto promise = std::make_shared<std::promise<ToolAnswer>>();
  std::future<ToolAnswer> future = promise->get_future();
  submit(code, [promise](ToolAnswer answer) { promise->set_value(std::move(answer)); });
  return future.get();
}

}  // namespace lapidary::sandbox
