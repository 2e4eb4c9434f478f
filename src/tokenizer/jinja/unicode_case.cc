// Case mapping as Python's str does it: full mappings (sharp s becomes SS), final sigma.
#include <algorithm>

#include "tokenizer/jinja/unicode.h"
#include "tokenizer/jinja/unicode_tables.h"

namespace lapidary::tokenizer::jinja {
namespace {

// Appends the image of `code` and says true, or says false where the tables have none.
bool append_mapped(std::string& out, CodePoint code, std::span<const CaseRun> runs,
                   std::span<const CaseSpecial> specials) {
  const auto special =
      std::lower_bound(specials.begin(), specials.end(), code,
                       [](const CaseSpecial& s, CodePoint c) { return s.code < c; });
  if (special != specials.end() && special->code == code) {
    for (const uint32_t image : special->image) {
      if (image != 0) append_code_point(out, image);
    }
    return true;
  }
  const auto after =
      std::upper_bound(runs.begin(), runs.end(), code,
                       [](CodePoint c, const CaseRun& run) { return c < run.first; });
  if (after == runs.begin()) return false;
  const CaseRun& run = *(after - 1);
  if (code > run.last || (code - run.first) % run.stride != 0) return false;
  append_code_point(out, static_cast<CodePoint>(static_cast<int64_t>(code) + run.distance));
  return true;
}

void append_upper(std::string& out, CodePoint code) {
  if (code < 0x80) {
    out += static_cast<char>(is_lower(code) ? code - 0x20 : code);
  } else if (!append_mapped(out, code, kToUpper, kToUpperSpecial)) {
    append_code_point(out, code);
  }
}

void append_titled(std::string& out, CodePoint code) {
  if (code < 0x80 || !append_mapped(out, code, kToTitle, kToTitleSpecial)) append_upper(out, code);
}

void append_folded_lower(std::string& out, CodePoint code) {
  if (code < 0x80) {
    out += static_cast<char>(is_upper(code) ? code + 0x20 : code);
  } else if (!append_mapped(out, code, kToLower, kToLowerSpecial)) {
    append_code_point(out, code);
  }
}

bool is_cased(CodePoint code) {
  return is_upper(code) || is_lower(code) || is_title(code);
}

// Marks and punctuation that may stand between a sigma and the letters of its word.
bool is_case_ignorable(CodePoint code) {
  return code == '\'' || code == '.' || code == ':' || code == '^' || code == '`' || code == 0xA8 ||
         code == 0xAD || code == 0xAF || code == 0xB4 || code == 0xB7 || code == 0xB8 ||
         (code >= 0x2B0 && code <= 0x36F) || (code >= 0x200B && code <= 0x200F) || code == 0x2018 ||
         code == 0x2019;
}

// A capital sigma is final behind a letter and before none.
bool is_final_sigma(std::string_view text, size_t start, size_t end) {
  bool letter_before = false;
  while (start > 0) {
    const CodePoint code = previous_code_point(text, start);
    if (is_case_ignorable(code)) continue;
    letter_before = is_cased(code);
    break;
  }
  if (!letter_before) return false;
  while (end < text.size()) {
    const CodePoint code = next_code_point(text, end);
    if (!is_case_ignorable(code)) return !is_cased(code);
  }
  return true;
}

// Lower case of the code point at bytes [start, end) of `text`.
void append_lower(std::string& out, std::string_view text, size_t start, size_t end,
                  CodePoint code) {
  constexpr CodePoint kCapitalSigma = 0x3A3;
  constexpr CodePoint kFinalSigma = 0x3C2;
  if (code == kCapitalSigma && is_final_sigma(text, start, end)) {
    append_code_point(out, kFinalSigma);
  } else {
    append_folded_lower(out, code);
  }
}

}  // namespace

std::string to_upper(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) append_upper(out, next_code_point(text, at));
  return out;
}

std::string to_lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const CodePoint code = next_code_point(text, at);
    append_lower(out, text, start, at, code);
  }
  return out;
}

std::string to_casefold(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const CodePoint code = next_code_point(text, at);
    if (code < 0x80 || !append_mapped(out, code, kToFold, kToFoldSpecial)) {
      append_folded_lower(out, code);
    }
  }
  return out;
}

std::string to_swapcase(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const CodePoint code = next_code_point(text, at);
    if (is_upper(code)) {
      append_lower(out, text, start, at, code);
    } else if (is_lower(code)) {
      append_upper(out, code);
    } else {
      append_code_point(out, code);
    }
  }
  return out;
}

std::string to_title(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool in_word = false;
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const CodePoint code = next_code_point(text, at);
    if (in_word) {
      append_lower(out, text, start, at, code);
    } else {
      append_titled(out, code);
    }
    in_word = is_cased(code);
  }
  return out;
}

std::string to_capitalized(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const CodePoint code = next_code_point(text, at);
    if (start == 0) {
      append_titled(out, code);
    } else {
      append_lower(out, text, start, at, code);
    }
  }
  return out;
}

}  // namespace lapidary::tokenizer::jinja
