#include "cli/train_flags.h"

#include <iterator>

namespace lapidary::cli {

std::vector<FlagSpec> train_flag_table() {
  std::vector<FlagSpec> out = data_and_rollout_flags();
  for (auto part : {training_flags, flags_to_come, flags_without_effect}) {
    std::vector<FlagSpec> more = part();
    out.insert(out.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
  }
  return out;
}

std::vector<std::string> take_engine_flags(std::vector<std::string>& words) {
  std::vector<std::string> taken;
  std::vector<std::string> kept;
  bool dropping = false;
  for (const std::string& word : words) {
    if (word.starts_with("--")) {
      dropping = word.starts_with("--sglang-") || word.starts_with("--router-");
      if (dropping) taken.push_back(word.substr(0, word.find('=')));
    }
    if (!dropping) kept.push_back(word);
  }
  words = std::move(kept);
  return taken;
}

}  // namespace lapidary::cli
