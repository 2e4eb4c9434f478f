// Each program ends as a bounded value, the host is as it was, and the sandbox serves the next.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "base/file.h"
#include "base/text.h"
#include "sandbox/file_descriptor.h"
#include "sandbox/hostile_programs.h"
#include "sandbox/output_capture.h"
#include "sandbox/sandbox_fixture.h"
#include "support/paths.h"

namespace lapidary::sandbox {
namespace {

// Proves that nothing of the program before is left.
constexpr const char* kProbe = R"(
import os, sys
left = []
try:
    os.kill(-1, 0)
    left.append('process')
except ProcessLookupError:
    pass
if os.listdir('/tmp'):
    left.append('file')
if os.stat('/tmp').st_mtime != 0 or os.stat('/tmp').st_mode & 0o777 != 0o755:
    left.append('mark on the folder')
if any(os.path.exists(f'/dev/fd/{d}') for d in range(3, 100)) or '/canary' in str(os.environ):
    left.append('descriptor')
print(left, 6 * 7)
)";

class Listener {
 public:
  Listener() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(socket_.get(), generic, length) != 0 || listen(socket_.get(), 8) != 0) abort();
    getsockname(socket_.get(), generic, &length);
    port_ = ntohs(address.sin_port);
  }
  int port() const { return port_; }
  bool was_reached() const {
    return FileDescriptor(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)).is_open();
  }

 private:
  FileDescriptor socket_;
  int port_ = 0;
};

void check_end(const HostileProgram& program, const ToolResult& result) {
  const SandboxLimits limits = small_options().limits;
  EXPECT_NE(std::find(program.allowed.begin(), program.allowed.end(), result.status),
            program.allowed.end())
      << to_string(result.status) << ", exit " << result.exit_code << ", signal " << result.signal
      << "\n"
      << result.standard_output.substr(0, 400) << "\n"
      << result.standard_error.substr(0, 400);
  const std::string all = result.standard_output + result.standard_error;
  EXPECT_NE(all.find(program.prints), std::string::npos) << all.substr(0, 800);
  EXPECT_EQ(all.find("canary-secret"), std::string::npos);
  EXPECT_EQ(all.find("succeeded"), std::string::npos) << all.substr(0, 400);
  EXPECT_EQ(repair_utf8(all), all);
  EXPECT_LE(result.standard_output.size(), 3 * limits.output_bytes + 100);
}

// Two slots take turns: both are looked at.
void check_that_nothing_is_left(PythonSandbox& sandbox) {
  for (int i = 0; i < 2; ++i) {
    const ToolResult probe = sandbox.run(kProbe);
    EXPECT_EQ(probe.standard_output, "[] 42\n") << probe.standard_error;
  }
}

void run_battery(PythonSandbox& sandbox, const std::vector<HostileProgram>& programs) {
  for (const HostileProgram& program : programs) {
    SCOPED_TRACE(program.name);
    check_end(program, sandbox.run(program.code));
    check_that_nothing_is_left(sandbox);
  }
}

// Beside one another, since each lasts as long as it may.
TEST(HostileProgram, EndsWhenItsTimeIsOver) {
  SandboxOptions options = small_options();
  options.concurrency = 6;
  CREATE_SANDBOX_OR_SKIP(sandbox, options);
  const std::vector<HostileProgram> programs = programs_that_never_end();
  std::vector<std::future<ToolResult>> results;
  for (const HostileProgram& program : programs) results.push_back(sandbox.submit(program.code));
  for (size_t i = 0; i < programs.size(); ++i) {
    SCOPED_TRACE(programs[i].name);
    const ToolResult result = results[i].get();
    check_end(programs[i], result);
    EXPECT_LE(result.wall_ms, static_cast<double>(options.limits.wall_ms) + 5'000);
  }
  for (int i = 0; i < 4; ++i) check_that_nothing_is_left(sandbox);
}

TEST(HostileProgram, UsesUpNoMoreThanItsLimits) {
  SandboxOptions options = small_options();
  options.limits.wall_ms = 30'000;  // a busy machine must not end them first
  options.limits.cpu_ms = 30'000;
  CREATE_SANDBOX_OR_SKIP(sandbox, options);
  run_battery(sandbox, programs_that_use_up());
}

TEST(HostileProgram, ReachesNothingOfTheHost) {
  setenv("LAPIDARY_TEST_SECRET", "canary-secret", 1);
  CREATE_SANDBOX_OR_SKIP(sandbox, small_options());
  const test::ScratchFolder folder;
  const std::string canary = folder.file("canary");
  write_file_atomically(canary, "canary-secret");
  const Listener listener;
  run_battery(sandbox, programs_that_reach_out(canary, listener.port(), getpid()));
  EXPECT_EQ(read_file(canary), "canary-secret");
  EXPECT_FALSE(listener.was_reached());
}

TEST(HostileProgram, LeavesNothingBehind) {
  CREATE_SANDBOX_OR_SKIP(sandbox, small_options());
  run_battery(sandbox, programs_that_stay());
}

TEST(HostileProgram, CannotForgeItsEnd) {
  CREATE_SANDBOX_OR_SKIP(sandbox, small_options());
  run_battery(sandbox, programs_that_lie());
  EXPECT_EQ(sandbox.statistics().slots_lost, 0);
}

}  // namespace
}  // namespace lapidary::sandbox
