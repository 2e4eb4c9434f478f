#include "sandbox/python_workers.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "support/paths.h"

namespace lapidary::sandbox {
namespace {

constexpr const char* kModule = R"(
import asyncio
import os
import sys
import time

calls = 0

def add(a, b):
    return a + b

async def score(sample):
    await asyncio.sleep(0)
    print("seen", sample["response"])
    return {"score": 1.0 if sample["response"] == sample["label"] else 0.0}

def count():
    global calls
    calls += 1
    return [os.getpid(), calls]

def fail(text):
    raise ValueError(text)

def leave():
    sys.exit(3)

def crash():
    os._exit(7)

def segfault():
    import ctypes
    ctypes.string_at(0)

def hang():
    time.sleep(1000)

def not_json():
    return object()

def nan():
    return float("nan")

def surrogate():
    return "\ud800"

def nested():
    value = []
    for i in range(900):
        value = [value]
    return value

def long():
    return "x" * (1 << 20)

def descriptors():
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"{}\n")
        except OSError:
            pass
    return "done"

value = 5
)";

class PythonWorkersTest : public testing::Test {
 protected:
  PythonWorkersTest() {
    write_file_atomically(folder_.file("user_code.py"), kModule);
    write_file_atomically(folder_.file("broken_code.py"), "import no_such_module_anywhere\n");
    write_file_atomically(folder_.file("leaving_code.py"), "import os\nos._exit(1)\n");
    options_.python_path = {folder_.path()};
    options_.workers = 2;
    options_.timeout_ms = 20'000;
    options_.result_bytes = 1 << 18;
  }

  WorkerStatus status_of(PythonWorkers& workers, const std::string& function) {
    const WorkerResult result = workers.call("user_code." + function, Json::array());
    if (result.status != WorkerStatus::kOk) {
      EXPECT_FALSE(result.error.empty());
    }
    return result.status;
  }

  test::ScratchFolder folder_;
  PythonWorkersOptions options_;
};

TEST_F(PythonWorkersTest, CallsPlainAndAsyncFunctions) {
  const auto workers = PythonWorkers::create(options_);
  EXPECT_EQ(workers->call("user_code.add", {2, 3}).value, 5);
  EXPECT_EQ(workers->call("user_code.add", {"caf\xC3\xA9 ", "\xE4\xB8\xAD"}).value,
            "caf\xC3\xA9 \xE4\xB8\xAD");
  const Json sample = {{"response", "4"}, {"label", "4"}};
  const WorkerResult scored = workers->call("user_code.score", Json::array({sample}));
  EXPECT_EQ(scored.status, WorkerStatus::kOk) << scored.error;
  EXPECT_EQ(scored.value, (Json{{"score", 1.0}}));
}

TEST_F(PythonWorkersTest, EveryMishapIsACountedValueAndTheNextCallWorks) {
  options_.workers = 1;
  options_.timeout_ms = 1'000;
  const auto workers = PythonWorkers::create(options_);
  const std::vector<std::pair<const char*, WorkerStatus>> mishaps = {
      {"leave", WorkerStatus::kRaised},        {"crash", WorkerStatus::kCrashed},
      {"segfault", WorkerStatus::kCrashed},    {"hang", WorkerStatus::kTimeout},
      {"not_json", WorkerStatus::kBadReturn},  {"nan", WorkerStatus::kBadReturn},
      {"surrogate", WorkerStatus::kBadReturn}, {"nested", WorkerStatus::kBadReturn},
      {"long", WorkerStatus::kBadReturn},      {"no_such", WorkerStatus::kLoadFailed},
      {"value", WorkerStatus::kLoadFailed},    {"descriptors", WorkerStatus::kBadReturn},
      {"add", WorkerStatus::kRaised},
  };
  for (const auto& [function, expected] : mishaps) {
    SCOPED_TRACE(function);
    EXPECT_EQ(to_string(status_of(*workers, function)), to_string(expected));
    EXPECT_EQ(workers->call("user_code.add", {1, 1}).value, 2);
  }
  const WorkerResult raised = workers->call("user_code.fail", {"bad \xFF"});
  EXPECT_EQ(raised.status, WorkerStatus::kRaised);
  EXPECT_EQ(raised.error, "ValueError: bad \xEF\xBF\xBD");
  EXPECT_NE(raised.details.find("user_code.py"), std::string::npos);

  const auto counts = workers->statistics().by_status;
  EXPECT_EQ(counts.at(WorkerStatus::kOk), 13);
  EXPECT_EQ(counts.at(WorkerStatus::kCrashed), 2);
  EXPECT_EQ(counts.at(WorkerStatus::kTimeout), 1);
  EXPECT_EQ(counts.at(WorkerStatus::kBadReturn), 6);
  EXPECT_EQ(workers->statistics().processes_started, 8);  // replaced after 7 of them
}

TEST_F(PythonWorkersTest, KeepsModulesLoadedBetweenCalls) {
  options_.workers = 1;
  const auto workers = PythonWorkers::create(options_);
  const Json first = workers->call("user_code.count", Json::array()).value;
  const Json second = workers->call("user_code.count", Json::array()).value;
  EXPECT_EQ(first.at(0), second.at(0));
  EXPECT_EQ(second.at(1), 2);
}

TEST_F(PythonWorkersTest, RequireNamesFlagFunctionAndReason) {
  const auto workers = PythonWorkers::create(options_);
  workers->require("user_code.score", "--custom-rm-path");
  const auto message_of = [&](const std::string& function) -> std::string {
    try {
      workers->require(function, "--custom-rm-path");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
      return error.what();
    }
    return "nothing was thrown";
  };
  EXPECT_NE(message_of("score").find("--custom-rm-path: found \"score\""), std::string::npos);
  EXPECT_NE(message_of("user_code.none").find("has no attribute 'none'"), std::string::npos);
  EXPECT_NE(message_of("user_code.value").find("is a int, not a function"), std::string::npos);
  EXPECT_NE(message_of("no_such.f").find("No module named 'no_such'"), std::string::npos);
  EXPECT_NE(message_of("broken_code.f").find("no_such_module_anywhere"), std::string::npos);
  EXPECT_NE(message_of("leaving_code.f").find("exit status 1"), std::string::npos);
}

TEST_F(PythonWorkersTest, CancelsWhatRunsAndWaitsWhenClosed) {
  auto workers = PythonWorkers::create(options_);
  std::vector<std::future<WorkerResult>> results;
  for (int i = 0; i < 5; ++i) {
    results.push_back(workers->submit("user_code.hang", Json::array()));
  }
  workers.reset();
  for (auto& result : results) EXPECT_EQ(result.get().status, WorkerStatus::kCancelled);
}

TEST_F(PythonWorkersTest, MissingInterpreterIsAnErrorWithItsName) {
  options_.python = "/no/such/python";
  try {
    PythonWorkers::create(options_);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
    EXPECT_NE(std::string(error.what()).find("/no/such/python"), std::string::npos);
  }
}

}  // namespace
}  // namespace lapidary::sandbox
