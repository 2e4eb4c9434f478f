#include "observe/progress.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "base/text.h"

namespace lapidary::observe {
namespace {

constexpr int64_t kBarCells = 24;
constexpr double kRedrawSeconds = 0.1;

std::string rate_text(double rate) {
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), rate >= 100 ? "%.0f" : "%.2f", rate);
  return out.data();
}

}  // namespace

std::string duration_text(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(std::max(0.0, seconds)));
  std::array<char, 32> out{};
  const long hours = whole / 3600;
  const long minutes = whole / 60 % 60;
  const long rest = whole % 60;
  if (hours > 0) {
    std::snprintf(out.data(), out.size(), "%ld:%02ld:%02ld", hours, minutes, rest);
  } else {
    std::snprintf(out.data(), out.size(), "%ld:%02ld", minutes, rest);
  }
  return out.data();
}

ProgressOptions ProgressOptions::for_stderr() {
  ProgressOptions options;
  options.on_terminal = ::isatty(STDERR_FILENO) == 1;
  options.seconds = [] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  };
  options.print = [](const std::string& text) { std::fputs(text.c_str(), stderr); };
  return options;
}

Progress::Progress(std::string title, int64_t total, std::string unit, ProgressOptions options)
    : title_(std::move(title)),
      total_(total),
      unit_(std::move(unit)),
      options_(std::move(options)),
      started_(options_.seconds()),
      last_shown_(started_),
      last_moved_(started_) {}

std::string Progress::line(double now) const {
  const double elapsed = now - started_;
  const double rate = elapsed > 0 ? static_cast<double>(done_) / elapsed : 0.0;
  std::string out = title_ + ": ";
  if (options_.on_terminal && total_ > 0) {
    const int64_t filled = std::min(kBarCells, kBarCells * done_ / total_);
    out += "[" + std::string(static_cast<size_t>(filled), '#') +
           std::string(static_cast<size_t>(kBarCells - filled), '.') + "] ";
  }
  out += cat(done_, "/", total_, " ", unit_, ", ", rate_text(rate), " ", unit_, "/s");
  if (done_ < total_) {
    out += rate > 0 ? ", " + duration_text(static_cast<double>(total_ - done_) / rate) + " left"
                    : std::string(", time left unknown");
  } else {
    out += ", took " + duration_text(elapsed);
  }
  if (!detail_.empty()) out += ", " + detail_;
  return out;
}

void Progress::show(double now) {
  last_shown_ = now;
  options_.print(options_.on_terminal ? "\r\033[K" + line(now) : line(now) + "\n");
}

void Progress::add(int64_t done, const std::string& detail) {
  if (finished_) return;
  done_ += done;
  if (!detail.empty()) detail_ = detail;
  const double now = options_.seconds();
  if (done > 0) {
    last_moved_ = now;
    stall_said_ = false;
  }
  const double interval = options_.on_terminal ? kRedrawSeconds : options_.interval_seconds;
  if (now - last_shown_ >= interval) show(now);
}

void Progress::idle(const std::function<std::string()>& slowest) {
  if (finished_) return;
  const double now = options_.seconds();
  if (!stall_said_ && now - last_moved_ >= options_.stall_seconds) {
    stall_said_ = true;
    options_.print(cat(options_.on_terminal ? "\r\033[K" : "", "warning: ", title_,
                       ": nothing finished for ", duration_text(now - last_moved_),
                       "; slowest: ", slowest(), "\n"));
  }
  add(0);
}

void Progress::finish() {
  if (finished_) return;
  show(options_.seconds());
  if (options_.on_terminal) options_.print("\n");
  finished_ = true;
}

}  // namespace lapidary::observe
