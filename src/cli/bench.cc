// lapidary bench: suites of measurements, each row with the distance to the limit that applies.
#include "cli/bench.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/verbs.h"

namespace lapidary::cli {
namespace {

constexpr std::array kSuites = {
    Suite{"tokenizer", "loading, encoding and decoding; beside Hugging Face where it is installed",
          bench_tokenizer},
    Suite{"sandbox", "tool calls, beside a bare python3 -c", bench_sandbox},
    Suite{"decode", "one token at a time, beside the speed of the memory", bench_decode},
    Suite{"prefill", "reading a prompt, beside the rate of a large matrix product", bench_prefill},
    Suite{"train-step", "forward, backward and optimizer, beside a large matrix product",
          bench_train_step},
};
constexpr const char* kAllSuites = "all";

Json row_json(const BenchRow& row) {
  Json out{{"name", row.name},
           {"shape", row.shape},
           {"dtype", row.dtype},
           {"device", row.device},
           {"median_ms", row.times.median_ms},
           {"min_ms", row.times.min_ms},
           {"max_ms", row.times.max_ms},
           {"achieved", row.achieved},
           {"unit", row.unit},
           {"limit", nullptr},
           {"limit_name", row.limit_name},
           {"ratio", nullptr}};
  if (row.limit) {
    out["limit"] = *row.limit;
    out["ratio"] = row.achieved / *row.limit;
  }
  return out;
}

void print_row(const BenchRow& row) {
  std::printf("%-28s %-26s %-8s %-5s %9.2f ms (%.2f to %.2f) %10.1f %s", row.name.c_str(),
              row.shape.c_str(), row.dtype.c_str(), row.device.c_str(), row.times.median_ms,
              row.times.min_ms, row.times.max_ms, row.achieved, row.unit.c_str());
  if (row.limit) {
    std::printf(", %.2f of %.1f (%s)", row.achieved / *row.limit, *row.limit,
                row.limit_name.c_str());
  }
  std::printf("\n");
}

std::string suite_names() {
  std::string out;
  for (const Suite& suite : kSuites) out += cat(suite.name, ", ");
  return out + kAllSuites;
}

std::vector<BenchRow> run_suites(const std::string& wanted, const BenchFlags& flags) {
  std::vector<BenchRow> rows;
  bool is_known = false;
  for (const Suite& suite : kSuites) {
    if (wanted != suite.name && wanted != kAllSuites) continue;
    is_known = true;
    log_info(cat("bench ", suite.name, ": ", suite.description));
    for (BenchRow& row : suite.function(flags)) rows.push_back(std::move(row));
  }
  if (!is_known) {
    fail(ErrorKind::kInvalidArgument, "no bench suite is called ", lapidary::quoted(wanted),
         "; there are ", suite_names());
  }
  return rows;
}

void report(const std::vector<BenchRow>& rows, const std::string& json_path) {
  if (json_path != "-") {
    for (const BenchRow& row : rows) print_row(row);
  }
  if (json_path.empty()) return;
  Json json = Json::array();
  for (const BenchRow& row : rows) json.push_back(row_json(row));
  const std::string text = dump_json(json, 1) + "\n";
  if (json_path == "-") {
    std::fputs(text.c_str(), stdout);
  } else {
    write_file_atomically(json_path, text);
  }
}

}  // namespace

BenchTimes summarize_times(std::vector<double> milliseconds) {
  LAPIDARY_CHECK(!milliseconds.empty(), "no times");
  std::sort(milliseconds.begin(), milliseconds.end());
  return {milliseconds[milliseconds.size() / 2], milliseconds.front(), milliseconds.back()};
}

double milliseconds_of(const std::function<void()>& body) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  body();
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

BenchTimes time_runs(int repetitions, const std::function<void()>& body) {
  body();
  std::vector<double> times;
  for (int i = 0; i < repetitions; ++i) times.push_back(milliseconds_of(body));
  return summarize_times(std::move(times));
}

void add_bench(CLI::App& app, int& exit_status) {
  struct Options {
    std::string suite;
    std::string json_path;
    BenchFlags flags;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("bench", "Measure, and say how far from the limit it is");
  verb->add_option("SUITE", options->suite, "One of: " + suite_names())->required();
  verb->add_option("--json", options->json_path,
                   "Write the rows to this file; - is standard output");
  verb->add_option(
      "--tokenizer", options->flags.tokenizer,
      "For the suite tokenizer: a tokenizer.json or its folder (default: the small one "
      "of the project)");
  verb->add_option(
      "--only", options->flags.only,
      "For suites that run models: only rows whose name and dtype, as \"decode moe-100m "
      "float32\", hold this text");
  verb->callback([options, &exit_status] {
    report(run_suites(options->suite, options->flags), options->json_path);
    exit_status = 0;
  });
}

}  // namespace lapidary::cli
