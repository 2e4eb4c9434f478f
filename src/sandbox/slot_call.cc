// One call of a slot: hand the program over, collect its output, keep its limits, say how it ended.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "sandbox/memory_file.h"
#include "sandbox/output_capture.h"
#include "sandbox/process_watch.h"
#include "sandbox/slot.h"

namespace lapidary::sandbox {
namespace {

using Clock = std::chrono::steady_clock;

// How often the processes of a call are looked at: after a tenth of its time again, within bounds.
constexpr auto kShortestWatch = std::chrono::milliseconds(20);
constexpr auto kLongestWatch = std::chrono::milliseconds(100);
// How long the interpreter may take to end a call before the whole slot is ended.
constexpr auto kKillGrace = std::chrono::seconds(10);

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

bool last_line_is_memory_error(const std::string& text) {
  size_t end = text.find_last_not_of('\n');
  if (end == std::string::npos) return false;
  const size_t start = text.find_last_of('\n', end) + 1;  // npos + 1 is 0
  std::string_view line = std::string_view(text).substr(start, end + 1 - start);
  line = line.substr(0, line.find(':'));
  return line.ends_with("MemoryError") && line.find(' ') == std::string_view::npos;
}

struct Pipe {
  FileDescriptor read_end, write_end;
};

Pipe output_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    fail(ErrorKind::kIo, "making a pipe for the sandbox: ", last_os_error());
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

bool send_with_descriptors(int socket, const std::string& text, std::initializer_list<int> list) {
  alignas(cmsghdr) char space[CMSG_SPACE(3 * sizeof(int))] = {};
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = CMSG_SPACE(list.size() * sizeof(int));
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(list.size() * sizeof(int));
  std::memcpy(CMSG_DATA(header), std::data(list), list.size() * sizeof(int));
  return sendmsg(socket, &message, MSG_NOSIGNAL) >= 0;
}

}  // namespace

// The state of one run().
class Slot::Call {
 public:
  Call(Slot& slot, const SandboxLimits& limits, int cancel)
      : slot_(slot),
        limits_(limits),
        cancel_(cancel),
        output_(Kept::kBeginning, limits.output_bytes),
        error_(Kept::kEnd, limits.output_bytes) {}

  std::optional<ToolResult> run(const std::string& code) {
    out_ = output_pipe();
    err_ = output_pipe();
    files_before_ = slot_.scratch_.empty() ? files_in_use(slot_.init_, "/tmp") : 0;
    if (!hand_over(code)) return broken_before_start();
    while (!report_ && slot_.is_usable_) step();
    const auto ended = Clock::now();
    drain(out_.read_end, output_);
    drain(err_.read_end, error_);
    if (!is_started_) return broken_before_start();
    ToolResult result = describe();
    result.wall_ms = milliseconds(ended - started_);
    return result;
  }

 private:
  bool hand_over(const std::string& code) {
    Json call;
    call["number"] = slot_.next_serial_;
    call["wall_ms"] = limits_.wall_ms;
    call["cpu_s"] = (limits_.cpu_ms + 999) / 1000;
    call["memory_bytes"] = limits_.memory_bytes;
    call["file_bytes"] = limits_.file_bytes;
    call["open_files"] = limits_.open_files;
    // Outside a user namespace the kernel would count all processes of the user.
    call["processes"] = nullptr;
    if (!slot_.blueprint_.is_unsafe) call["processes"] = limits_.processes + 1;  // + interpreter
    const FileDescriptor text = memory_file(code);
    started_ = Clock::now();
    deadline_ = started_ + std::chrono::milliseconds(limits_.wall_ms);
    next_watch_ = started_ + kShortestWatch;
    const bool is_sent =
        send_with_descriptors(slot_.calls_.get(), dump_json(call),
                              {text.get(), out_.write_end.get(), err_.write_end.get()});
    out_.write_end.reset();
    err_.write_end.reset();
    return is_sent;
  }

  // Waits for something to happen, at most until the next thing to do.
  void step() {
    const auto now = Clock::now();
    if (is_ending_ && now >= deadline_) {
      note_start();
      slot_.end();  // the interpreter itself does not answer
      return;
    }
    if (!is_ending_ && now >= deadline_) order_end(ToolStatus::kTimeout);
    if (!is_ending_ && now >= next_watch_) watch();
    const auto next = is_ending_ ? deadline_ : std::min(deadline_, next_watch_);
    const auto pause = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
    pollfd waiting[] = {{slot_.control_.get(), POLLIN, 0},
                        {out_.read_end.get(), POLLIN, 0},
                        {err_.read_end.get(), POLLIN, 0},
                        {is_ending_ ? -1 : cancel_, POLLIN, 0}};
    if (poll(waiting, std::size(waiting), static_cast<int>(std::max<long>(pause, 0))) <= 0) return;
    if (waiting[1].revents != 0) read_some(out_.read_end, output_);
    if (waiting[2].revents != 0) read_some(err_.read_end, error_);
    if (waiting[0].revents != 0) read_report();
    if (waiting[3].revents != 0) order_end(ToolStatus::kCancelled);
    const int64_t written = output_.total_bytes() + error_.total_bytes();
    if (!is_ending_ && written > limits_.flood_bytes) order_end(ToolStatus::kFlood);
  }

