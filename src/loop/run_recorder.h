// The records of a run in its folder: config.yaml, metrics.jsonl, rollouts/, evaluations/,
// tensorboard/, trace.json, log.txt, report.html.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "observe/jsonl_sink.h"
#include "observe/tensorboard_sink.h"
#include "observe/trace.h"

namespace lapidary::loop {

struct RecorderOptions {
  std::string folder;
  std::string tensorboard_folder = {};  // "": FOLDER/tensorboard
  bool has_tensorboard = true;
  // Of the run that is continued: rows and rollouts behind these are dropped. 0: a new run, whose
  // folder may hold no records unless `may_replace`.
  int64_t kept_rows = 0;
  int64_t kept_rollouts = 0;
  bool may_replace = false;
};

class RunRecorder {
 public:
  // Throws Error{kInvalidArgument} for a folder that cannot be written or holds another run.
  RunRecorder(RecorderOptions options, const Json& resolved_config);
  RunRecorder(const RunRecorder&) = delete;
  RunRecorder& operator=(const RunRecorder&) = delete;
  ~RunRecorder();

  void write(const observe::MetricRow& row);
  // Replaces rollouts/rollout_0000003.jsonl, whole.
  void write_rollout(int64_t rollout_id, const std::vector<Json>& lines);
  void write_evaluation(const std::string& name, int64_t rollouts_done,
                        const std::vector<Json>& lines);
  observe::Trace& trace() { return trace_; }
  void finish();  // trace.json and report.html

  int64_t num_rows() const { return num_rows_; }
  const std::string& folder() const { return options_.folder; }

 private:
  RecorderOptions options_;
  std::unique_ptr<observe::JsonlSink> metrics_;
  std::unique_ptr<observe::TensorboardSink> tensorboard_;
  observe::Trace trace_;
  int64_t num_rows_ = 0;
};

}  // namespace lapidary::loop
