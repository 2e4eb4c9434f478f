// The text of one answer while its tokens come: decoded to whole characters, ended before the
// first stop string.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tokenizer/stop_strings.h"
#include "tokenizer/stream_decoder.h"

namespace lapidary::cli {

class AnswerText {
 public:
  AnswerText(const tokenizer::Tokenizer& tokenizer, tokenizer::SkipSpecial skip_special,
             const std::vector<std::string>& stops)
      : vocab_size_(tokenizer.vocab_size()), decoder_(tokenizer, skip_special), stops_(stops) {}

  // The text that is certain now. An id beyond the tokenizer's vocabulary (a model may have spare
  // rows) has no text.
  std::string push(int64_t id);
  // What was held back, when the answer has ended.
  std::string finish();

  // A stop string was found: the answer is over.
  bool has_stopped() const { return stops_.found(); }
  const std::string& text() const { return text_; }  // all that push and finish gave out

 private:
  Dim vocab_size_;
  tokenizer::StreamDecoder decoder_;
  tokenizer::StopStrings stops_;
  std::string text_;
};

}  // namespace lapidary::cli
