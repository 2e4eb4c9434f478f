#include "cli/answer_text.h"

namespace lapidary::cli {

std::string AnswerText::push(int64_t id) {
  if (id >= vocab_size_) return "";
  std::string out = stops_.push(decoder_.push(static_cast<int32_t>(id)));
  text_ += out;
  return out;
}

std::string AnswerText::finish() {
  std::string out = stops_.push(decoder_.flush());
  out += stops_.flush();
  text_ += out;
  return out;
}

}  // namespace lapidary::cli
