#include "cli/program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>

#include "base/check.h"
#include "base/file.h"

namespace lapidary::test {
namespace {

std::string program_path() {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "lapidary").string();
}

[[noreturn]] void become_program(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{program_path()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execv(pointers[0], pointers.data());
  ::_exit(127);
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) LAPIDARY_CHECK(errno == EINTR, last_os_error());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// -> false at the end of the stream.
bool read_some(int descriptor, std::string& to) {
  std::array<char, 4096> buffer{};
  const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
  if (count <= 0) return false;  // a terminal whose program ended reports EIO
  to.append(buffer.data(), static_cast<size_t>(count));
  return true;
}

struct Child {
  pid_t pid;
  int out;
  int err;
};

// Standard input comes from a file: nothing can block on both ends.
Child start(const std::vector<std::string>& arguments, const std::string& input_path) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  LAPIDARY_CHECK(::pipe(out.data()) == 0 && ::pipe(err.data()) == 0, last_os_error());
  const pid_t pid = ::fork();
  LAPIDARY_CHECK(pid >= 0, last_os_error());
  if (pid == 0) {
    const int in = ::open(input_path.c_str(), O_RDONLY);
    ::dup2(in, 0);
    ::dup2(out[1], 1);
    ::dup2(err[1], 2);
    for (const int descriptor : {in, out[0], out[1], err[0], err[1]}) ::close(descriptor);
    become_program(arguments);
  }
  ::close(out[1]);
  ::close(err[1]);
  return {pid, out[0], err[0]};
}

template <typename Meanwhile>
ProgramResult collect(const Child& child, const Meanwhile& meanwhile) {
  ProgramResult result;
  std::array<pollfd, 2> waiting{pollfd{child.out, POLLIN, 0}, pollfd{child.err, POLLIN, 0}};
  while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
    ::poll(waiting.data(), waiting.size(), 50);
    for (size_t i = 0; i < 2; ++i) {
      if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
      if (!read_some(waiting[i].fd, i == 0 ? result.out : result.err)) {
        ::close(waiting[i].fd);
        waiting[i].fd = -1;
      }
    }
    meanwhile();
  }
  result.status = wait_for(child.pid);
  return result;
}

}  // namespace

ProgramResult run_program(const std::vector<std::string>& arguments, const std::string& input) {
  const std::string path =
      (std::filesystem::temp_directory_path() / cat("lapidary-stdin-", ::getpid())).string();
  write_text(path, input);
  const Child child = start(arguments, path);
  ProgramResult result = collect(child, [] {});
  std::filesystem::remove(path);
  return result;
}

ProgramResult run_and_interrupt(const std::vector<std::string>& arguments,
                                const std::string& output_file) {
  const Child child = start(arguments, "/dev/null");
  bool was_sent = false;
  return collect(child, [&] {
    std::error_code missing;
    if (was_sent || std::filesystem::file_size(output_file, missing) == 0 || missing) return;
    ::kill(child.pid, SIGINT);
    was_sent = true;
  });
}

ProgramResult run_and_kill(const std::vector<std::string>& arguments, double seconds) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                                   std::chrono::duration<double>(seconds));
  const Child child = start(arguments, "/dev/null");
  bool was_sent = false;
  return collect(child, [&] {
    if (was_sent || Clock::now() < end) return;
    ::kill(child.pid, SIGKILL);
    was_sent = true;
  });
}

ProgramResult run_on_terminal(const std::vector<std::string>& arguments,
                              const std::string& interrupt_at) {
  int terminal = -1;
  const pid_t pid = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  LAPIDARY_CHECK(pid >= 0, last_os_error());
  if (pid == 0) become_program(arguments);
  ProgramResult result;
  bool was_typed = interrupt_at.empty();
  while (read_some(terminal, result.out)) {
    if (was_typed || result.out.find(interrupt_at) == std::string::npos) continue;
    LAPIDARY_CHECK(::write(terminal, "\x03", 1) == 1, last_os_error());
    was_typed = true;
  }
  ::close(terminal);
  result.status = wait_for(pid);
  return result;
}

std::vector<Json> read_json_lines(const std::string& path) {
  std::vector<Json> out;
  for_each_json_line(path, [&](const Json& line, int64_t) { out.push_back(line); });
  return out;
}

void write_text(const std::string& path, const std::string& text) {
  write_file_atomically(path, text);
}

}  // namespace lapidary::test
