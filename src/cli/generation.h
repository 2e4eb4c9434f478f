// The loop of generate: prompts into an engine, tokens to texts, answers to a sink.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/answer_sink.h"
#include "cli/answer_text.h"
#include "cli/prompt_lines.h"
#include "observe/progress.h"
#include "rollout/engine.h"
#include "tokenizer/tokenizer.h"

namespace lapidary::cli {

struct GenerationOptions {
  rollout::SamplingOptions sampling;
  Dim max_new_tokens = 0;
  std::vector<int64_t> stop_ids;
  Dim num_samples = 1;                              // answers of each prompt
  const tokenizer::Tokenizer* tokenizer = nullptr;  // none: answers without text
  tokenizer::SkipSpecial skip_special = tokenizer::SkipSpecial::kYes;
  std::vector<std::string> stops;  // need the tokenizer
};

// The random stream of an answer: depends on the prompt's tokens, on how many equal prompts came
// before it and on the number of the sample, not on other lines.
uint64_t random_stream(std::span<const int64_t> prompt_ids, uint64_t occurrence, uint64_t sample);

class Generation {
 public:
  // All of them must outlive the object. Submits everything.
  Generation(rollout::Engine& engine, const std::vector<PromptLine>& prompts,
             const GenerationOptions& options, AnswerSink& sink);

  // Until every answer is with the sink. An interrupt ends unfinished answers where they are
  // (kAbort). -> whether there was one.
  bool run(observe::Progress* progress);

 private:
  struct Slot {
    const PromptLine* prompt = nullptr;
    std::unique_ptr<AnswerText> text;  // from the first token to the end
  };
  void take(const rollout::TokenEvent& event);
  void take(rollout::Answer answer);

  rollout::Engine& engine_;
  GenerationOptions options_;
  AnswerSink& sink_;
  std::vector<Slot> slots_;  // answer n is request n + 1
};

}  // namespace lapidary::cli
