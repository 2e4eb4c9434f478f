// The prompts of a file as tokens, those that are too long left out.
#pragma once

#include <string>
#include <vector>

#include "loop/environment.h"
#include "rl/data/prompt_file.h"

namespace lapidary::loop {

struct PromptSet {
  std::string file;
  std::vector<rl::Prompt> prompts;
  std::vector<std::vector<int64_t>> tokens;  // [prompts]
  Dim num_too_long = 0;

  Dim size() const { return static_cast<Dim>(prompts.size()); }
};

// Every row is read and tokenised before anything runs. Throws as rl::read_prompts and
// Environment::prompt_tokens do, and Error{kInvalidArgument} when all prompts are too long.
PromptSet load_prompts(const rl::PromptFileOptions& file, const Environment& environment,
                       Dim max_prompt_tokens);

}  // namespace lapidary::loop
