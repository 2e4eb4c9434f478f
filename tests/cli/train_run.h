// Runs of the train verb on the tiny checkpoint, for tests.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/program.h"
#include "cli/tiny_checkpoint.h"

namespace lapidary::test {

// A checkpoint and twelve short problems.
class TrainBench {
 public:
  TrainBench();
  std::string file(const std::string& name) const { return checkpoint_.file(name); }
  const std::string& model() const { return checkpoint_.folder(); }
  const std::string& problems() const { return problems_; }

  // A run of `rollouts` small rollouts (4 prompts x 2 answers, random rewards), with more words.
  std::vector<std::string> words(int rollouts, const std::vector<std::string>& more = {}) const;

 private:
  TinyCheckpoint checkpoint_;
  std::string problems_;
};

// metrics.jsonl without what a clock decides ("perf/"), each row as text by its number.
std::vector<std::string> timeless_metrics(const std::string& run_folder);
// All trajectories of a run without times, by file name.
std::map<std::string, std::string> timeless_rollouts(const std::string& run_folder);

}  // namespace lapidary::test
