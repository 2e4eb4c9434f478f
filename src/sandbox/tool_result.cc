#include "sandbox/tool_result.h"

#include "base/check.h"

namespace lapidary::sandbox {

std::string_view to_string(ToolStatus status) {
  switch (status) {
    case ToolStatus::kOk:
      return "ok";
    case ToolStatus::kError:
      return "error";
    case ToolStatus::kTimeout:
      return "timeout";
    case ToolStatus::kMemory:
      return "memory";
    case ToolStatus::kProcesses:
      return "processes";
    case ToolStatus::kFiles:
      return "files";
    case ToolStatus::kFlood:
      return "flood";
    case ToolStatus::kKilled:
      return "killed";
    case ToolStatus::kRefused:
      return "refused";
    case ToolStatus::kCancelled:
      return "cancelled";
    case ToolStatus::kUnavailable:
      return "unavailable";
  }
  fail(ErrorKind::kInternal, "no such tool status: ", static_cast<int>(status));
}

}  // namespace lapidary::sandbox
