// A glance at tokenizer.json: counts only, read event by event, so that a file of 30 MB costs a
// fraction of a second and no document in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"

namespace lapidary::cli {

struct TokenizerSummary {
  std::string type;  // "BPE"
  int64_t num_entries = 0;
  int64_t num_merges = 0;
  int64_t num_added_tokens = 0;
  int64_t num_special_tokens = 0;  // of the added ones

  std::string to_text() const;
  Json to_json() const;
};

// Nothing where the folder has no tokenizer.json. Throws Error{kCorrupt} for one that is not JSON.
std::optional<TokenizerSummary> summarize_tokenizer(const std::string& folder);

}  // namespace lapidary::cli
