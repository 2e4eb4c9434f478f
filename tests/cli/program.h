// Runs the built program as a user does.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/json.h"

namespace lapidary::test {

struct ProgramResult {
  int status = -1;  // exit status, or 128 + signal
  std::string out;
  std::string err;
};

// lapidary ARGUMENTS, with `input` on standard input.
ProgramResult run_program(const std::vector<std::string>& arguments, const std::string& input = "");

// The same on a terminal of its own; `out` is all that it showed. As soon as it has shown
// `interrupt_at`, Ctrl-C is typed once ("": never).
ProgramResult run_on_terminal(const std::vector<std::string>& arguments,
                              const std::string& interrupt_at = "");

// Sends SIGINT as soon as `output_file` holds a line.
ProgramResult run_and_interrupt(const std::vector<std::string>& arguments,
                                const std::string& output_file);

// Killed (SIGKILL) after that many seconds, unless it has ended before.
ProgramResult run_and_kill(const std::vector<std::string>& arguments, double seconds);

std::vector<Json> read_json_lines(const std::string& path);
void write_text(const std::string& path, const std::string& text);

}  // namespace lapidary::test
