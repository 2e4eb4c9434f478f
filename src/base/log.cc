#include "base/log.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <ctime>

namespace lapidary {
namespace {

std::atomic<LogLevel> g_least{LogLevel::kInfo};

const char* name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "";
}

}  // namespace

void set_log_level(LogLevel least) {
  g_least = least;
}

void log(LogLevel level, const std::string& message) {
  if (level < g_least.load(std::memory_order_relaxed)) return;
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  std::array<char, 16> clock{};
  std::strftime(clock.data(), clock.size(), "%H:%M:%S", &local);
  std::fprintf(stderr, "%s %-7s %s\n", clock.data(), name_of(level),
               message.c_str());  // one call: lines do not mix
}

}  // namespace lapidary
