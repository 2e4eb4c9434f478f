// The suite sandbox: what a tool call costs beyond the program itself, beside a bare python3 -c in
// the same run.
#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include "base/check.h"
#include "cli/bench.h"
#include "sandbox/child_process.h"
#include "sandbox/sandbox.h"

namespace lapidary::cli {
namespace {

using sandbox::ChildProcess;
using sandbox::PythonSandbox;
using sandbox::SandboxOptions;
using sandbox::ToolResult;
using Clock = std::chrono::steady_clock;

constexpr const char* kProgram = "print(35*7)";
constexpr int kRounds = 10;
constexpr int kWarmCalls = 20;  // of a round
constexpr int kBareCalls = 3;
constexpr int kManyCalls = 200;
constexpr int kConcurrency = 8;

double elapsed_ms(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

void check_answer(const ToolResult& result) {
  LAPIDARY_CHECK(result.standard_output == "245\n", "found ", result.standard_output,
                 result.standard_error);
}

// Milliseconds of one call each; the kinds take turns, so that a busy moment hits all of them.
struct CallTimes {
  std::vector<double> warm, apart, bare;
};

CallTimes time_calls(PythonSandbox& sandbox, const std::string& python) {
  CallTimes times;
  const auto call = [&](std::vector<double>& out) {
    const Clock::time_point start = Clock::now();
    const ToolResult result = sandbox.run(kProgram);
    out.push_back(elapsed_ms(start));
    check_answer(result);
  };
  sandbox::SpawnPlan bare;
  bare.program = python;
  bare.arguments = {"python3", "-c", kProgram};
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i < kWarmCalls; ++i) call(times.warm);
    for (int i = 0; i < kBareCalls; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      call(times.apart);
    }
    for (int i = 0; i < kBareCalls; ++i) {
      const Clock::time_point start = Clock::now();
      ChildProcess process = ChildProcess::spawn(bare);
      process.wait(-1);
      times.bare.push_back(elapsed_ms(start));
    }
  }
  return times;
}

double time_many(PythonSandbox& sandbox) {
  const Clock::time_point start = Clock::now();
  std::vector<std::future<ToolResult>> results;
  for (int i = 0; i < kManyCalls; ++i) results.push_back(sandbox.submit(kProgram));
  for (auto& result : results) check_answer(result.get());
  return elapsed_ms(start) / kManyCalls;
}

std::unique_ptr<PythonSandbox> warm_sandbox(const SandboxOptions& options) {
  auto sandbox = PythonSandbox::create(options);
  time_many(*sandbox);  // starts every slot
  return sandbox;
}

}  // namespace

std::vector<BenchRow> bench_sandbox(const BenchFlags&) {
  SandboxOptions options;
  options.concurrency = 1;
  const std::string python = sandbox::find_program(options.python);
  const auto one = warm_sandbox(options);
  const CallTimes times = time_calls(*one, python);
  const BenchTimes bare = summarize_times(times.bare);
  std::vector<BenchRow> rows;
  const auto add = [&](const char* name, const std::string& shape, const BenchTimes& measured) {
    rows.push_back({name, shape, "-", "cpu", measured, 1000 / measured.median_ms, "calls/s",
                    1000 / bare.median_ms, "bare python3 -c"});
  };
  add("sandbox call", "one after another", summarize_times(times.warm));
  add("sandbox call", "10 ms apart", summarize_times(times.apart));
  options.concurrency = kConcurrency;
  const auto eight = warm_sandbox(options);
  std::vector<double> many;
  for (int i = 0; i < 5; ++i) many.push_back(time_many(*eight));
  add("sandbox call, throughput", cat(kConcurrency, " at one time"), summarize_times(many));
  options.preload.clear();
  add("sandbox start", "nothing preloaded", time_runs(5, [&] { PythonSandbox::create(options); }));
  add("bare python3 -c", "", bare);
  return rows;
}

}  // namespace lapidary::cli
