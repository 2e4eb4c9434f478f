// Code points in UTF-8 texts and what Python's str says of them. Lone surrogates, which Python
// texts may hold, are kept in UTF-8's form for them (three bytes, ED A0 80 to ED BF BF).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tokenizer/utf8.h"  // append_code_point, well_formed_prefix

namespace lapidary::tokenizer::jinja {

using CodePoint = char32_t;
constexpr CodePoint kLastCodePoint = 0x10FFFF;

// The code point that begins at byte `at` (must be inside `text`, which must be well-formed), and
// `at` moved behind it. A byte that begins nothing well-formed is taken alone, as its own value.
CodePoint next_code_point(std::string_view text, size_t& at);
// The one that ends before byte `at` (> 0), and `at` moved to its start.
CodePoint previous_code_point(std::string_view text, size_t& at);

int64_t count_code_points(std::string_view text);
// The byte where code point `index` begins; text.size() at and behind the end.
size_t byte_of_code_point(std::string_view text, int64_t index);

bool is_space(CodePoint code);
bool is_alpha(CodePoint code);
bool is_decimal(CodePoint code);
int decimal_value(CodePoint code);  // of a decimal digit of any script, else -1
bool is_digit(CodePoint code);
bool is_numeric(CodePoint code);
bool is_alnum(CodePoint code);
bool is_upper(CodePoint code);
bool is_lower(CodePoint code);
bool is_title(CodePoint code);
bool is_printable(CodePoint code);
bool is_name_start(CodePoint code);
bool is_name_part(CodePoint code);
// \n, \r, \v, \f, U+001C to U+001E, U+0085, U+2028, U+2029: where str.splitlines splits.
bool is_line_break(CodePoint code);

std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);
std::string to_casefold(std::string_view text);
std::string to_swapcase(std::string_view text);
std::string to_title(std::string_view text);        // str.title
std::string to_capitalized(std::string_view text);  // str.capitalize

}  // namespace lapidary::tokenizer::jinja