  void order_end(ToolStatus reason) {
    if (report_) return;
    is_ending_ = true;
    reason_ = reason;
    deadline_ = Clock::now() + kKillGrace;
    const std::string serial = cat(slot_.next_serial_);
    send(slot_.control_.get(), serial.data(), serial.size(), MSG_NOSIGNAL);
  }

  void watch() {
    const auto now = Clock::now();
    next_watch_ =
        now + std::clamp<Clock::duration>((now - started_) / 10, kShortestWatch, kLongestWatch);
    const TreeUsage usage = measure_tree(slot_.init_);
    if (usage.resident_bytes > limits_.memory_bytes) return order_end(ToolStatus::kMemory);
    if (usage.processes > limits_.processes + 8) return order_end(ToolStatus::kProcesses);
    const int64_t files =
        slot_.scratch_.empty() ? files_in_use(slot_.init_, "/tmp") - files_before_ : 0;
    if (files > limits_.scratch_files) order_end(ToolStatus::kFiles);
  }

  // One piece, so that a program that writes without end does not keep us from the clock.
  void read_some(FileDescriptor& pipe, OutputCapture& capture) {
    char buffer[64 << 10];
    const ssize_t count = read(pipe.get(), buffer, sizeof buffer);
    if (count > 0) capture.append({buffer, static_cast<size_t>(count)});
    if (count == 0) pipe.reset();  // poll ignores a negative descriptor
  }

  // After the end every writer is dead, so that the pipe holds at most its capacity. A process that
  // escaped the unsafe kind may go on writing: the count bounds it.
  void drain(FileDescriptor& pipe, OutputCapture& capture) {
    char buffer[64 << 10];
    for (int64_t left = 1 << 20; pipe.is_open() && left > 0;) {
      const ssize_t count = read(pipe.get(), buffer, sizeof buffer);
      if (count <= 0) return;
      capture.append({buffer, static_cast<size_t>(count)});
      left -= count;
    }
  }

  void read_report() {
    note_start();
    char buffer[1024];
    const ssize_t count = recv(slot_.control_.get(), buffer, sizeof buffer, 0);
    if (count <= 0) {
      slot_.end();
      return;
    }
    ++slot_.next_serial_;
    report_ = parse_json({buffer, static_cast<size_t>(count)}, "the sandbox's report");
  }

  // The child says so before it runs anything, and so before its end is reported.
  void note_start() {
    char buffer[256];
    if (recv(slot_.calls_.get(), buffer, sizeof buffer, MSG_DONTWAIT) > 0) is_started_ = true;
  }

  std::optional<ToolResult> broken_before_start() {
    slot_.end();
    if (reason_ != ToolStatus::kCancelled && reason_ != ToolStatus::kTimeout) return std::nullopt;
    ToolResult result;
    result.status = reason_;
    result.wall_ms = milliseconds(Clock::now() - started_);
    return result;
  }

  ToolResult describe() {
    ToolResult result;
    result.standard_output = output_.text();
    result.standard_error = error_.text();
    result.is_output_truncated = output_.is_truncated() || error_.is_truncated();
    if (report_) {
      const JsonObject report(*report_, "the sandbox's report");
      result.exit_code = static_cast<int>(report.get_int("exit_code"));
      result.signal = static_cast<int>(report.get_int("signal"));
      result.cpu_ms = static_cast<double>(report.get_int("cpu_us")) / 1e3;
      result.peak_bytes = report.get_int("peak_kib") * 1024;
    } else {
      result.signal = SIGKILL;
    }
    // A program may have ended by itself while the order to kill it was on its way.
    const bool was_in_time = reason_ == ToolStatus::kTimeout && report_ && result.signal != SIGKILL;
    result.status = is_ending_ && !was_in_time ? reason_ : status_of(result);
    return result;
  }

  ToolStatus status_of(const ToolResult& result) {
    if (slot_.cgroup_ && slot_.cgroup_->out_of_memory_kills() > 0) {
      slot_.is_usable_ = false;  // a fresh slot counts from zero
      return ToolStatus::kMemory;
    }
    const bool is_cpu_spent = result.cpu_ms >= static_cast<double>(limits_.cpu_ms);
    if (result.signal == SIGXCPU || (result.signal == SIGKILL && is_cpu_spent)) {
      return ToolStatus::kTimeout;
    }
    if (result.signal != 0) return ToolStatus::kKilled;
    if (result.exit_code == 0) return ToolStatus::kOk;
    return last_line_is_memory_error(result.standard_error) ? ToolStatus::kMemory
                                                            : ToolStatus::kError;
  }

  Slot& slot_;
  const SandboxLimits& limits_;
  int cancel_;
  OutputCapture output_, error_;
  Pipe out_, err_;
  int64_t files_before_ = 0;
  Clock::time_point started_, deadline_, next_watch_;
  bool is_started_ = false;
  bool is_ending_ = false;  // we ordered the end, for reason_
  ToolStatus reason_ = ToolStatus::kOk;
  std::optional<Json> report_;
};

std::optional<ToolResult> Slot::run(const std::string& code, const SandboxLimits& limits,
                                    int cancel) {
  try {
    return Call(*this, limits, cancel).run(code);
  } catch (...) {
    end();  // where the conversation with the interpreter stands is not known any more
    throw;
  }
}

}  // namespace lapidary::sandbox
