#include "sandbox/slime_ban_list.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "sandbox/output_capture.h"

namespace lapidary::sandbox {
namespace {

using Text = std::u32string;
using View = std::u32string_view;

constexpr std::array<std::string_view, 6> kBannedModules = {"os",     "sys",  "subprocess",
                                                            "shutil", "glob", "pathlib"};
constexpr std::array<std::string_view, 22> kBannedCalls = {
    "eval",       "exec",     "open",     "file",        "input",   "raw_input",
    "compile",    "execfile", "getattr",  "setattr",     "delattr", "hasattr",
    "globals",    "locals",   "vars",     "dir",         "type",    "isinstance",
    "issubclass", "super",    "property", "staticmethod"};
constexpr std::array<std::string_view, 10> kAllowedModules = {
    "math",      "random",   "datetime",   "collections", "itertools",
    "functools", "operator", "statistics", "decimal",     "fractions"};

Text decode(std::string_view code) {
  const std::string valid = repair_utf8(code);
  Text out;
  for (size_t i = 0; i < valid.size();) {
    const auto lead = static_cast<unsigned char>(valid[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    for (size_t k = 1; k < length; ++k) {
      point = (point << 6) | (static_cast<unsigned char>(valid[i + k]) & 0x3FU);
    }
    out.push_back(point);
    i += length;
  }
  return out;
}

// str.isspace(), which \s follows.
bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

// str.isalnum() or '_', which \w follows; beyond Latin-1 all but the blocks of signs.
bool is_word(char32_t c) {
  if (c < 0x80) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  }
  if (c < 0x100) {
    return c == 0xAA || c == 0xB5 || c == 0xBA || c == 0xB2 || c == 0xB3 || c == 0xB9 ||
           (c >= 0xBC && c <= 0xBE) || (c >= 0xC0 && c != 0xD7 && c != 0xF7);
  }
  const bool is_sign = (c >= 0x2000 && c <= 0x206F) || (c >= 0x20A0 && c <= 0x20FF) ||
                       (c >= 0x2190 && c <= 0x245F) || (c >= 0x2500 && c <= 0x2BFF) ||
                       (c >= 0x3000 && c <= 0x3004) || (c >= 0x3008 && c <= 0x3020) ||
                       (c >= 0xE000 && c <= 0xF8FF) || (c >= 0xFE00 && c <= 0xFE6F) ||
                       (c >= 0xFF00 && c <= 0xFF0F) || (c >= 0xFFE0 && c <= 0xFFFF) ||
                       (c >= 0x1F000 && c <= 0x1FAFF);
  return !is_sign;
}

// Case folding as re.IGNORECASE does it where the pattern is ASCII.
char32_t fold(char32_t c) {
  if (c >= 'A' && c <= 'Z') return c + ('a' - 'A');
  if (c == 0x130 || c == 0x131) return 'i';
  if (c == 0x17F) return 's';
  return c == 0x212A ? U'k' : c;
}

size_t skip_spaces(View text, size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

Text widened(std::string_view word) {
  return Text(word.begin(), word.end());
}

// import\s+WORD
bool has_import(View text, std::string_view module) {
  const Text import = widened("import"), word = widened(module);
  for (size_t at = text.find(import); at != View::npos; at = text.find(import, at + 1)) {
    const size_t after = at + import.size();
    const size_t start = skip_spaces(text, after);
    if (start > after && text.substr(start).starts_with(word)) return true;
  }
  return false;
}

// WORD\s*\(
bool has_call(View text, std::string_view function) {
  const Text word = widened(function);
  for (size_t at = text.find(word); at != View::npos; at = text.find(word, at + 1)) {
    const size_t next = skip_spaces(text, at + word.size());
    if (next < text.size() && text[next] == '(') return true;
  }
  return false;
}

// __\w+__: a run of word characters with two pairs of underscores and something between them.
bool has_double_underscores(View text) {
  for (size_t start = 0; start < text.size();) {
    if (!is_word(text[start])) {
      ++start;
      continue;
    }
    size_t end = start;
    while (end < text.size() && is_word(text[end])) ++end;
    const View run = text.substr(start, end - start);
    const size_t first = run.find(U"__");
    if (first != View::npos && run.rfind(U"__") >= first + 3) return true;
    start = end;
  }
  return false;
}

std::optional<std::string> dangerous_pattern(View folded) {
  for (const std::string_view module : kBannedModules) {
    if (has_import(folded, module)) return cat("import\\s+", module);
  }
  if (folded.find(U"__import__") != View::npos) return "__import__";
  for (const std::string_view function : kBannedCalls) {
    if (has_call(folded, function)) return cat(function, "\\s*\\(");
  }
  if (has_call(folded, "classmethod")) return "classmethod\\s*\\(";
  if (has_double_underscores(folded)) return "__\\w+__";
  return std::nullopt;
}

// Every word of `keyword\s+(\w+)`, in the order of the text.
std::vector<Text> words_after(View text, std::string_view keyword) {
  const Text word = widened(keyword);
  std::vector<Text> out;
  for (size_t at = text.find(word); at != View::npos;) {
    const size_t after = at + word.size();
    const size_t start = skip_spaces(text, after);
    size_t end = start;
    while (end < text.size() && is_word(text[end])) ++end;
    const bool is_match = start > after && end > start;
    if (is_match) out.emplace_back(text.substr(start, end - start));
    at = text.find(word, is_match ? end : at + 1);
  }
  return out;
}

std::string encode(View text) {
  std::string out;
  for (const char32_t c : text) {
    if (c < 0x80) {
      out += static_cast<char>(c);
      continue;
    }
    const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    const unsigned lead = more == 1 ? 0xC0 : more == 2 ? 0xE0 : 0xF0;
    out += static_cast<char>(lead | (c >> (6 * more)));
    for (int k = more - 1; k >= 0; --k) out += static_cast<char>(0x80 | ((c >> (6 * k)) & 0x3F));
  }
  return out;
}

}  // namespace

std::optional<std::string> slime_refusal(std::string_view code) {
  const Text text = decode(code);
  Text folded = text;
  std::transform(folded.begin(), folded.end(), folded.begin(), fold);
  if (const auto pattern = dangerous_pattern(folded)) {
    return cat("Code contains dangerous pattern: ", *pattern);
  }
  for (const char* keyword : {"import", "from"}) {
    for (const Text& word : words_after(text, keyword)) {
      const std::string module = encode(word);
      if (std::find(kAllowedModules.begin(), kAllowedModules.end(), module) ==
          kAllowedModules.end()) {
        return cat("Import of '", module, "' is not allowed");
      }
    }
  }
  return std::nullopt;
}

}  // namespace lapidary::sandbox
