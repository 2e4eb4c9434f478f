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
      : tokenizer_(tokenizer),
        skip_special_(skip_special),
        decoder_(tokenizer, skip_special),
        stops_(stops) {}

  // The text that is certain now. An id beyond the tokenizer's vocabulary (a model may have spare
  // rows) has no text.
  std::string push(int64_t id);
  // What was held back, when the answer has ended.
  std::string finish();

  // The whole text, after finish(): what all ids decode to together, or, when a stop string was
  // found, what came before it. (Byte tokens that turn out to be no characters are the one thing
  // that reads differently while it streams: stream_decoder.h.)
  std::string text() const;

  // A stop string was found: the answer is over.
  bool has_stopped() const { return stops_.found(); }

 private:
  tokenizer::Tokenizer tokenizer_;
  tokenizer::SkipSpecial skip_special_;
  tokenizer::StreamDecoder decoder_;
  tokenizer::StopStrings stops_;
  std::vector<int32_t> ids_;
  std::string streamed_;  // all that push and finish gave out
};

}  // namespace lapidary::cli
