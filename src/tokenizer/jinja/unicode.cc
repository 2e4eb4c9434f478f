#include "tokenizer/jinja/unicode.h"

#include <algorithm>

#include "tokenizer/jinja/unicode_tables.h"

namespace lapidary::tokenizer::jinja {
namespace {

// The run that holds `code`, or null.
const CodeRun* find_run(std::span<const CodeRun> runs, CodePoint code) {
  const auto after =
      std::upper_bound(runs.begin(), runs.end(), code,
                       [](CodePoint c, const CodeRun& run) { return c < run.first; });
  if (after == runs.begin()) return nullptr;
  const CodeRun& run = *(after - 1);
  return code <= run.last && (code - run.first) % run.stride == 0 ? &run : nullptr;
}

bool contains(std::span<const CodeRun> runs, CodePoint code) {
  return find_run(runs, code) != nullptr;
}

bool is_ascii_letter(CodePoint code) {
  return (code | 0x20) >= 'a' && (code | 0x20) <= 'z';
}
bool is_ascii_digit(CodePoint code) {
  return code >= '0' && code <= '9';
}

unsigned byte_at(std::string_view text, size_t at) {
  return static_cast<unsigned char>(text[at]);
}
bool is_continuation(std::string_view text, size_t at) {
  return at < text.size() && (byte_at(text, at) & 0xC0) == 0x80;
}

}  // namespace

CodePoint next_code_point(std::string_view text, size_t& at) {
  const unsigned first = byte_at(text, at++);
  const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
  if (more == 0) return first;
  CodePoint code = first & (0x3FU >> more);
  size_t end = at;
  for (int i = 0; i < more; ++i, ++end) {
    if (!is_continuation(text, end)) return first;
    code = (code << 6) | (byte_at(text, end) & 0x3F);
  }
  at = end;
  return code;
}

CodePoint previous_code_point(std::string_view text, size_t& at) {
  size_t start = at - 1;
  while (start > 0 && at - start < 4 && is_continuation(text, start)) --start;
  at = start;
  return next_code_point(text, start);
}

int64_t count_code_points(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

size_t byte_of_code_point(std::string_view text, int64_t index) {
  size_t at = 0;
  for (int64_t seen = 0; at < text.size(); ++at) {
    if (!is_continuation(text, at) && seen++ == index) return at;
  }
  return at;
}

bool is_space(CodePoint code) {
  if (code < 0x80)
    return code == ' ' || (code >= 9 && code <= 13) || (code >= 0x1C && code <= 0x1F);
  return code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) ||
         code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}
bool is_alpha(CodePoint code) {
  return code < 0x80 ? is_ascii_letter(code) : contains(kAlpha, code);
}
bool is_decimal(CodePoint code) {
  return code < 0x80 ? is_ascii_digit(code) : contains(kDecimal, code);
}
int decimal_value(CodePoint code) {
  if (code < 0x80) return is_ascii_digit(code) ? static_cast<int>(code - '0') : -1;
  const CodeRun* run = find_run(kDecimal, code);  // runs begin with a zero, sets of ten follow
  return run == nullptr ? -1 : static_cast<int>((code - run->first) % 10);
}
bool is_digit(CodePoint code) {
  return code < 0x80 ? is_ascii_digit(code) : contains(kDigit, code);
}
bool is_numeric(CodePoint code) {
  return code < 0x80 ? is_ascii_digit(code) : contains(kNumeric, code);
}
bool is_alnum(CodePoint code) {
  return is_alpha(code) || is_numeric(code);
}
bool is_upper(CodePoint code) {
  return code < 0x80 ? code >= 'A' && code <= 'Z' : contains(kUpper, code);
}
bool is_lower(CodePoint code) {
  return code < 0x80 ? code >= 'a' && code <= 'z' : contains(kLower, code);
}
bool is_title(CodePoint code) {
  return code >= 0x80 && contains(kTitle, code);
}
bool is_printable(CodePoint code) {
  return code < 0x80 ? code >= 0x20 && code < 0x7F : !contains(kUnprintable, code);
}
bool is_name_start(CodePoint code) {
  return code == '_' || is_alpha(code);
}
bool is_name_part(CodePoint code) {
  return code == '_' || is_alnum(code);
}
bool is_line_break(CodePoint code) {
  return (code >= 0x0A && code <= 0x0D) || (code >= 0x1C && code <= 0x1E) || code == 0x85 ||
         code == 0x2028 || code == 0x2029;
}

}  // namespace lapidary::tokenizer::jinja
