#include "rl/reward/boxed.h"

namespace lapidary::rl {

namespace {

constexpr TextView kBoxed = U"\\boxed";
constexpr TextView kBoxOpen = U"\\boxed{";

// The position of the brace that closes the first one behind `at`, or npos.
size_t closing_brace(TextView text, size_t at) {
  int depth = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == U'{') {
      ++depth;
    } else if (text[at] == U'}' && --depth == 0) {
      return at;
    }
  }
  return TextView::npos;
}

std::optional<Text> content_of(TextView text, size_t begin) {
  const size_t end = closing_brace(text, begin);
  if (end == TextView::npos || !text.substr(begin).starts_with(kBoxOpen)) {
    return std::nullopt;
  }
  const size_t content = begin + kBoxOpen.size();
  return Text(text.substr(content, end - content));
}

}  // namespace

std::optional<Text> boxed_answer(TextView text) {
  const size_t begin = text.rfind(kBoxed);
  return begin == TextView::npos ? std::nullopt : content_of(text, begin);
}

std::optional<Text> strict_boxed_answer(TextView text) {
  const size_t begin = text.rfind(kBoxOpen);
  return begin == TextView::npos ? std::nullopt : content_of(text, begin);
}

}  // namespace lapidary::rl
