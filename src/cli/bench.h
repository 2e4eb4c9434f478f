// What the suites of lapidary bench share: rows, timing, flags.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lapidary::cli {

// Milliseconds of the repetitions of one thing.
struct BenchTimes {
  double median_ms = 0;
  double min_ms = 0;
  double max_ms = 0;
};

// Runs `body` once to warm up and then `repetitions` times (an odd number, at least 5 for a figure
// that is reported).
BenchTimes time_runs(int repetitions, const std::function<void()>& body);
double milliseconds_of(const std::function<void()>& body);
BenchTimes summarize_times(std::vector<double> milliseconds);

struct BenchRow {
  std::string name;
  std::string shape;
  std::string dtype;
  std::string device;
  BenchTimes times;
  double achieved = 0;          // in `unit`
  std::string unit;             // "GFLOP/s", "GB/s", "MB/s", ..
  std::optional<double> limit;  // in `unit`; what achieved is held against, where there is one
  std::string limit_name;       // what the limit is, for people
};

struct BenchFlags {
  std::string tokenizer;  // of the suite tokenizer; empty: the small one of the project
  std::string only;       // of the suites that run models: rows whose name and dtype hold this text
};

struct Suite {
  const char* name;
  const char* description;
  std::vector<BenchRow> (*function)(const BenchFlags& flags);
};

std::vector<BenchRow> bench_tokenizer(const BenchFlags& flags);
std::vector<BenchRow> bench_sandbox(const BenchFlags& flags);
std::vector<BenchRow> bench_decode(const BenchFlags& flags);
std::vector<BenchRow> bench_prefill(const BenchFlags& flags);
std::vector<BenchRow> bench_train_step(const BenchFlags& flags);

}  // namespace lapidary::cli
