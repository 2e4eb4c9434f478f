// What `lapidary inspect` finds out about a checkpoint folder. Reads headers only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "checkpoint/hf_checkpoint.h"
#include "cli/tokenizer_summary.h"
#include "model/gemma4/config.h"
#include "model/gemma4/hf_names.h"

namespace lapidary::cli {

struct Inspection {
  std::string folder;
  std::string architecture;                                 // "" when config.json does not say
  std::optional<model::Gemma4Config> config;                // absent when it could not be read
  std::shared_ptr<const checkpoint::HfCheckpoint> weights;  // nullptr when they could not be
  std::optional<model::ParameterCounts> counts;             // with config
  std::optional<model::TensorMatch> match;                  // with config and weights
  std::optional<TokenizerSummary> tokenizer;
  bool has_chat_template = false;
  std::vector<std::string> problems;  // everything that is wrong, in words
};

// Problems are collected, not thrown. Throws Error{kNotFound} where there is no such folder.
Inspection inspect_checkpoint(const std::string& folder);

// The contract's fields and more.
Json to_json(const Inspection& inspection);
// For people.
std::string to_text(const Inspection& inspection);

}  // namespace lapidary::cli
