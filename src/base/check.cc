#include "base/check.h"

namespace lapidary {

void check_failed(const char* file, int line, const char* condition, const std::string& message) {
  std::string text = cat(file, ":", line, ": check failed: ", condition);
  if (!message.empty()) text += ": " + message;
  throw Error(ErrorKind::kInternal, text);
}

}  // namespace lapidary
