#include "tokenizer/jinja/markup.h"

#include <optional>

#include "tokenizer/jinja/literals.h"
#include "tokenizer/jinja/print.h"
#include "tokenizer/jinja/text_operations.h"
#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer::jinja {
namespace {

std::optional<CodePoint> named_character(std::string_view name) {
  constexpr std::pair<std::string_view, CodePoint> kNames[] = {
      {"amp", '&'},      {"lt", '<'},       {"gt", '>'},        {"quot", '"'},
      {"apos", '\''},    {"nbsp", 0xA0},    {"copy", 0xA9},     {"reg", 0xAE},
      {"laquo", 0xAB},   {"raquo", 0xBB},   {"hellip", 0x2026}, {"ndash", 0x2013},
      {"mdash", 0x2014}, {"lsquo", 0x2018}, {"rsquo", 0x2019},  {"ldquo", 0x201C},
      {"rdquo", 0x201D}, {"bull", 0x2022},  {"euro", 0x20AC},   {"times", 0xD7}};
  for (const auto& [known, code] : kNames) {
    if (known == name) return code;
  }
  return std::nullopt;
}

// The character that "&...;" at `at` stands for, and `at` moved behind it; nothing where it stands
// for none.
std::optional<CodePoint> take_reference(std::string_view text, size_t& at) {
  constexpr size_t kLongest = 12;
  const size_t end = text.substr(at, kLongest).find(';');
  if (end == std::string_view::npos || end < 2) return std::nullopt;
  std::string_view name = text.substr(at + 1, end - 1);
  std::optional<CodePoint> code;
  if (name.starts_with('#')) {
    const bool is_hex = name.size() > 1 && (name[1] | 0x20) == 'x';
    const auto number = parse_integer(name.substr(is_hex ? 2 : 1), is_hex ? 16 : 10);
    if (number && *number > 0 && *number <= static_cast<Integer>(kLastCodePoint)) {
      code = static_cast<CodePoint>(*number);
    }
  } else {
    code = named_character(name);
  }
  if (code) at += end + 1;
  return code;
}

std::string unescape_references(Runtime& run, std::string_view text) {
  TextBuilder out(run);
  for (size_t at = 0; at < text.size();) {
    const size_t ampersand = std::min(text.find('&', at), text.size());
    out.append(text.substr(at, ampersand - at));
    at = ampersand;
    if (at == text.size()) break;
    std::string character;
    if (const auto code = take_reference(text, at)) {
      append_code_point(character, *code);
      out.append(character);
    } else {
      out.append('&');
      ++at;
    }
  }
  return out.take();
}

}  // namespace

void append_escaped(TextBuilder& out, std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t special = std::min(text.find_first_of("&<>'\"", at), text.size());
    out.append(text.substr(at, special - at));
    if (special == text.size()) break;
    switch (text[special]) {
      case '&':
        out.append("&amp;");
        break;
      case '<':
        out.append("&lt;");
        break;
      case '>':
        out.append("&gt;");
        break;
      case '\'':
        out.append("&#39;");
        break;
      default:
        out.append("&#34;");
    }
    at = special + 1;
  }
}

Value escape(Runtime& run, const Value& value) {
  if (value.is_text() && value.text()->is_markup) return value;
  TextBuilder out(run);
  append_escaped(out, text_of(run, value));
  return make_markup(run, out.take());
}

std::string strip_tags(Runtime& run, std::string_view text) {
  TextBuilder kept(run);
  size_t at = 0;
  while (true) {
    const size_t start = text.find('<', at);
    if (start == std::string_view::npos) break;
    const bool is_comment = text.substr(start, 4) == "<!--";
    const size_t end = is_comment ? text.find("-->", start + 4) : text.find('>', start);
    if (end == std::string_view::npos) break;
    kept.append(text.substr(at, start - at));
    at = end + (is_comment ? 3 : 1);
  }
  kept.append(text.substr(at));
  TextBuilder words(run);
  for (const std::string_view word : split_words(run, kept.text(), -1)) {
    if (words.size() > 0) words.append(' ');
    words.append(word);
  }
  return unescape_references(run, words.text());
}

}  // namespace lapidary::tokenizer::jinja
