#include "rl/reward/latex_tokens.h"

#include <array>

namespace lapidary::rl {

namespace {

using Kind = LatexToken::Kind;

// Longest first.
constexpr std::array<TextView, 8> kSpecials = {U"---", U"--", U"``", U"''",
                                               U"!`",  U"?`", U"&",  U"~"};

bool is_environment_character(char32_t code) {
  return is_word_character(code) || contains(U"* .-", TextView(&code, 1));
}

// "{name}" behind \begin or \end; moves `at` behind it.
bool read_environment_name(TextView source, size_t& at, Text& name) {
  const size_t open = skip_spaces(source, at);
  if (open == source.size() || source[open] != U'{') {
    return false;
  }
  size_t end = open + 1;
  while (end < source.size() && is_environment_character(source[end])) {
    ++end;
  }
  if (end == open + 1 || end == source.size() || source[end] != U'}') {
    return false;
  }
  name = Text(source.substr(open + 1, end - open - 1));
  at = end + 1;
  return true;
}

// Whitespace behind a command; a blank line begins a paragraph and is left alone.
Text take_post_space(TextView source, size_t& at) {
  Text space;
  while (at < source.size() && is_space(source[at])) {
    space.push_back(source[at++]);
    if (space.ends_with(U"\n\n")) {
      space.erase(space.size() - 2);
      at -= 2;
      break;
    }
  }
  return space;
}

void read_command(TextView source, Environments environments, LatexToken& token) {
  size_t at = token.begin + 1;
  Text name(1, source[at]);
  const bool is_word = is_alpha(source[at++]);
  while (is_word && at < source.size() && is_alpha(source[at])) {
    name.push_back(source[at++]);
  }
  token.end = at;
  if (name == U"[" || name == U"]" || name == U"(" || name == U")") {
    token.kind = Kind::kMath;
    token.text = name;
    return;
  }
  const bool is_begin = name == U"begin";
  if (environments == Environments::kTokens && (is_begin || name == U"end")) {
    if (read_environment_name(source, token.end, token.text)) {
      token.kind = is_begin ? Kind::kBegin : Kind::kEnd;
    } else {
      token.kind = Kind::kCharacter;
      token.text = U"\\" + name;
    }
    return;
  }
  token.kind = Kind::kCommand;
  token.text = name;
  if (is_word) {
    token.post_space = take_post_space(source, token.end);
  }
}

}  // namespace

LatexToken next_latex_token(TextView source, size_t at, Brackets brackets,
                            Environments environments) {
  LatexToken token;
  while (at < source.size() && is_space(source[at])) {
    token.pre_space.push_back(source[at++]);
    if (token.pre_space.ends_with(U"\n\n")) {
      token.pre_space.erase(token.pre_space.size() - 2);
      token.kind = Kind::kCharacter;
      token.text = U"\n\n";
      token.begin = at - 2;
      token.end = at;
      return token;
    }
  }
  token.begin = at;
  token.end = at;
  if (at == source.size()) {
    return token;
  }
  if (source[at] == U'\\') {
    if (at + 1 == source.size()) {
      token.pre_space.clear();  // a lone backslash ends the source and takes its space along
      return token;
    }
    read_command(source, environments, token);
    return token;
  }
  const bool has_brackets = brackets == Brackets::kBraces;
  token.text = Text(1, source[at]);
  token.end = at + 1;
  if (source[at] == U'{' || (has_brackets && source[at] == U'[')) {
    token.kind = Kind::kOpen;
    return token;
  }
  if (source[at] == U'}' || (has_brackets && source[at] == U']')) {
    token.kind = Kind::kClose;
    return token;
  }
  for (const TextView special : kSpecials) {
    if (source.substr(at).starts_with(special)) {
      token.kind = Kind::kSpecial;
      token.text = Text(special);
      token.end = at + special.size();
      return token;
    }
  }
  token.kind = Kind::kCharacter;
  return token;
}

}  // namespace lapidary::rl
