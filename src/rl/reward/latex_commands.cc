// Commands with arguments: how many they take and what they become.
#include <algorithm>
#include <array>

#include "rl/reward/latex_symbols.h"

namespace lapidary::rl {

namespace {

struct Command {
  std::u32string_view name;
  std::string_view value;
};

constexpr std::array kArguments = {Command{U"\\", "*["},
                                   Command{U"frac", "{{"},
                                   Command{U"nicefrac", "{{"},
                                   Command{U"sqrt", "[{"},
                                   Command{U"braket", "{{"},
                                   Command{U"ketbra", "{{"},
                                   Command{U"texorpdfstring", "{{"},
                                   Command{U"footnote", "[{"},
                                   Command{U"textcolor", "[{{"},
                                   Command{U"colorbox", "[{{"},
                                   Command{U"fcolorbox", "[{[{{"},
                                   Command{U"color", "[{"},
                                   Command{U"pagecolor", "[{"},
                                   Command{U"hspace", "*{"},
                                   Command{U"vspace", "*{"},
                                   Command{U"hphantom", "[{"},
                                   Command{U"vphantom", "[{"},
                                   Command{U"xleftarrow", "[{"},
                                   Command{U"xrightarrow", "[{"},
                                   Command{U"item", "["},
                                   Command{U"section", "*[{"},
                                   Command{U"subsection", "*[{"},
                                   Command{U"cite", "*[[{"},
                                   Command{U"citet", "*[[{"},
                                   Command{U"citep", "*[[{"},
                                   Command{U"newcommand", "*{[[{"}};

// Commands of one argument.
constexpr std::array<std::u32string_view, 83> kUnary = {U"\"",
                                                        U"'",
                                                        U".",
                                                        U"=",
                                                        U"^",
                                                        U"`",
                                                        U"~",
                                                        U"H",
                                                        U"b",
                                                        U"c",
                                                        U"d",
                                                        U"k",
                                                        U"r",
                                                        U"u",
                                                        U"v",
                                                        U"acute",
                                                        U"bar",
                                                        U"breve",
                                                        U"check",
                                                        U"ddot",
                                                        U"dot",
                                                        U"grave",
                                                        U"hat",
                                                        U"not",
                                                        U"tilde",
                                                        U"vec",
                                                        U"bra",
                                                        U"ket",
                                                        U"emph",
                                                        U"ensuremath",
                                                        U"hint",
                                                        U"hints",
                                                        U"input",
                                                        U"include",
                                                        U"label",
                                                        U"mathbb",
                                                        U"mathbf",
                                                        U"mathcal",
                                                        U"mathfrak",
                                                        U"mathit",
                                                        U"mathrm",
                                                        U"mathscr",
                                                        U"mathsf",
                                                        U"mathtt",
                                                        U"mbox",
                                                        U"overbrace",
                                                        U"overbracket",
                                                        U"overgroup",
                                                        U"overleftarrow",
                                                        U"overleftharpoon",
                                                        U"overleftrightarrow",
                                                        U"overline",
                                                        U"overlinesegment",
                                                        U"overrightarrow",
                                                        U"overrightharpoon",
                                                        U"ref",
                                                        U"eqref",
                                                        U"autoref",
                                                        U"cref",
                                                        U"Cref",
                                                        U"text",
                                                        U"textbf",
                                                        U"textit",
                                                        U"textmd",
                                                        U"textrm",
                                                        U"textsc",
                                                        U"textsf",
                                                        U"textsl",
                                                        U"texttt",
                                                        U"textup",
                                                        U"underbrace",
                                                        U"underbracket",
                                                        U"undergroup",
                                                        U"underleftarrow",
                                                        U"underleftrightarrow",
                                                        U"underline",
                                                        U"underlinesegment",
                                                        U"underrightarrow",
                                                        U"url",
                                                        U"widehat",
                                                        U"wideparen",
                                                        U"widetilde",
                                                        U"keywords"};

constexpr std::array kTemplates = {Command{U"frac", "%1/%2"},
                                   Command{U"nicefrac", "%1/%2"},
                                   Command{U"textfrac", "%1/%2"},
                                   Command{U"braket", "\u27E8%1|%2\u27E9"},
                                   Command{U"ketbra", "|%1\u27E9\u27E8%2|"},
                                   Command{U"ket", "|%1\u27E9"},
                                   Command{U"bra", "\u27E8%1|"},
                                   Command{U"ensuremath", "%1"},
                                   Command{U"url", "<%1>"},
                                   Command{U"hint", "Hint: %1"},
                                   Command{U"hints", "Hints: %1"},
                                   Command{U"mathrm", "%1"},
                                   Command{U"emph", "%1"},
                                   Command{U"text", "%1"},
                                   Command{U"textrm", "%1"},
                                   Command{U"textit", "%1"},
                                   Command{U"textbf", "%1"},
                                   Command{U"textsc", "%1"},
                                   Command{U"textsl", "%1"},
                                   Command{U"ref", "<ref>"},
                                   Command{U"autoref", "<ref>"},
                                   Command{U"cref", "<ref>"},
                                   Command{U"Cref", "<Ref>"},
                                   Command{U"eqref", "(<ref>)"},
                                   Command{U"cite", "<cit.>"},
                                   Command{U"citet", "<cit.>"},
                                   Command{U"citep", "<cit.>"},
                                   Command{U"cos", "cos"},
                                   Command{U"sin", "sin"},
                                   Command{U"tan", "tan"},
                                   Command{U"arccos", "arccos"},
                                   Command{U"arcsin", "arcsin"},
                                   Command{U"arctan", "arctan"},
                                   Command{U"cosh", "cosh"},
                                   Command{U"sinh", "sinh"},
                                   Command{U"tanh", "tanh"},
                                   Command{U"arccosh", "arccosh"},
                                   Command{U"arcsinh", "arcsinh"},
                                   Command{U"arctanh", "arctanh"},
                                   Command{U"ln", "ln"},
                                   Command{U"log", "log"},
                                   Command{U"exp", "exp"},
                                   Command{U"max", "max"},
                                   Command{U"min", "min"},
                                   Command{U"sup", "sup"},
                                   Command{U"inf", "inf"},
                                   Command{U"lim", "lim"},
                                   Command{U"limsup", "lim sup"},
                                   Command{U"liminf", "lim inf"},
                                   Command{U"quad", "  "},
                                   Command{U"qquad", "    "},
                                   Command{U"vspace", "\n"}};

// Marks over or under an argument, which stands alone.
constexpr std::array<std::u32string_view, 21> kDecorations = {
    U"overline",         U"underline",           U"widehat",
    U"widetilde",        U"wideparen",           U"overleftarrow",
    U"overrightarrow",   U"overleftrightarrow",  U"underleftarrow",
    U"underrightarrow",  U"underleftrightarrow", U"overbrace",
    U"underbrace",       U"overgroup",           U"undergroup",
    U"overbracket",      U"underbracket",        U"overlinesegment",
    U"underlinesegment", U"overleftharpoon",     U"overrightharpoon"};

// Their conversion fails when an argument is missing.
constexpr std::array kStrictTemplates = {Command{U"sqrt", "\u221A(%2)"},
                                         Command{U"footnote", "[%2]"}, Command{U"textcolor", "%3"},
                                         Command{U"colorbox", "%3"}, Command{U"fcolorbox", "%5"}};

// Text styles print nothing, and not their own form, when the argument is missing.
constexpr std::array<std::u32string_view, 8> kStyles = {U"mathrm", U"emph",   U"text",   U"textrm",
                                                        U"textit", U"textbf", U"textsc", U"textsl"};

constexpr std::array<std::pair<std::u32string_view, char32_t>, 26> kAccents = {
    {{U"'", 0x301},     {U"`", 0x300},     {U"\"", 0x308},    {U"c", 0x327},     {U"^", 0x302},
     {U"~", 0x303},     {U"H", 0x30B},     {U"k", 0x328},     {U"=", 0x304},     {U"b", 0x331},
     {U".", 0x307},     {U"d", 0x323},     {U"r", 0x30A},     {U"u", 0x306},     {U"v", 0x30C},
     {U"vec", 0x20D7},  {U"dot", 0x307},   {U"hat", 0x302},   {U"check", 0x30C}, {U"breve", 0x306},
     {U"acute", 0x301}, {U"grave", 0x300}, {U"tilde", 0x303}, {U"bar", 0x305},   {U"ddot", 0x308},
     {U"not", 0x338}}};

// First capital and first small letter of a style.
struct LetterStyle {
  std::u32string_view name;
  char32_t capital;
  char32_t small;
};
constexpr std::array kLetterStyles = {
    LetterStyle{U"mathbf", 0x1D400, 0x1D41A},  LetterStyle{U"mathit", 0x1D434, 0x1D44E},
    LetterStyle{U"mathsf", 0x1D5A0, 0x1D5BA},  LetterStyle{U"mathbb", 0x1D538, 0x1D552},
    LetterStyle{U"mathtt", 0x1D670, 0x1D68A},  LetterStyle{U"mathcal", 0x1D49C, 0x1D4B6},
    LetterStyle{U"mathscr", 0x1D49C, 0x1D4B6}, LetterStyle{U"mathfrak", 0x1D504, 0x1D51E}};

// Letters that Unicode had before the styles.
struct EarlierLetter {
  char32_t styled;  // where it would stand
  char32_t code;
};
constexpr std::array kEarlierLetters = {
    EarlierLetter{0x1D455, 0x210E}, EarlierLetter{0x1D49D, 0x212C}, EarlierLetter{0x1D4A0, 0x2130},
    EarlierLetter{0x1D4A1, 0x2131}, EarlierLetter{0x1D4A3, 0x210B}, EarlierLetter{0x1D4A4, 0x2110},
    EarlierLetter{0x1D4A7, 0x2112}, EarlierLetter{0x1D4A8, 0x2133}, EarlierLetter{0x1D4AD, 0x211B},
    EarlierLetter{0x1D4BA, 0x212F}, EarlierLetter{0x1D4BC, 0x210A}, EarlierLetter{0x1D4C4, 0x2134},
    EarlierLetter{0x1D506, 0x212D}, EarlierLetter{0x1D50B, 0x210C}, EarlierLetter{0x1D50C, 0x2111},
    EarlierLetter{0x1D515, 0x211C}, EarlierLetter{0x1D51D, 0x2128}, EarlierLetter{0x1D53A, 0x2102},
    EarlierLetter{0x1D53F, 0x210D}, EarlierLetter{0x1D545, 0x2115}, EarlierLetter{0x1D547, 0x2119},
    EarlierLetter{0x1D548, 0x211A}, EarlierLetter{0x1D549, 0x211D}, EarlierLetter{0x1D551, 0x2124}};

const LetterStyle* find_style(TextView command) {
  const auto found = std::find_if(kLetterStyles.begin(), kLetterStyles.end(),
                                  [&](const LetterStyle& style) { return style.name == command; });
  return found == kLetterStyles.end() ? nullptr : &*found;
}

template <typename Table>
const Command* find_command(const Table& table, TextView name) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Command& command) { return command.name == name; });
  return found == table.end() ? nullptr : &*found;
}

}  // namespace

