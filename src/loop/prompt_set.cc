#include "loop/prompt_set.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"

namespace lapidary::loop {

PromptSet load_prompts(const rl::PromptFileOptions& file, const Environment& environment,
                       Dim max_prompt_tokens) {
  PromptSet out;
  out.file = rl::parse_prompt_path(file.path).path;
  Dim longest = 0;
  for (rl::Prompt& prompt : rl::read_prompts(file)) {
    std::vector<int64_t> tokens = environment.prompt_tokens(prompt, out.file);
    longest = std::max(longest, static_cast<Dim>(tokens.size()));
    if (static_cast<Dim>(tokens.size()) > max_prompt_tokens) {
      ++out.num_too_long;
      continue;
    }
    out.prompts.push_back(std::move(prompt));
    out.tokens.push_back(std::move(tokens));
  }
  if (out.prompts.empty()) {
    fail(ErrorKind::kInvalidArgument, out.file, ": each of its ", out.num_too_long,
         " prompts has more than ", max_prompt_tokens, " tokens (the longest has ", longest,
         "); raise --rollout-max-prompt-len or --rollout-max-context-len");
  }
  if (out.num_too_long > 0) {
    log_warning(cat(out.file, ": left out ", out.num_too_long, " of ",
                    out.num_too_long + out.size(), " prompts, which have more than ",
                    max_prompt_tokens, " tokens"));
  }
  return out;
}

}  // namespace lapidary::loop
