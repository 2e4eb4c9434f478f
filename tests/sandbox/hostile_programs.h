// Programs that try to escape, to stay, to use everything up or to lie about their end.
#pragma once

#include <string>
#include <vector>

#include "sandbox/tool_result.h"

namespace lapidary::sandbox {

struct HostileProgram {
  const char* name;
  std::string code;
  std::vector<ToolStatus> allowed;  // the statuses it may end with
  const char* prints = "";          // must be in stdout or stderr
};

// `canary` is the path of a file of the host with the text "canary-secret"; `port` one that a
// listener of the host holds; `pid` the host process.
std::vector<HostileProgram> programs_that_never_end();
std::vector<HostileProgram> programs_that_use_up();
std::vector<HostileProgram> programs_that_reach_out(const std::string& canary, int port, int pid);
std::vector<HostileProgram> programs_that_stay();
std::vector<HostileProgram> programs_that_lie();

}  // namespace lapidary::sandbox
