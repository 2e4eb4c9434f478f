// The outcome of one call, as a value: a hostile or broken program is an expected thing and never
// an exception.
//
// Example: print(1/0) gives {kError, exit_code 1, standard_output "", standard_error "Traceback
// (most recent call last):\n  File \"code.py\", line 1, ... ZeroDivisionError: division by
// zero\n"}.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lapidary::sandbox {

enum class ToolStatus {
  kOk,           // exit status 0
  kError,        // an exception, a syntax error, another exit status
  kTimeout,      // wall or processor time was used up
  kMemory,       // MemoryError, or the processes together held too much
  kProcesses,    // too many processes (counted from outside; most hit the kernel's limit first)
  kFiles,        // too many files in the scratch folder
  kFlood,        // more output than flood_bytes
  kKilled,       // ended by a signal (`signal` names it), or its interpreter was lost
  kRefused,      // not run: too long, or on the list of a tool that looks at the text first
  kCancelled,    // not finished when the sandbox was closed
  kUnavailable,  // no interpreter could be started; `standard_error` says why
};

// "ok", "error", "timeout", ...
std::string_view to_string(ToolStatus status);

struct ToolResult {
  ToolStatus status = ToolStatus::kUnavailable;
  // Valid UTF-8 (U+FFFD for what was not); at most output_bytes and a mark that says what is
  // missing: the end of stdout, or the beginning of stderr (an exception's text comes last).
  std::string standard_output;
  std::string standard_error;
  bool is_output_truncated = false;
  int exit_code = 0;  // where the program ended by itself
  int signal = 0;     // where a signal ended it
  double wall_ms = 0;
  double cpu_ms = 0;       // of the program and the children it waited for
  double queued_ms = 0;    // before the program was handed over
  int64_t peak_bytes = 0;  // resident, of the program alone
};

}  // namespace lapidary::sandbox
