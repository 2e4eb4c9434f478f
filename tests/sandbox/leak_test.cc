// A long life leaves nothing behind.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/text.h"
#include "sandbox/process_watch.h"
#include "sandbox/sandbox_fixture.h"
#include "support/paths.h"

namespace lapidary::sandbox {
namespace {

namespace fs = std::filesystem;

int64_t entries_of(const std::string& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

TEST(SandboxLife, AThousandCallsLeakNoProcessDescriptorOrFile) {
  const test::ScratchFolder folder;
  const test::TemporaryFiles temporary(folder.path());
  const int64_t descriptors_before = entries_of("/proc/self/fd");
  {
    SandboxOptions options = small_options();
    options.concurrency = 8;
    options.limits.wall_ms = 60'000;
    CREATE_SANDBOX_OR_SKIP(sandbox, options);
    const auto run_all = [&](int count) {
      std::vector<std::future<ToolResult>> results;
      for (int i = 0; i < count; ++i) {
        results.push_back(sandbox.submit(
            cat("import os\nopen('f", i, "', 'w').write('x' * 100)\n",
                i % 10 == 0 ? "if os.fork() == 0:\n    import time\n    time.sleep(100)\n" : "",
                "print(len(os.listdir('.')), ", i, ")\n")));
      }
      for (int i = 0; i < count; ++i) {
        const ToolResult result = results[static_cast<size_t>(i)].get();
        ASSERT_EQ(result.standard_output, cat("1 ", i, "\n"))
            << to_string(result.status) << result.standard_error;
      }
    };
    run_all(100);
    const int64_t descriptors_warm = entries_of("/proc/self/fd");
    run_all(900);
    // Nine slots of three processes: bubblewrap, the interpreter, the process it keeps ready.
    EXPECT_LE(measure_tree(getpid()).processes, 27);
    EXPECT_LE(entries_of("/proc/self/fd"), descriptors_warm + 2 * 4);  // a pair a late slot
    EXPECT_EQ(sandbox.statistics().finished, 1000);
    EXPECT_EQ(sandbox.statistics().slots_lost, 0);
  }
  EXPECT_EQ(measure_tree(getpid()).processes, 0);
  EXPECT_EQ(entries_of("/proc/self/fd"), descriptors_before);
  EXPECT_EQ(entries_of(folder.path()), 0);
}

}  // namespace
}  // namespace lapidary::sandbox
