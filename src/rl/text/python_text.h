// Python's str and float behaviour, where rewards and parsers have to agree with a reference that
// is written in Python. Texts are worked on as code points.
//
// Example: strip(decode_utf8(" 5\u00A0")) is U"5"; python_repr(1e16) is "1e+16".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lapidary::rl {

using Text = std::u32string;
using TextView = std::u32string_view;

// Bytes that are no UTF-8 become U+FFFD, one a byte.
Text decode_utf8(std::string_view bytes);
std::string encode_utf8(TextView text);
// An ASCII literal as Text.
Text ascii(std::string_view literal);

// str.isspace, str.isalpha, str.isdigit of one character; \w of a regular expression; '0' to '9'.
bool is_space(char32_t code);
bool is_alpha(char32_t code);
bool is_digit(char32_t code);
bool is_word_character(char32_t code);
constexpr bool is_ascii_digit(char32_t code) {
  return code >= U'0' && code <= U'9';
}

TextView strip(TextView text);
Text lower(TextView text);
bool contains(TextView text, TextView part);
// Every occurrence, from the left, not overlapping.
Text replace_all(TextView text, TextView part, TextView by);
std::vector<Text> split(TextView text, TextView separator);
// The last `count` characters.
TextView last_characters(TextView text, size_t count);
// Behind the whitespace that begins at `at`.
size_t skip_spaces(TextView text, size_t at);

// float(text): none where Python raises. Digits are ASCII.
std::optional<double> parse_float(TextView text);
// repr(value): the shortest text that reads back, "1.0", "1e-07", "inf".
std::string python_repr(double value);
// round(value, 1), by the exact binary value.
double round_to_tenth(double value);
// str(int(value)) of a finite value, in full.
std::string integer_text(double value);

}  // namespace lapidary::rl
