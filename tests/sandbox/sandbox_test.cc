#include "sandbox/sandbox.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>

#include "base/file.h"
#include "sandbox/process_watch.h"
#include "sandbox/sandbox_fixture.h"
#include "support/paths.h"

namespace lapidary::sandbox {
namespace {

std::string error_of(const SandboxOptions& options) {
  try {
    PythonSandbox::create(options);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

std::string script(const test::ScratchFolder& folder, const std::string& text) {
  const std::string path = folder.file("script");
  write_file_atomically(path, text);
  chmod(path.c_str(), 0755);
  return path;
}

TEST(PythonSandbox, RunsAProgramAsPythonRunsAFile) {
  CREATE_SANDBOX_OR_SKIP(sandbox, small_options());
  const ToolResult result = sandbox.run(R"(
import sys
print(__name__, sys.argv, 35 * 7)
print("to the other", file=sys.stderr)
)");
  EXPECT_EQ(result.status, ToolStatus::kOk);
  EXPECT_EQ(result.standard_output, "__main__ ['code.py'] 245\n");
  EXPECT_EQ(result.standard_error, "to the other\n");
  EXPECT_FALSE(result.is_output_truncated);
  EXPECT_GT(result.peak_bytes, 1 << 20);

  const ToolResult raised = sandbox.run("def f():\n    raise ValueError('bad')\nf()\n");
  EXPECT_EQ(raised.status, ToolStatus::kError);
  EXPECT_EQ(raised.exit_code, 1);
  EXPECT_EQ(raised.standard_error,
            "Traceback (most recent call last):\n"
            "  File \"code.py\", line 3, in <module>\n    f()\n"
            "  File \"code.py\", line 2, in f\n    raise ValueError('bad')\n"
            "ValueError: bad\n");
  EXPECT_NE(sandbox.run("if True:\nprint(1)").standard_error.find("IndentationError"),
            std::string::npos);
  EXPECT_EQ(sandbox.run("import sys\nsys.exit(4)").exit_code, 4);
  EXPECT_EQ(sandbox.run("").status, ToolStatus::kOk);
}

TEST(PythonSandbox, OrdinaryLibrariesWork) {
  CREATE_SANDBOX_OR_SKIP(sandbox, small_options());
  const std::vector<const char*> programs = {
      "import asyncio\nprint(asyncio.run(asyncio.sleep(0.01, 'ok')))",
      "import threading\nt = threading.Thread(target=lambda: print('ok'))\nt.start()",
      "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(\"ok\")'])",
      "import multiprocessing, os\np = multiprocessing.Process(target=print, args=('ok',))\n"
      "p.start()\np.join()",
      "import multiprocessing\nwith multiprocessing.Pool(2) as pool:\n"
      "    assert pool.map(abs, [-1, 2]) == [1, 2]\nprint('ok')",
      "from multiprocessing import shared_memory\nm = shared_memory.SharedMemory('x', True, 10)\n"
      "print('ok')",
      "import tempfile\nf = tempfile.NamedTemporaryFile('w+')\nf.write('ok')\nf.seek(0)\n"
      "print(f.read())",
      "open('other.py', 'w').write('word = \"ok\"')\nimport other\nprint(other.word)",
      "import atexit\natexit.register(print, 'ok')",
      "import ssl, sqlite3, decimal, ctypes, zlib, hashlib, unicodedata\nprint('ok')",
      "import datetime\ndatetime.datetime.now().astimezone()\nprint('ok')",
      "import pickle, inspect\ndef f(): pass\npickle.dumps([1])\nassert 'def f' in "
      "inspect.getsource(f)\nprint('ok')",
  };
  for (const char* program : programs) {
    const ToolResult result = sandbox.run(program);
    EXPECT_EQ(result.standard_output, "ok\n") << program << "\n" << result.standard_error;
  }
}

TEST(PythonSandbox, PreloadedModulesAreThereAtOnce) {
  SandboxOptions options = small_options();
  options.preload = {"fractions", "no_such_module"};
  CREATE_SANDBOX_OR_SKIP(sandbox, options);
  EXPECT_EQ(sandbox.run("import sys\nprint('fractions' in sys.modules)").standard_output, "True\n");
  EXPECT_NE(sandbox.description().find("fractions"), std::string::npos);
  EXPECT_EQ(sandbox.description().find("no_such_module"), std::string::npos);
}

TEST(PythonSandbox, OutputsAreRepeatable) {
  const char* program = R"(
import random
print(random.random(), random.sample(range(1000), 5))
print({'a', 'bb', 'ccc', 'dddd', 'eeeee'}, hash('text'))
)";
  CREATE_SANDBOX_OR_SKIP(first, small_options());
  CREATE_SANDBOX_OR_SKIP(second, small_options());
  const std::string output = first.run(program).standard_output;
  EXPECT_EQ(first.run(program).standard_output, output);
  EXPECT_EQ(second.run(program).standard_output, output);

  SandboxOptions unseeded = small_options();
  unseeded.random_seed.reset();
  CREATE_SANDBOX_OR_SKIP(third, unseeded);
  const char* draw = "import random\nprint(random.random())";
  EXPECT_NE(third.run(draw).standard_output, third.run(draw).standard_output);
}

TEST(PythonSandbox, ACallSeesNothingOfTheCallBefore) {
  SandboxOptions options = small_options();
  options.concurrency = 1;
  CREATE_SANDBOX_OR_SKIP(sandbox, options);
  sandbox.run(R"(
import builtins, os, sys, math
builtins.leaked = sys.leaked = math.leaked = "sentinel-of-the-first"
os.environ["LEAKED"] = "sentinel-of-the-first"
open("/tmp/leaked", "w").write("sentinel-of-the-first")
)");
  const char* look = R"(
import builtins, gc, os, sys, math
assert not hasattr(builtins, "leaked") and not hasattr(sys, "leaked") and not hasattr(math, "leaked")
assert "LEAKED" not in os.environ and os.listdir("/tmp") == []
word = "".join(["senti", "nel-of", "-the-first"])
print(sum(word in thing for thing in gc.get_objects() if isinstance(thing, str)))
)";
  for (int i = 0; i < 4; ++i) {
    const ToolResult result = sandbox.run(look);
    EXPECT_EQ(result.standard_output, "0\n") << result.standard_error;
  }
}

TEST(PythonSandbox, LongOutputIsCutWithAMark) {
  CREATE_SANDBOX_OR_SKIP(sandbox, small_options());
  const ToolResult result =
      sandbox.run("import sys\nprint('a' * 100000)\nprint('e' * 100000, file=sys.stderr)\n1/0");
  EXPECT_EQ(result.status, ToolStatus::kError);
  EXPECT_TRUE(result.is_output_truncated);
  EXPECT_EQ(result.standard_output,
            std::string(16 << 10, 'a') + "\n[output truncated after 16384 bytes]\n");
  EXPECT_TRUE(result.standard_error.starts_with("[output truncated to its last 16384 bytes]\ne"));
  EXPECT_TRUE(result.standard_error.ends_with("ZeroDivisionError: division by zero\n"));
}

TEST(PythonSandbox, OutputBeforeATimeoutIsKept) {
  CREATE_SANDBOX_OR_SKIP(sandbox, small_options());
  const ToolResult result = sandbox.run("print('so far')\nwhile True: pass");
  EXPECT_EQ(result.status, ToolStatus::kTimeout);
  EXPECT_EQ(result.standard_output, "so far\n");
}

TEST(PythonSandbox, ProcessorTimeIsLimitedToo) {
  SandboxOptions options = small_options();
  options.limits.wall_ms = 60'000;
  options.limits.cpu_ms = 1'000;
  CREATE_SANDBOX_OR_SKIP(sandbox, options);
  EXPECT_EQ(sandbox.run("while True: pass").status, ToolStatus::kTimeout);
  EXPECT_EQ(sandbox
                .run("import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\n"
                     "while True: pass")
                .status,
            ToolStatus::kTimeout);
}

TEST(PythonSandbox, SubmitDoesNotWaitForThePrograms) {
  SandboxOptions options = small_options();
  options.limits.wall_ms = 60'000;
  CREATE_SANDBOX_OR_SKIP(sandbox, options);
  std::vector<std::future<ToolResult>> results;
  for (int i = 0; i < 6; ++i) results.push_back(sandbox.submit("import time\ntime.sleep(0.2)"));
  // The last ones cannot have run yet: two run at one time.
  EXPECT_EQ(results.back().wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  const SandboxStatistics now = sandbox.statistics();
  EXPECT_LE(now.running, 2);
  EXPECT_GE(now.queued, 3);
  for (auto& result : results) EXPECT_EQ(result.get().status, ToolStatus::kOk);
  EXPECT_EQ(sandbox.statistics().finished, 6);
}

TEST(PythonSandbox, CancelsWhatRunsAndWaitsWhenClosed) {
  SandboxOptions options = small_options();
  options.limits.wall_ms = 600'000;
  auto created = try_create(options);
  if (!created.sandbox) GTEST_SKIP() << created.reason;
  std::vector<std::future<ToolResult>> results;
  for (int i = 0; i < 5; ++i) {
    results.push_back(created.sandbox->submit("import time\ntime.sleep(1000)"));
  }
  created.sandbox.reset();
  for (auto& result : results) EXPECT_EQ(result.get().status, ToolStatus::kCancelled);
  EXPECT_EQ(measure_tree(getpid()).processes, 0);
}

TEST(PythonSandbox, ReplacesAnInterpreterThatWasKilledFromOutside) {
  CREATE_SANDBOX_OR_SKIP(sandbox, small_options());
  EXPECT_EQ(sandbox.run("print(1)").standard_output, "1\n");
  kill_tree_below(getpid());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(sandbox.run("print(2)").standard_output, "2\n");
  EXPECT_GE(sandbox.statistics().slots_lost, 1);

  auto running = sandbox.submit("import time\nprint('began')\ntime.sleep(1)");
  while (sandbox.statistics().running == 0) std::this_thread::yield();
  kill_tree_below(getpid());
  const ToolStatus status = running.get().status;
  EXPECT_TRUE(status == ToolStatus::kKilled || status == ToolStatus::kOk) << to_string(status);
  EXPECT_EQ(sandbox.run("print(3)").standard_output, "3\n");
}

TEST(PythonSandbox, TooLongAProgramIsRefused) {
  SandboxOptions options = small_options();
  options.limits.code_bytes = 100;
  CREATE_SANDBOX_OR_SKIP(sandbox, options);
  EXPECT_EQ(sandbox.run(std::string(101, '#')).status, ToolStatus::kRefused);
  EXPECT_EQ(sandbox.run(std::string(100, '#')).status, ToolStatus::kOk);
}

TEST(PythonSandbox, MissingProgramsAreErrorsWithTheRemedy) {
  SandboxOptions options = small_options();
  options.bubblewrap = "/no/such/bwrap";
  EXPECT_NE(error_of(options).find("apt-get install bubblewrap"), std::string::npos);
  EXPECT_NE(error_of(options).find("--sandbox unsafe-subprocess"), std::string::npos);
  options.kind = SandboxKind::kUnsafeSubprocess;
  options.python = "no-such-python";
  EXPECT_NE(error_of(options).find("no-such-python"), std::string::npos);
  EXPECT_NE(error_of(options).find("install python3"), std::string::npos);
}

TEST(PythonSandbox, RefusedNamespacesAreAnErrorWithTheRemedy) {
  const test::ScratchFolder folder;
  SandboxOptions options = small_options();
  options.bubblewrap = script(folder,
                              "#!/bin/sh\necho 'bwrap: No permissions to create a new "
                              "namespace' >&2\nexit 1\n");
  chmod(folder.path().c_str(), 0755);
  try {
    PythonSandbox::create(options);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    const std::string words = error.what();
    EXPECT_NE(words.find("No permissions to create a new namespace"), std::string::npos) << words;
    EXPECT_NE(words.find("user namespaces"), std::string::npos) << words;
    EXPECT_NE(words.find("--sandbox unsafe-subprocess"), std::string::npos) << words;
  }
}

TEST(PythonSandbox, LimitsWithoutSenseAreRefused) {
  SandboxOptions options = small_options();
  options.limits.wall_ms = 0;
  EXPECT_NE(error_of(options).find("wall_ms is 0"), std::string::npos);
  options = small_options();
  options.limits.memory_bytes = 1 << 20;
  EXPECT_NE(error_of(options).find("memory_bytes is 1.00 MiB"), std::string::npos);
  options = small_options();
  options.concurrency = 0;
  EXPECT_NE(error_of(options).find("concurrency is 0"), std::string::npos);
}

TEST(SandboxKind, IsNamedAsTheFlagNamesIt) {
  EXPECT_EQ(parse_sandbox_kind("bubblewrap"), SandboxKind::kBubblewrap);
  EXPECT_EQ(parse_sandbox_kind("unsafe-subprocess"), SandboxKind::kUnsafeSubprocess);
  EXPECT_THROW(parse_sandbox_kind("none"), Error);
}

}  // namespace
}  // namespace lapidary::sandbox
