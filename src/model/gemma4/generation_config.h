// generation_config.json: the stop ids and the sampling settings that a checkpoint suggests.
// Torch-free.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lapidary::model {

struct GenerationConfig {
  // folder/generation_config.json; a checkpoint without one gives the defaults below.
  static GenerationConfig read(const std::string& folder);

  std::vector<int64_t> eos_token_ids;  // empty: those of config.json
  std::optional<int64_t> bos_token_id;
  std::optional<int64_t> pad_token_id;
  std::vector<int64_t> suppress_tokens;
  bool do_sample = false;
  std::optional<double> temperature;
  std::optional<int64_t> top_k;
  std::optional<double> top_p;
};

}  // namespace lapidary::model
