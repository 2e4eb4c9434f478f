// The character tables behind unicode.h, code points from U+0080 on. The .cc files are written by
// tools/make_unicode_tables.py.
#pragma once

#include <cstdint>
#include <span>

namespace lapidary::tokenizer::jinja {

struct CodeRun {  // first, first + stride, ..., last
  uint32_t first;
  uint32_t last;
  uint32_t stride;
};

struct CaseRun {  // the same, each mapped to itself plus `distance`
  uint32_t first;
  uint32_t last;
  uint32_t stride;
  int32_t distance;
};

struct CaseSpecial {  // mapped to two or three code points (0 ends them)
  uint32_t code;
  uint32_t image[3];
};

extern const std::span<const CodeRun> kAlpha;
extern const std::span<const CodeRun> kDecimal;
extern const std::span<const CodeRun> kDigit;
extern const std::span<const CodeRun> kNumeric;
extern const std::span<const CodeRun> kUpper;
extern const std::span<const CodeRun> kLower;
extern const std::span<const CodeRun> kTitle;
extern const std::span<const CodeRun> kUnprintable;

extern const std::span<const CaseRun> kToUpper;
extern const std::span<const CaseSpecial> kToUpperSpecial;
extern const std::span<const CaseRun> kToLower;
extern const std::span<const CaseSpecial> kToLowerSpecial;
extern const std::span<const CaseRun> kToTitle;  // where it differs from upper
extern const std::span<const CaseSpecial> kToTitleSpecial;
extern const std::span<const CaseRun> kToFold;  // where it differs from lower
extern const std::span<const CaseSpecial> kToFoldSpecial;

}  // namespace lapidary::tokenizer::jinja
