#include "loop/run_recorder.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "base/yaml.h"
#include "observe/report.h"

namespace lapidary::loop {
namespace {

namespace fs = std::filesystem;

std::string numbered(const std::string& prefix, int64_t number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "_%07lld.jsonl", static_cast<long long>(number));
  return prefix + text.data();
}

void make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error || !fs::is_directory(path)) {
    fail(ErrorKind::kInvalidArgument, "--run-dir: cannot make ", path, ": ",
         error ? error.message() : "it is no folder");
  }
}

// Cuts the file to its first `count` lines. -> how many it has then.
int64_t cut_lines(const std::string& path, int64_t count) {
  if (!fs::exists(path)) return 0;
  const std::string text = read_file(path);
  size_t end = 0;
  int64_t lines = 0;
  while (lines < count) {
    const size_t next = text.find('\n', end);
    if (next == std::string::npos) break;  // torn by a kill
    end = next + 1;
    ++lines;
  }
  if (end < text.size()) write_file_atomically(path, text.substr(0, end));
  return lines;
}

// The numbered files of rollouts that will be made again.
void remove_numbered(const std::string& folder, int64_t first) {
  if (!fs::is_directory(folder)) return;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    const size_t at = name.rfind('_');
    if (at == std::string::npos) continue;
    const std::string digits = name.substr(at + 1);
    if (digits.size() != 7 || digits.find_first_not_of("0123456789") != std::string::npos) continue;
    if (std::stoll(digits) >= first) fs::remove(entry.path());
  }
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string lines_text(const std::vector<Json>& lines) {
  std::string text;
  for (const Json& line : lines) text += dump_json(line) + "\n";
  return text;
}

}  // namespace

RunRecorder::RunRecorder(RecorderOptions options, const Json& resolved_config)
    : options_(std::move(options)) {
  const std::string metrics = options_.folder + "/metrics.jsonl";
  std::error_code ignored;
  const bool has_records = fs::exists(metrics, ignored) && fs::file_size(metrics, ignored) > 0;
  if (has_records && !options_.may_replace) {
    fail(ErrorKind::kInvalidArgument, "--run-dir ", options_.folder,
         " holds the records of an earlier run; name another folder, or go on with that run by "
         "--load and its --save folder");
  }
  make_folder(options_.folder);
  make_folder(options_.folder + "/rollouts");
  num_rows_ = cut_lines(metrics, options_.kept_rows);
  remove_numbered(options_.folder + "/rollouts", options_.kept_rollouts);
  remove_numbered(options_.folder + "/evaluations", options_.kept_rollouts + 1);
  write_file_atomically(options_.folder + "/config.yaml", dump_yaml(resolved_config));
  set_log_file(options_.folder + "/log.txt");
  metrics_ = std::make_unique<observe::JsonlSink>(metrics);
  if (options_.has_tensorboard) {
    const std::string folder = options_.tensorboard_folder.empty()
                                   ? options_.folder + "/tensorboard"
                                   : options_.tensorboard_folder;
    make_folder(folder);
    tensorboard_ = std::make_unique<observe::TensorboardSink>(folder, wall_seconds);
  }
}

RunRecorder::~RunRecorder() {
  set_log_file("");
}

void RunRecorder::write(const observe::MetricRow& row) {
  metrics_->write(row);
  ++num_rows_;
  if (tensorboard_) tensorboard_->write(row);
}

void RunRecorder::write_rollout(int64_t rollout_id, const std::vector<Json>& lines) {
  write_file_atomically(numbered(options_.folder + "/rollouts/rollout", rollout_id),
                        lines_text(lines));
}

void RunRecorder::write_evaluation(const std::string& name, int64_t rollouts_done,
                                   const std::vector<Json>& lines) {
  make_folder(options_.folder + "/evaluations");
  std::string safe = name;
  for (char& c : safe) {
    if (c == '/' || c == '\0') c = '-';
  }
  write_file_atomically(numbered(options_.folder + "/evaluations/" + safe, rollouts_done),
                        lines_text(lines));
}

void RunRecorder::finish() {
  trace_.save(options_.folder + "/trace.json");
  write_file_atomically(options_.folder + "/report.html",
                        observe::report_html(options_.folder, {}));
}

}  // namespace lapidary::loop
