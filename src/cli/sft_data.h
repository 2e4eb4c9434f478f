// What sft learns from: JSON lines of conversations, or of token ids with a mask.
//
// Worked example. {"input_ids": [2, 7, 40, 50, 60], "loss_mask": [0, 0, 1, 0, 1]} is the sample of
// tokens {2, 7, 40, 50, 60} with the response {40, 50, 60} and its mask {1, 0, 1}.
#pragma once

#include <string>
#include <vector>

#include "base/dim.h"
#include "base/json.h"
#include "rl/record/sample.h"

namespace lapidary::cli {

struct SftDataOptions {
  std::string path;         // a row slice as in --prompt-data
  std::string text_folder;  // tokenizer and chat template; needed by conversations alone
  std::string messages_key = "messages";
  std::string tools_key = "tools";
  Json template_variables = Json::object();  // --apply-chat-template-kwargs
  Dim max_tokens = 0;                        // longer rows are left out; 0: none is
};

struct SftData {
  std::vector<rl::Sample> samples;
  Dim num_too_long = 0;
};

// The first row tells which of the two the file holds. Throws Error with file and line for a row
// that cannot be learned from, and kInvalidArgument when nothing is left.
SftData read_sft_data(const SftDataOptions& options);

}  // namespace lapidary::cli
