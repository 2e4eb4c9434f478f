#include "sandbox/output_capture.h"

#include <algorithm>

#include "base/text.h"

namespace lapidary::sandbox {
namespace {

struct Sequence {
  size_t length;  // bytes taken
  bool is_valid;
};

bool is_continuation(unsigned char byte) {
  return (byte & 0xC0) == 0x80;
}

// The character, or the longest invalid beginning of one, at the start of `text` (Unicode 3.9,
// table 3-7).
Sequence next_sequence(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {1, true};
  size_t length = 0;
  unsigned char low = 0x80, high = 0xBF;  // of the second byte
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {1, false};
  }
  if (text.size() < 2 || at(1) < low || at(1) > high) return {1, false};
  for (size_t i = 2; i < length; ++i) {
    if (i >= text.size() || !is_continuation(at(i))) return {i, false};
  }
  return {length, true};
}

// `text` without the bytes at its end that begin a character and do not finish it.
std::string_view without_cut_character(std::string_view text) {
  for (size_t back = 1; back <= std::min<size_t>(3, text.size()); ++back) {
    const std::string_view tail = text.substr(text.size() - back);
    if (is_continuation(static_cast<unsigned char>(tail[0]))) continue;
    const Sequence last = next_sequence(tail);
    if (!last.is_valid && last.length == back) text.remove_suffix(back);
    break;
  }
  return text;
}

}  // namespace

std::string repair_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const Sequence sequence = next_sequence(bytes);
    out += sequence.is_valid ? bytes.substr(0, sequence.length) : std::string_view("\xEF\xBF\xBD");
    bytes.remove_prefix(sequence.length);
  }
  return out;
}

void OutputCapture::append(std::string_view bytes) {
  total_bytes_ += static_cast<int64_t>(bytes.size());
  const auto most = static_cast<size_t>(max_bytes_);
  if (kept_ == Kept::kBeginning) {
    bytes_ += bytes.substr(0, most - std::min(most, bytes_.size()));
    return;
  }
  bytes_ += bytes;
  if (bytes_.size() > 2 * most) bytes_.erase(0, bytes_.size() - most);
}

std::string OutputCapture::text() const {
  if (!is_truncated()) return repair_utf8(bytes_);
  const auto most = static_cast<size_t>(max_bytes_);
  if (kept_ == Kept::kBeginning) {
    // The count of what was dropped would depend on when an endless program was stopped.
    return cat(repair_utf8(without_cut_character(bytes_)), "\n[output truncated after ", most,
               " bytes]\n");
  }
  std::string_view end(bytes_);
  end.remove_prefix(end.size() - most);
  while (!end.empty() && is_continuation(static_cast<unsigned char>(end[0]))) end.remove_prefix(1);
  return cat("[output truncated to its last ", most, " bytes]\n", repair_utf8(end));
}

}  // namespace lapidary::sandbox