std::string_view latex_arguments(TextView command) {
  if (const Command* found = find_command(kArguments, command)) {
    return found->value;
  }
  return std::find(kUnary.begin(), kUnary.end(), command) == kUnary.end() ? "" : "{";
}

LatexTemplate latex_template(TextView command) {
  if (const Command* strict = find_command(kStrictTemplates, command)) {
    return {true, strict->value, LatexTemplate::Missing::kStrict};
  }
  if (const Command* found = find_command(kTemplates, command)) {
    const bool is_style = std::find(kStyles.begin(), kStyles.end(), command) != kStyles.end();
    return {true, found->value,
            is_style ? LatexTemplate::Missing::kEmpty : LatexTemplate::Missing::kLenient};
  }
  if (std::find(kDecorations.begin(), kDecorations.end(), command) != kDecorations.end()) {
    return {true, "%1", LatexTemplate::Missing::kLenient};
  }
  return {};
}

char32_t latex_accent(TextView command) {
  for (const auto& [name, combining] : kAccents) {
    if (name == command) {
      return combining;
    }
  }
  return 0;
}

bool is_letter_style(TextView command) {
  return find_style(command) != nullptr;
}

char32_t styled_letter(TextView command, char32_t letter) {
  const LetterStyle* style = find_style(command);
  char32_t code = letter;
  if (letter >= U'A' && letter <= U'Z') {
    code = style->capital + (letter - U'A');
  } else if (letter >= U'a' && letter <= U'z') {
    code = style->small + (letter - U'a');
  } else {
    return letter;
  }
  const auto earlier = std::find_if(kEarlierLetters.begin(), kEarlierLetters.end(),
                                    [code](const EarlierLetter& e) { return e.styled == code; });
  return earlier == kEarlierLetters.end() ? code : earlier->code;
}

}  // namespace lapidary::rl
