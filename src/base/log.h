// Log lines on standard error, one event a line: "12:03:45 info  message". Thread-safe; standard
// output is never touched.
#pragma once

#include <string>

namespace lapidary {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

void set_log_level(LogLevel least);
// Lines go to the end of this file as well; "" ends that. Throws Error{kIo}.
void set_log_file(const std::string& path);
void log(LogLevel level, const std::string& message);
inline void log_info(const std::string& message) {
  log(LogLevel::kInfo, message);
}
inline void log_warning(const std::string& message) {
  log(LogLevel::kWarning, message);
}

}  // namespace lapidary
