// What LaTeX commands stand for, as pylatexenc's converter has it.
#pragma once

#include <string_view>

#include "rl/text/python_text.h"

namespace lapidary::rl {

// The character of a command that stands for one ("pi" -> U+03C0), or 0.
char32_t latex_symbol(TextView command);

// The arguments a command takes: '{' one that must be, '[' an optional one, '*' an optional star.
std::string_view latex_arguments(TextView command);

// What a command with arguments, or of several characters, becomes.
struct LatexTemplate {
  bool is_known = false;
  std::string_view text;  // UTF-8, with %1 to %9 for the arguments
  // When the arguments could not be read: the text with %s for each stands (lenient), the whole
  // conversion fails (strict), or nothing stands (empty).
  enum class Missing { kLenient, kStrict, kEmpty };
  Missing missing = Missing::kLenient;
};
LatexTemplate latex_template(TextView command);

// The combining character of an accent command ("hat" -> U+0302), or 0.
char32_t latex_accent(TextView command);
// A character with a combining one, composed where Unicode has the composition.
Text compose(char32_t base, char32_t combining);

// The letter in the style of \mathbb and its kin; other characters as they are. `command` must be
// one of them (is_letter_style).
bool is_letter_style(TextView command);
char32_t styled_letter(TextView command, char32_t letter);

}  // namespace lapidary::rl
