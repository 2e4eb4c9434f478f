// The kind without namespaces keeps the limits and cleans up; it hides nothing.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "sandbox/process_watch.h"
#include "sandbox/sandbox.h"
#include "sandbox/sandbox_fixture.h"
#include "support/paths.h"

namespace lapidary::sandbox {
namespace {

SandboxOptions unsafe_options() {
  SandboxOptions options = small_options();
  options.kind = SandboxKind::kUnsafeSubprocess;
  return options;
}

TEST(UnsafeSubprocess, RunsProgramsWithACleanEnvironment) {
  setenv("LAPIDARY_TEST_SECRET", "canary", 1);
  const auto sandbox = PythonSandbox::create(unsafe_options());
  EXPECT_EQ(sandbox->run("print(35 * 7)").standard_output, "245\n");
  EXPECT_EQ(sandbox->run("import os\nprint('LAPIDARY_TEST_SECRET' in os.environ)").standard_output,
            "False\n");
  EXPECT_NE(sandbox->description().find("no isolation"), std::string::npos);
}

TEST(UnsafeSubprocess, KeepsTheLimits) {
  const auto sandbox = PythonSandbox::create(unsafe_options());
  EXPECT_EQ(sandbox->run("while True: pass").status, ToolStatus::kTimeout);
  EXPECT_EQ(sandbox->run("x = []\nwhile True: x.append(bytearray(10**7))").status,
            ToolStatus::kMemory);
  EXPECT_EQ(sandbox->run("while True: print('x' * 1000)").status, ToolStatus::kFlood);
  EXPECT_EQ(sandbox->run("open('f', 'wb').truncate(1 << 40)").status, ToolStatus::kError);
  EXPECT_EQ(sandbox
                ->run("import os, time\nfor i in range(100):\n    if os.fork() == 0:\n"
                      "        time.sleep(100)\ntime.sleep(100)")
                .status,
            ToolStatus::kProcesses);
  EXPECT_EQ(sandbox->run("print(1)").standard_output, "1\n");
}

TEST(UnsafeSubprocess, EndsWhatAProgramLeavesAndEmptiesItsFolder) {
  SandboxOptions options = unsafe_options();
  options.concurrency = 1;
  const test::ScratchFolder folder;
  const test::TemporaryFiles temporary(folder.path());
  {
    const auto sandbox = PythonSandbox::create(options);
    for (int i = 0; i < 4; ++i) {
      const ToolResult result = sandbox->run(
          "import os, time\nassert os.listdir('.') == []\nopen('left', 'w').close()\n"
          "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(1000)\n"
          "    os._exit(0)\nprint('ok')");
      EXPECT_EQ(result.standard_output, "ok\n") << result.standard_error;
    }
    // Of two slots: the interpreter and the process that it keeps ready.
    EXPECT_LE(measure_tree(getpid()).processes, 4);
  }
  EXPECT_EQ(measure_tree(getpid()).processes, 0);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace lapidary::sandbox
