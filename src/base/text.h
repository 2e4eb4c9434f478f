// Building and inspecting short texts: messages, names, lists.
#pragma once

#include <cstdint>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace lapidary {

// The arguments, each through operator<<, one after another. For messages, not for hot paths.
template <typename... Parts>
std::string cat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return std::move(out).str();
}

// "a, b, c". With more than `max_shown` items the rest is counted: "a, b and 7 more".
std::string join(std::span<const std::string> items, std::string_view separator = ", ",
                 size_t max_shown = static_cast<size_t>(-1));

// "[2, 3, 4]"
std::string shape_text(std::span<const int64_t> shape);

// The candidate nearest to `word` in edit distance, or "" when none is near enough to be meant.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

// `text` in double quotes with control characters and invalid UTF-8 escaped, cut to about
// `max_bytes`: for messages.
std::string quoted(std::string_view text, size_t max_bytes = 80);

// 1234567 -> "1.18 MiB"
std::string bytes_text(double bytes);

}  // namespace lapidary
