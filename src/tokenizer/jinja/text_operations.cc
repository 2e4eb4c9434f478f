#include "tokenizer/jinja/text_operations.h"

#include <string.h>

#include <algorithm>

#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer::jinja {
namespace {

class CharSet {
 public:
  explicit CharSet(std::optional<std::string_view> chars) : is_space_(!chars) {
    if (!chars) return;
    for (size_t at = 0; at < chars->size();) codes_ += next_code_point(*chars, at);
    std::sort(codes_.begin(), codes_.end());
  }
  bool holds(CodePoint code) const {
    return is_space_ ? is_space(code) : std::binary_search(codes_.begin(), codes_.end(), code);
  }

 private:
  bool is_space_;
  std::u32string codes_;
};

size_t past_space(std::string_view text, size_t at) {
  while (at < text.size()) {
    size_t after = at;
    if (!is_space(next_code_point(text, after))) break;
    at = after;
  }
  return at;
}

size_t past_word(std::string_view text, size_t at) {
  while (at < text.size()) {
    size_t after = at;
    if (is_space(next_code_point(text, after))) break;
    at = after;
  }
  return at;
}

}  // namespace

std::string_view strip(std::string_view text, Sides sides, std::optional<std::string_view> chars) {
  const CharSet set(chars);
  size_t start = 0;
  size_t end = text.size();
  while (sides != Sides::kRight && start < end) {
    size_t after = start;
    if (!set.holds(next_code_point(text, after))) break;
    start = after;
  }
  while (sides != Sides::kLeft && end > start) {
    size_t before = end;
    if (!set.holds(previous_code_point(text, before))) break;
    end = before;
  }
  return text.substr(start, end - start);
}

size_t find_first(std::string_view text, std::string_view wanted, size_t from) {
  if (from > text.size()) return std::string_view::npos;
  const void* found =
      ::memmem(text.data() + from, text.size() - from, wanted.data(), wanted.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

size_t find_last(std::string_view text, std::string_view wanted) {
  constexpr size_t kShort = 32;
  if (wanted.size() <= kShort || wanted.size() > text.size()) return text.rfind(wanted);
  const std::string reversed(text.rbegin(), text.rend());
  const size_t found = find_first(reversed, std::string(wanted.rbegin(), wanted.rend()));
  if (found == std::string_view::npos) return found;
  return text.size() - found - wanted.size();
}

Pieces split_words(Runtime& run, std::string_view text, int64_t limit) {
  Pieces out;
  run.step_bytes(text.size());
  for (size_t at = past_space(text, 0); at < text.size(); at = past_space(text, at)) {
    run.step();
    if (limit >= 0 && static_cast<int64_t>(out.size()) == limit) {
      out.push_back(text.substr(at));
      break;
    }
    const size_t start = at;
    at = past_word(text, at);
    out.push_back(text.substr(start, at - start));
  }
  return out;
}

Pieces split_words_from_right(Runtime& run, std::string_view text, int64_t limit) {
  Pieces out;
  run.step_bytes(text.size());
  text = strip(text, Sides::kRight);
  while (!text.empty()) {
    run.step();
    if (limit >= 0 && static_cast<int64_t>(out.size()) == limit) {
      out.push_back(text);
      break;
    }
    size_t start = text.size();
    while (start > 0) {
      size_t before = start;
      if (is_space(previous_code_point(text, before))) break;
      start = before;
    }
    out.push_back(text.substr(start));
    text = strip(text.substr(0, start), Sides::kRight);
  }
  std::reverse(out.begin(), out.end());
  return out;
}

Pieces split_at(Runtime& run, std::string_view text, std::string_view separator, int64_t limit) {
  Pieces out;
  run.step_bytes(text.size());
  size_t start = 0;
  while (limit < 0 || static_cast<int64_t>(out.size()) < limit) {
    run.step();
    const size_t found = find_first(text, separator, start);
    if (found == std::string_view::npos) break;
    out.push_back(text.substr(start, found - start));
    start = found + separator.size();
  }
  out.push_back(text.substr(start));
  return out;
}

Pieces split_at_from_right(Runtime& run, std::string_view text, std::string_view separator,
                           int64_t limit) {
  const std::string reversed(text.rbegin(), text.rend());
  const std::string wanted(separator.rbegin(), separator.rend());
  Pieces out = split_at(run, reversed, wanted, limit);
  for (std::string_view& piece : out) {
    const auto start = static_cast<size_t>(piece.data() - reversed.data());
    piece = text.substr(text.size() - start - piece.size(), piece.size());
  }
  std::reverse(out.begin(), out.end());
  return out;
}

Pieces split_lines(Runtime& run, std::string_view text, bool keeps_ends) {
  Pieces out;
  run.step_bytes(text.size());
  size_t start = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = at;
    const CodePoint code = next_code_point(text, at);
    if (!is_line_break(code)) continue;
    if (code == '\r' && at < text.size() && text[at] == '\n') ++at;
    run.step();
    out.push_back(text.substr(start, (keeps_ends ? at : end) - start));
    start = at;
  }
  if (start < text.size()) out.push_back(text.substr(start));
  return out;
}

std::string replace(Runtime& run, std::string_view text, std::string_view old,
                    std::string_view replacement, int64_t limit) {
  TextBuilder out(run);
  size_t start = 0;
  for (int64_t done = 0; limit < 0 || done < limit; ++done) {
    if (old.empty()) {
      out.append(replacement);
      if (start == text.size()) return out.take();
      size_t after = start;
      next_code_point(text, after);
      out.append(text.substr(start, after - start));
      start = after;
      continue;
    }
    const size_t found = find_first(text, old, start);
    if (found == std::string_view::npos) break;
    out.append(text.substr(start, found - start));
    out.append(replacement);
    start = found + old.size();
  }
  out.append(text.substr(start));
  return out.take();
}

std::pair<int64_t, int64_t> clip(int64_t start, int64_t stop, int64_t length) {
  const auto clipped = [length](int64_t at) {
    return std::clamp(at < 0 ? at + length : at, int64_t{0}, length);
  };
  start = clipped(start);
  return {start, std::max(start, clipped(stop))};
}

std::string_view code_points(const Text& text, int64_t start, int64_t stop) {
  const std::string_view bytes = text.bytes;
  if (text.is_ascii()) {
    return bytes.substr(static_cast<size_t>(start), static_cast<size_t>(stop - start));
  }
  const size_t first = byte_of_code_point(bytes, start);
  const std::string_view rest = bytes.substr(first);
  return rest.substr(0, byte_of_code_point(rest, stop - start));
}

int64_t code_point_of_byte(const Text& text, size_t at) {
  if (text.is_ascii()) return static_cast<int64_t>(at);
  return count_code_points(std::string_view(text.bytes).substr(0, at));
}

}  // namespace lapidary::tokenizer::jinja
