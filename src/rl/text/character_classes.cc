// The character classes of python_text.h.
#include <algorithm>
#include <array>

#include "rl/text/python_text.h"

namespace lapidary::rl {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};

constexpr std::array kSpaces = {Range{0x09, 0x0D},     Range{0x1C, 0x20},     Range{0x85, 0x85},
                                Range{0xA0, 0xA0},     Range{0x1680, 0x1680}, Range{0x2000, 0x200A},
                                Range{0x2028, 0x2029}, Range{0x202F, 0x202F}, Range{0x205F, 0x205F},
                                Range{0x3000, 0x3000}};

// Letters of the scripts that answers are written in, and the letterlike and mathematical ones.
constexpr std::array kLetters = {
    Range{'A', 'Z'},         Range{'a', 'z'},        Range{0xAA, 0xAA},     Range{0xB5, 0xB5},
    Range{0xBA, 0xBA},       Range{0xC0, 0xD6},      Range{0xD8, 0xF6},     Range{0xF8, 0x2C1},
    Range{0x370, 0x374},     Range{0x376, 0x377},    Range{0x37A, 0x37D},   Range{0x37F, 0x37F},
    Range{0x386, 0x386},     Range{0x388, 0x3FF},    Range{0x400, 0x481},   Range{0x48A, 0x52F},
    Range{0x531, 0x556},     Range{0x5D0, 0x5EA},    Range{0x620, 0x64A},   Range{0x904, 0x939},
    Range{0x1D00, 0x1DBF},   Range{0x1E00, 0x1FBC},  Range{0x2071, 0x2071}, Range{0x207F, 0x207F},
    Range{0x2102, 0x2102},   Range{0x2107, 0x2107},  Range{0x210A, 0x2113}, Range{0x2115, 0x2115},
    Range{0x2119, 0x211D},   Range{0x2124, 0x2124},  Range{0x2126, 0x2126}, Range{0x2128, 0x2128},
    Range{0x212A, 0x212D},   Range{0x212F, 0x2139},  Range{0x3041, 0x3096}, Range{0x30A1, 0x30FA},
    Range{0x3400, 0x4DBF},   Range{0x4E00, 0x9FFF},  Range{0xAC00, 0xD7A3}, Range{0x1D400, 0x1D6C0},
    Range{0x1D6C2, 0x1D6DA}, Range{0x1D6DC, 0x1D6FA}};

template <size_t kCount>
bool is_in(const std::array<Range, kCount>& ranges, char32_t code) {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), code,
                                      [](char32_t c, const Range& r) { return c < r.first; });
  return after != ranges.begin() && code <= std::prev(after)->last;
}

}  // namespace

bool is_space(char32_t code) {
  return is_in(kSpaces, code);
}

bool is_alpha(char32_t code) {
  return is_in(kLetters, code);
}

bool is_digit(char32_t code) {
  return is_ascii_digit(code) || code == 0xB2 || code == 0xB3 || code == 0xB9 || code == 0x2070 ||
         (code >= 0x2074 && code <= 0x2079) || (code >= 0x2080 && code <= 0x2089) ||
         (code >= 0xFF10 && code <= 0xFF19);
}

void append_lower(Text& out, char32_t code) {
  const bool is_latin =
      (code >= U'A' && code <= U'Z') || (code >= 0xC0 && code <= 0xDE && code != 0xD7);
  const bool is_greek = code >= 0x391 && code <= 0x3AB && code != 0x3A2;
  const bool is_basic_cyrillic = code >= 0x410 && code <= 0x42F;
  const bool is_first_of_pair = (code >= 0x100 && code <= 0x137 && code != 0x130) ||
                                (code >= 0x14A && code <= 0x177) ||
                                (code >= 0x1E00 && code <= 0x1E95);
  if (is_latin || is_greek || is_basic_cyrillic) {
    out.push_back(code + 0x20);
  } else if (code >= 0x400 && code <= 0x40F) {
    out.push_back(code + 0x50);
  } else if (is_first_of_pair && code % 2 == 0) {
    out.push_back(code + 1);
  } else if (((code >= 0x139 && code <= 0x148) || (code >= 0x179 && code <= 0x17E)) &&
             code % 2 == 1) {
    out.push_back(code + 1);
  } else {
    out.push_back(code);
  }
}

}  // namespace lapidary::rl
