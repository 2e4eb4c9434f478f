// The tokenizer and the chat template of the tiny models, for tests that need real texts.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "rl/env/episode.h"
#include "support/paths.h"
#include "tokenizer/chat_template.h"
#include "tokenizer/tokenizer.h"

namespace lapidary::test {

inline tokenizer::Tokenizer tiny_tokenizer() {
  return tokenizer::Tokenizer::load(project_path("assets/tiny"));
}

inline tokenizer::ChatTemplate template_of(const std::string& path) {
  return tokenizer::ChatTemplate::from_text(read_file(path), path);
}

inline tokenizer::ChatTemplate tiny_template() {
  return template_of(project_path("assets/tiny/chat_template.jinja"));
}

inline rl::TextCodec tiny_codec() {
  const tokenizer::Tokenizer tokenizer = tiny_tokenizer();
  return {[tokenizer](const std::string& text) {
            const std::vector<int32_t> ids =
                tokenizer.encode(text, tokenizer::SpecialTokens::kNone);
            return std::vector<int64_t>(ids.begin(), ids.end());
          },
          [tokenizer](std::span<const int64_t> ids) {
            const std::vector<int32_t> narrow(ids.begin(), ids.end());
            return tokenizer.decode(narrow, tokenizer::SkipSpecial::kNo);
          }};
}

inline rl::GeneratedTurn tiny_turn(const std::string& text) {
  rl::GeneratedTurn turn;
  turn.tokens = tiny_codec().encode(text);
  turn.log_probs.assign(turn.tokens.size(), -0.5F);
  return turn;
}

}  // namespace lapidary::test
