#include "rl/reward/math_text.h"

#include <array>
#include <cmath>

#include "rl/reward/latex_text.h"

namespace lapidary::rl {

namespace {

constexpr size_t kMaxIntegerDigits = 4300;  // Python reads no longer ones

// The inside of an answer that is \text{..} as a whole and holds no line break, else none.
std::optional<TextView> inside_text_command(TextView answer) {
  constexpr TextView kOpen = U"\\text{";
  TextView body = answer;
  if (body.ends_with(U'\n')) {
    body.remove_suffix(1);  // "$" also matches before a final line break
  }
  if (!body.starts_with(kOpen) || !body.ends_with(U'}') || body.size() < kOpen.size() + 2) {
    return std::nullopt;
  }
  const TextView inside = body.substr(kOpen.size(), body.size() - kOpen.size() - 1);
  return inside.find(U'\n') == TextView::npos ? std::optional<TextView>(inside) : std::nullopt;
}

// "\frac12" -> "\frac{1}{2}", "\frac1{2}" -> "\frac{1}{2}". None where the reference raises, which
// is at a "\frac" with nothing behind it; a "\frac" with one character behind it leaves all as it
// is.
std::optional<Text> brace_fractions(const Text& text) {
  const std::vector<Text> parts = split(text, U"\\frac");
  Text out = parts[0];
  for (size_t i = 1; i < parts.size(); ++i) {
    const Text& part = parts[i];
    out += U"\\frac";
    if (part.empty()) {
      return std::nullopt;
    }
    if (part[0] == U'{') {
      out += part;
      continue;
    }
    if (part.size() < 2) {
      return text;
    }
    out += U"{" + part.substr(0, 1) + U"}";
    if (part[1] == U'{') {
      out += part.substr(1);
    } else {
      out += U"{" + part.substr(1, 1) + U"}" + part.substr(2);
    }
  }
  return out;
}

// "\sqrt3" -> "\sqrt{3}". None at a "\sqrt" with nothing behind it.
std::optional<Text> brace_roots(const Text& text) {
  const std::vector<Text> parts = split(text, U"\\sqrt");
  Text out = parts[0];
  for (size_t i = 1; i < parts.size(); ++i) {
    const Text& part = parts[i];
    if (part.empty()) {
      return std::nullopt;
    }
    out += U"\\sqrt";
    out += part[0] == U'{' ? part : U"{" + part.substr(0, 1) + U"}" + part.substr(1);
  }
  return out;
}

// An integer as Python prints it: no leading zeros, no "-0".
bool is_plain_integer(TextView text) {
  if (text.starts_with(U'-')) {
    text.remove_prefix(1);
    if (text == U"0") {
      return false;
    }
  }
  if (text.empty() || text.size() > kMaxIntegerDigits || (text.size() > 1 && text[0] == U'0')) {
    return false;
  }
  return text.find_first_not_of(U"0123456789") == TextView::npos;
}

Text slash_to_fraction(const Text& text) {
  const std::vector<Text> parts = split(text, U"/");
  if (parts.size() != 2 || !is_plain_integer(parts[0]) || !is_plain_integer(parts[1])) {
    return text;
  }
  return U"\\frac{" + parts[0] + U"}{" + parts[1] + U"}";
}

Text remove_each(Text text, std::initializer_list<TextView> parts) {
  for (const TextView part : parts) {
    text = replace_all(text, part, U"");
  }
  return text;
}

// The steps of the first normalisation; none where the reference raises.
std::optional<Text> stripped_mathd(TextView answer) {
  Text text = remove_each(Text(answer), {U"\n", U"\\!"});
  text = replace_all(text, U"\\\\", U"\\");
  text = replace_all(text, U"tfrac", U"frac");
  text = replace_all(text, U"dfrac", U"frac");
  text = remove_each(text, {U"\\left", U"\\right", U"^{\\circ}", U"^\\circ", U"\\$"});
  const std::vector<Text> units = split(text, U"\\text{ ");
  if (units.size() > 2) {
    return std::nullopt;
  }
  text = replace_all(units[0], U"\\%", U"");
  text = replace_all(text, U" .", U" 0.");
  text = replace_all(text, U"{.", U"{0.");
  if (text.empty()) {
    return text;
  }
  if (text[0] == U'.') {
    text = U"0" + text;
  }
  const std::vector<Text> sides = split(text, U"=");
  if (sides.size() == 2 && sides[0].size() <= 2) {
    text = sides[1];
  }
  const std::optional<Text> rooted = brace_roots(text);
  if (!rooted) {
    return std::nullopt;
  }
  const std::optional<Text> braced = brace_fractions(replace_all(*rooted, U" ", U""));
  if (!braced) {
    return std::nullopt;
  }
  return slash_to_fraction(*braced == U"0.5" ? U"\\frac{1}{2}" : *braced);
}

// The unit with its plural and a power behind it, wherever it stands.
Text remove_unit(const Text& text, TextView unit) {
  Text out;
  size_t from = 0;
  for (size_t at = text.find(unit); at != Text::npos; at = text.find(unit, from)) {
    out.append(text, from, at - from);
    TextView rest = TextView(text).substr(at + unit.size());
    if (rest.starts_with(U"es")) {
      rest.remove_prefix(2);
    }
    if (rest.starts_with(U's')) {
      rest.remove_prefix(1);
    }
    while (rest.starts_with(U' ')) {
      rest.remove_prefix(1);
    }
    if (rest.size() > 1 && rest[0] == U'^' && is_ascii_digit(rest[1])) {
      rest.remove_prefix(1);
      while (!rest.empty() && is_ascii_digit(rest[0])) {
        rest.remove_prefix(1);
      }
    }
    from = text.size() - rest.size();
  }
  return out.append(text, from);
}

// "first", then spaces, then "last", removed wherever it stands; `last` may be empty.
Text remove_with_spaces(const Text& text, TextView first, TextView last) {
  Text out;
  for (size_t at = 0; at < text.size();) {
    const TextView rest = TextView(text).substr(at);
    if (rest.starts_with(first)) {
      size_t end = first.size();
      while (end < rest.size() && rest[end] == U' ') {
        ++end;
      }
      if (rest.substr(end).starts_with(last)) {
        at += end + last.size();
        continue;
      }
    }
    out.push_back(text[at++]);
  }
  return out;
}

bool is_near_integer(double value) {
  return std::isfinite(value) && std::abs(value - std::nearbyint(value)) <= 1e-7;
}

// "1 1/2" -> "1+1/2": a digit, spaces, a digit.
Text join_mixed_numbers(const Text& text) {
  Text out;
  for (size_t at = 0; at < text.size();) {
    out.push_back(text[at]);
    size_t end = at + 1;
    while (end < text.size() && text[end] == U' ') {
      ++end;
    }
    const bool is_joined =
        is_ascii_digit(text[at]) && end > at + 1 && end < text.size() && is_ascii_digit(text[end]);
    if (!is_joined) {
      ++at;
      continue;
    }
    out.push_back(U'+');
    out.push_back(text[end]);  // taken: it begins no further pair
    at = end + 1;
  }
  return out;
}

std::optional<Text> latex_as_text(const Text& text) {
  Text source = replace_all(text, U"\\tfrac", U"\\frac");
  source = replace_all(source, U"\\dfrac", U"\\frac");
  source = replace_all(source, U"\\frac", U" \\frac");
  std::optional<Text> plain = latex_to_text(source);
  if (!plain) {
    return std::nullopt;
  }
  constexpr std::array<std::pair<char32_t, TextView>, 6> kNames = {{{0x221A, U"sqrt"},
                                                                    {0x3C0, U"pi"},
                                                                    {0x221E, U"inf"},
                                                                    {0x222A, U"U"},
                                                                    {0xB7, U"*"},
                                                                    {0xD7, U"*"}}};
  for (const auto& [symbol, name] : kNames) {
    plain = replace_all(*plain, TextView(&symbol, 1), name);
  }
  return Text(strip(*plain));
}

Text without_marks(TextView answer) {
  Text text = replace_all(inside_text_command(answer).value_or(answer), U"\\%", U"%");
  text = replace_all(text, U"\\$", U"$");
  text = remove_each(text, {U"$", U"%"});
  text = replace_all(text, U" or ", U" , ");
  text = replace_all(text, U" and ", U" , ");
  text = replace_all(text, U"million", U"*10^6");
  text = replace_all(text, U"billion", U"*10^9");
  text = replace_all(text, U"trillion", U"*10^12");
  for (const TextView unit :
       {U"degree", U"cm", U"centimeter", U"meter", U"mile", U"second", U"minute", U"hour", U"day",
        U"week", U"month", U"year", U"foot", U"feet", U"inch", U"yard"}) {
    text = remove_unit(text, unit);
  }
  text = remove_with_spaces(text, U"^", U"\\circ");
  if (!text.empty() && text.front() == U'{' && text.back() == U'}') {
    text = text.size() > 1 ? text.substr(1, text.size() - 2) : Text();
  }
  return remove_with_spaces(text, U",\\!", U"");
}

}  // namespace

Text normalize_mathd(TextView answer) {
  TextView text = strip(answer);
  if (const auto inside = inside_text_command(text)) {
    text = strip(*inside);
  }
  return stripped_mathd(text).value_or(Text(text));
}

Text without_digit_commas(TextView given) {
  Text text(given);
  while (true) {
    Text next;
    for (size_t at = 0; at < text.size();) {
      const TextView rest = TextView(text).substr(at);
      const bool is_separator = rest.size() >= 5 && is_ascii_digit(rest[0]) && rest[1] == U',' &&
                                is_ascii_digit(rest[2]) && is_ascii_digit(rest[3]) &&
                                is_ascii_digit(rest[4]) &&
                                (rest.size() == 5 || !is_ascii_digit(rest[5]));
      if (!is_separator) {
        next.push_back(text[at++]);
        continue;
      }
      // The character behind the group belongs to the match: what follows is looked at anew.
      next += rest[0];
      const size_t taken = rest.size() == 5 ? 5 : 6;
      next += rest.substr(2, taken - 2);
      at += taken;
    }
    if (next == text) {
      return text;
    }
    text = std::move(next);
  }
}

bool is_integer_text(TextView text) {
  const std::optional<double> value = parse_float(without_digit_commas(text));
  return value && is_near_integer(*value);
}

bool is_fraction_text(TextView text) {
  // -? digits any? "/" zeros a digit above 0, digits, any?; "any" is no line break.
  if (text.ends_with(U'\n')) {
    text.remove_suffix(1);
  }
  const auto digits_end = [&text](size_t at) {
    while (at < text.size() && is_ascii_digit(text[at])) {
      ++at;
    }
    return at;
  };
  const size_t first = text.starts_with(U'-') ? 1 : 0;
  const size_t at = digits_end(first);
  if (at == first) {
    return false;
  }
  for (size_t slash = at; slash <= at + 1 && slash < text.size(); ++slash) {
    const bool has_line_break = slash > at && text[at] == U'\n';
    if (text[slash] != U'/' || has_line_break) {
      continue;
    }
    const size_t end = digits_end(slash + 1);
    const TextView below = text.substr(slash + 1, end - slash - 1);
    const bool is_zero = below.find_first_not_of(U'0') == TextView::npos;
    const bool has_slack = end == text.size() || (end + 1 == text.size() && text[end] != U'\n');
    if (!is_zero && has_slack) {
      return true;
    }
  }
  return false;
}

Text normalize_math(TextView answer) {
  Text text = without_marks(answer);
  const std::optional<double> value = parse_float(text);
  if (value && is_near_integer(*value)) {
    text = ascii(integer_text(std::nearbyint(*value)));
  }
  if (contains(text, U"\\")) {
    if (std::optional<Text> plain = latex_as_text(text)) {
      text = *std::move(plain);
    }
  }
  Text tight;
  for (size_t at = 0; at < text.size(); ++at) {
    const bool is_behind_minus = text[at] == U' ' && !tight.empty() && tight.back() == U'-';
    if (!is_behind_minus) {
      tight.push_back(text[at]);
    }
  }
  text = remove_each(join_mixed_numbers(tight), {U" ", U"{", U"}"});
  text = lower(text);
  if (is_integer_text(text)) {
    text = ascii(integer_text(parse_float(replace_all(text, U",", U"")).value_or(0.0)));
  }
  return text;
}

}  // namespace lapidary::rl
