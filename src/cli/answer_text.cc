#include "cli/answer_text.h"

namespace lapidary::cli {

std::string AnswerText::push(int64_t id) {
  if (id >= tokenizer_.vocab_size()) return "";
  ids_.push_back(static_cast<int32_t>(id));
  std::string out = stops_.push(decoder_.push(ids_.back()));
  streamed_ += out;
  return out;
}

std::string AnswerText::finish() {
  std::string out = stops_.push(decoder_.flush());
  out += stops_.flush();
  streamed_ += out;
  return out;
}

std::string AnswerText::text() const {
  return stops_.found() ? streamed_ : tokenizer_.decode(ids_, skip_special_);
}

}  // namespace lapidary::cli
