// Checkpoints for tests of the verbs.
#pragma once

#include <string>

#include "support/paths.h"

namespace lapidary::test {

// The project's tiny mixture of experts with random weights, made by the init verb in a folder of
// its own, with tokenizer and a small chat template.
class TinyCheckpoint {
 public:
  // max_positions 0: the config's.
  explicit TinyCheckpoint(int max_positions = 0);
  const std::string& folder() const { return folder_; }
  std::string file(const std::string& name) const { return scratch_.file(name); }

 private:
  ScratchFolder scratch_;
  std::string folder_;
};

std::string fixture_folder(const std::string& name);  // of tests/data/gemma4-fixtures

}  // namespace lapidary::test
