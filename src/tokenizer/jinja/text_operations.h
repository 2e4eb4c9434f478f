// Python's str operations on UTF-8 texts, apart from values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/jinja/text_builder.h"
#include "tokenizer/jinja/value.h"

namespace lapidary::tokenizer::jinja {

enum class Sides { kBoth, kLeft, kRight };

// Without white space, or without the code points of `chars`, at the sides.
std::string_view strip(std::string_view text, Sides sides,
                       std::optional<std::string_view> chars = std::nullopt);

// Byte offset of the first (last) `wanted` in `text` from `from` on, or npos. Linear, unlike
// std::string_view's.
size_t find_first(std::string_view text, std::string_view wanted, size_t from = 0);
size_t find_last(std::string_view text, std::string_view wanted);

using Pieces = std::vector<std::string_view>;
// At runs of white space; at most `limit` cuts, any number if negative. Charges a step a piece.
Pieces split_words(Runtime& run, std::string_view text, int64_t limit);
Pieces split_words_from_right(Runtime& run, std::string_view text, int64_t limit);
// At each `separator`, which must not be empty.
Pieces split_at(Runtime& run, std::string_view text, std::string_view separator, int64_t limit);
Pieces split_at_from_right(Runtime& run, std::string_view text, std::string_view separator,
                           int64_t limit);
Pieces split_lines(Runtime& run, std::string_view text, bool keeps_ends);

// At most `limit` occurrences, all if negative. An empty `old` stands between all code points.
std::string replace(Runtime& run, std::string_view text, std::string_view old,
                    std::string_view replacement, int64_t limit);

// start:stop as Python clips it to a sequence of `length` items; negative counts from the end.
std::pair<int64_t, int64_t> clip(int64_t start, int64_t stop, int64_t length);
// The code points [start, stop), which must be clipped.
std::string_view code_points(const Text& text, int64_t start, int64_t stop);

// Code points from the start of the text to byte `at`.
int64_t code_point_of_byte(const Text& text, size_t at);

}  // namespace lapidary::tokenizer::jinja
