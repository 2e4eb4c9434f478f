#include "rl/reward/dapo.h"

#include <array>
#include <cmath>
#include <optional>
#include <utility>

namespace lapidary::rl {

namespace {

constexpr size_t kJudgedCharacters = 300;

constexpr std::array<std::pair<TextView, TextView>, 10> kReplaced = {{{U"an ", U""},
                                                                      {U"a ", U""},
                                                                      {U".$", U"$"},
                                                                      {U"\\$", U""},
                                                                      {U"\\ ", U""},
                                                                      {U" ", U""},
                                                                      {U"mbox", U"text"},
                                                                      {U",\\text{and}", U","},
                                                                      {U"\\text{and}", U","},
                                                                      {U"\\text{m}", U"\\text{}"}}};

constexpr std::array<TextView, 42> kRemoved = {
    U"square",     U"ways",       U"integers",  U"dollars",      U"mph",
    U"inches",     U"hours",      U"km",        U"units",        U"\\ldots",
    U"sue",        U"points",     U"feet",      U"minutes",      U"digits",
    U"cents",      U"degrees",    U"cm",        U"gm",           U"pounds",
    U"meters",     U"meals",      U"edges",     U"students",     U"childrentickets",
    U"multiples",  U"\\text{s}",  U"\\text{.}", U"\\text{\ns}",  U"\\text{}^2",
    U"\\text{}^3", U"\\text{\n}", U"\\text{}",  U"\\mathrm{th}", U"^\\circ",
    U"^{\\circ}",  U"\\;",        U",\\!",      U"{,}",          U"\"",
    U"\\dots",     U"<|im_end|>"};

// Markers that end a turn or a text; they are the model's, not the answer's.
constexpr std::array<TextView, 4> kEndMarkers = {U"<|endoftext|>", U"<turn|>", U"<eos>",
                                                 U"<end_of_turn>"};

bool is_letter(char32_t code, char32_t letter) {
  // As (?i) matches: either case, and the long s.
  return code == letter || code == letter - U'a' + U'A' || (letter == U's' && code == 0x17F);
}

bool starts_with_word(TextView text, TextView word) {
  if (text.size() < word.size()) {
    return false;
  }
  for (size_t i = 0; i < word.size(); ++i) {
    if (!is_letter(text[i], word[i])) {
      return false;
    }
  }
  return true;
}

// Where the answer begins behind "answer", spaces, ":", spaces; npos if this is no such place.
// Spaces are given back when nothing else is left to be the answer.
size_t answer_begin(TextView text, size_t at) {
  size_t colon = skip_spaces(text, at);
  if (colon == text.size() || text[colon] != U':') {
    return TextView::npos;
  }
  size_t begin = skip_spaces(text, colon + 1);
  while (begin > colon + 1 && (begin == text.size() || text[begin] == U'\n')) {
    --begin;
  }
  return begin < text.size() && text[begin] != U'\n' ? begin : TextView::npos;
}

std::optional<TextView> last_answer(TextView text) {
  constexpr TextView kWord = U"answer";
  std::optional<TextView> last;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = starts_with_word(text.substr(at), kWord)
                             ? answer_begin(text, at + kWord.size())
                             : TextView::npos;
    if (begin == TextView::npos) {
      ++at;
      continue;
    }
    const size_t end = std::min(text.find(U'\n', begin), text.size());
    last = text.substr(begin, end - begin);
    at = end;
  }
  return last;
}

// "a $b$ c" -> "$b$", line by line.
Text keep_math(const Text& text) {
  Text out;
  const std::vector<Text> lines = split(text, U"\n");
  for (size_t i = 0; i < lines.size(); ++i) {
    out += i == 0 ? U"" : U"\n";
    const size_t open = lines[i].find(U'$');
    const size_t close = open == Text::npos ? open : lines[i].find(U'$', open + 1);
    out += close == Text::npos ? lines[i] : lines[i].substr(open, close + 1 - open);
  }
  return out;
}

enum class Closing { kFirst, kLast };

// The command's braces taken away: up to the first or the last brace of the line that closes.
Text unwrap(const Text& text, TextView open, Closing closing) {
  Text out;
  size_t from = 0;
  for (size_t at = text.find(open); at != Text::npos; at = text.find(open, from)) {
    const size_t content = at + open.size();
    const size_t line_end = std::min(text.find(U'\n', content), text.size());
    const TextView line = TextView(text).substr(content, line_end - content);
    const size_t close = closing == Closing::kFirst ? line.find(U'}') : line.rfind(U'}');
    if (close == TextView::npos) {
      out.append(text, from, content - from);
      from = content;
      continue;
    }
    out.append(text, from, at - from).append(line.substr(0, close));
    from = content + close + 1;
  }
  return out.append(text, from);
}

// "fracab" -> "frac{a}{b}", "sqrta" -> "sqrt{a}".
Text brace_shorthand(const Text& text) {
  Text fractions;
  for (size_t at = 0; at < text.size();) {
    const bool is_short = text.compare(at, 4, U"frac") == 0 && at + 5 < text.size() &&
                          text[at + 4] != U'{' && text[at + 5] != U'\n';
    if (is_short) {
      fractions += U"frac{" + text.substr(at + 4, 1) + U"}{" + text.substr(at + 5, 1) + U"}";
      at += 6;
    } else {
      fractions.push_back(text[at++]);
    }
  }
  Text roots;
  for (size_t at = 0; at < fractions.size();) {
    const bool is_short = fractions.compare(at, 4, U"sqrt") == 0 && at + 4 < fractions.size() &&
                          fractions[at + 4] != U'{';
    if (is_short) {
      roots += U"sqrt{" + fractions.substr(at + 4, 1) + U"}";
      at += 5;
    } else {
      roots.push_back(fractions[at++]);
    }
  }
  return roots;
}

// The label as the whole number it stands for; none where it is no number.
std::optional<std::string> integer_label(std::string_view label) {
  const std::optional<double> value = parse_float(normalize_minerva(decode_utf8(label)));
  if (!value || !std::isfinite(*value)) {
    return std::nullopt;
  }
  return integer_text(*value);
}

}  // namespace

