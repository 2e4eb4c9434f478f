#include "base/log.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <ctime>
#include <memory>
#include <mutex>

#include "base/check.h"
#include "base/file.h"

namespace lapidary {
namespace {

std::atomic<LogLevel> g_least{LogLevel::kInfo};

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
std::mutex g_file_mutex;
std::unique_ptr<std::FILE, FileCloser> g_file;

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

void set_log_file(const std::string& path) {
  const std::lock_guard<std::mutex> lock(g_file_mutex);
  g_file.reset(path.empty() ? nullptr : std::fopen(path.c_str(), "ae"));
  if (!path.empty() && !g_file) {
    fail(ErrorKind::kIo, "cannot write to ", path, ": ", last_os_error());
  }
}

void log(LogLevel level, const std::string& message) {
  if (level < g_least.load(std::memory_order_relaxed)) return;
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  std::array<char, 16> clock{};
  std::strftime(clock.data(), clock.size(), "%H:%M:%S", &local);
  // One call a line: lines do not mix.
  std::fprintf(stderr, "%s %-7s %s\n", clock.data(), name_of(level), message.c_str());
  const std::lock_guard<std::mutex> lock(g_file_mutex);
  if (!g_file) return;
  std::fprintf(g_file.get(), "%s %-7s %s\n", clock.data(), name_of(level), message.c_str());
  std::fflush(g_file.get());
}

}  // namespace lapidary
