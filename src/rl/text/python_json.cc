#include "rl/text/python_json.h"

#include <array>
#include <charconv>
#include <string_view>

#include "base/error.h"

namespace lapidary::rl {

namespace {

constexpr std::array<std::string_view, 3> kConstants = {"-Infinity", "Infinity", "NaN"};

// The code unit of an escape "\uXXXX" at `at`, or -1.
int escaped_unit(std::string_view text, size_t at) {
  if (text.substr(at, 2) != "\\u" || at + 6 > text.size()) {
    return -1;
  }
  int unit = 0;
  const char* end = text.data() + at + 6;
  const auto parsed = std::from_chars(text.data() + at + 2, end, unit, 16);
  return parsed.ec == std::errc() && parsed.ptr == end ? unit : -1;
}

bool is_high(int unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
bool is_low(int unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

// One step inside a text: what stands at `at` (an escape as a whole), made standard.
void copy_text_step(std::string_view text, size_t& at, std::string& out) {
  if (text[at] != '\\' || at + 1 == text.size()) {
    out.push_back(text[at++]);
    return;
  }
  const int unit = escaped_unit(text, at);
  if (unit < 0) {
    out.append(text.substr(at, 2));
    at += 2;
  } else if (is_high(unit) && is_low(escaped_unit(text, at + 6))) {
    out.append(text.substr(at, 12));
    at += 12;
  } else {
    out.append(is_high(unit) || is_low(unit) ? std::string_view("\\uFFFD") : text.substr(at, 6));
    at += 6;
  }
}

std::string standard_json(std::string_view text) {
  std::string out;
  bool is_in_text = false;
  for (size_t at = 0; at < text.size();) {
    if (is_in_text) {
      is_in_text = text[at] != '"';
      copy_text_step(text, at, out);
      continue;
    }
    bool is_constant = false;
    for (const std::string_view constant : kConstants) {
      if (text.substr(at).starts_with(constant)) {
        out += "null";
        at += constant.size();
        is_constant = true;
        break;
      }
    }
    if (!is_constant) {
      is_in_text = text[at] == '"';
      out.push_back(text[at++]);
    }
  }
  return out;
}

}  // namespace

std::optional<Json> parse_python_json(const std::string& text) {
  try {
    return parse_json(standard_json(text), "JSON");
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace lapidary::rl