Text normalize_minerva(TextView answer) {
  Text text = split(answer, U"=").back();
  for (const TextView marker : kEndMarkers) {
    text = replace_all(text, marker, U"");
  }
  for (const auto& [before, after] : kReplaced) {
    text = replace_all(text, before, after);
  }
  for (const TextView removed : kRemoved) {
    text = replace_all(text, removed, U"");
  }
  text = keep_math(text);
  text = unwrap(text, U"\\text{", Closing::kFirst);
  text = unwrap(text, U"\\textbf{", Closing::kFirst);
  text = unwrap(text, U"\\overline{", Closing::kFirst);
  text = unwrap(text, U"\\boxed{", Closing::kLast);
  text = replace_all(brace_shorthand(text), U"$", U"");
  const Text digits = replace_all(text, U",", U"");
  bool is_number = !digits.empty();
  for (const char32_t c : digits) {
    is_number = is_number && is_digit(c);
  }
  return Text(strip(is_number ? digits : text));
}

DapoScore dapo_score_of_answer(TextView answer, std::string_view label) {
  DapoScore out;
  out.prediction = encode_utf8(normalize_minerva(answer));
  out.is_correct = integer_label(label) == out.prediction;
  out.score = out.is_correct ? 1.0 : -1.0;
  return out;
}

DapoScore dapo_score(std::string_view response, std::string_view label) {
  const Text text = decode_utf8(response);
  const std::optional<TextView> answer = last_answer(last_characters(text, kJudgedCharacters));
  return dapo_score_of_answer(answer.value_or(U"[INVALID]"), label);
}

}  // namespace lapidary::rl
