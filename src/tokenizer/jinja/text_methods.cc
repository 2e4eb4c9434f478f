// The methods of str that make one text from another or look into it. What returns a text returns
// markup when called on markup.
#include "tokenizer/jinja/text_methods.h"

#include <algorithm>
#include <unordered_map>

#include "tokenizer/jinja/arguments.h"
#include "tokenizer/jinja/attributes.h"
#include "tokenizer/jinja/brace_format.h"
#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/iteration.h"
#include "tokenizer/jinja/markup.h"
#include "tokenizer/jinja/methods.h"
#include "tokenizer/jinja/text_operations.h"
#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer::jinja {
namespace {

using Change = std::string (*)(std::string_view text);

template <Change change>
Value changed(Runtime& run, const Value& self, Arguments& arguments) {
  match_none("method", arguments);
  const Text& text = *self.text();
  run.step_bytes(4 * text.bytes.size());
  return make_text_like(run, text, change(text.bytes));
}

template <Sides sides>
Value stripped(Runtime& run, const Value& self, Arguments& arguments) {
  const auto values = match("strip", arguments, {optional()});
  const Text& text = *self.text();
  std::optional<std::string_view> chars;
  if (!values[0].is_missing() && !values[0].is_none()) {
    if (!values[0].is_text()) fail_type("strip arg must be None or str");
    chars = values[0].text()->bytes;
  }
  run.step_bytes(text.bytes.size());
  return make_text_like(run, text, std::string(strip(text.bytes, sides, chars)));
}

Value replace_method(Runtime& run, const Value& self, Arguments& arguments) {
  const auto values = match("replace", arguments, {required(), required(), optional()});
  const Text& text = *self.text();
  const Text& old = to_text("replace() argument 1", values[0]);
  Value replacement = values[1];
  if (text.is_markup) replacement = escape(run, replacement);
  const std::string& with = to_text("replace() argument 2", replacement).bytes;
  return make_text_like(run, text,
                        replace(run, text.bytes, old.bytes, with, to_count_or(values[2], -1)));
}

enum class Affix { kPrefix, kSuffix };

template <Affix affix>
Value remove_affix(Runtime& run, const Value& self, Arguments& arguments) {
  const auto values = match("removeprefix", arguments, {required()});
  const Text& text = *self.text();
  const std::string& part = to_text("removeprefix() argument", values[0]).bytes;
  std::string_view rest = text.bytes;
  if (affix == Affix::kPrefix && rest.starts_with(part)) rest.remove_prefix(part.size());
  if (affix == Affix::kSuffix && !part.empty() && rest.ends_with(part)) {
    rest.remove_suffix(part.size());
  }
  return make_text_like(run, text, std::string(rest));
}

// The part of the text that optional start and stop arguments name, and where it starts.
std::pair<std::string_view, int64_t> named_part(const Text& text, const Value& start,
                                                const Value& stop) {
  const int64_t first = to_count_or(start, 0);
  const auto [from, to] = clip(first, to_count_or(stop, text.length), text.length);
  if (first > text.length) return {std::string_view(), -1};  // not even an empty text is there
  return {code_points(text, from, to), from};
}

template <Affix affix>
Value has_affix(Runtime& run, const Value& self, Arguments& arguments) {
  const auto values = match("startswith", arguments, {required(), optional(), optional()});
  const auto [part, start] = named_part(*self.text(), values[1], values[2]);
  const auto matches = [&, part = part, start = start](const Value& candidate) {
    const std::string& wanted = to_text("startswith first arg", candidate).bytes;
    run.step_bytes(wanted.size());
    if (start < 0) return false;
    return affix == Affix::kPrefix ? part.starts_with(wanted) : part.ends_with(wanted);
  };
  if (!values[0].is(Value::Kind::kTuple)) return Value(matches(values[0]));
  const auto& candidates = *values[0].items();
  return Value(std::any_of(candidates.begin(), candidates.end(), matches));
}

enum class End { kFirst, kLast };

// Code point where the wanted text stands, or -1.
int64_t position(Runtime& run, const Value& self, Arguments& arguments, End end) {
  const auto values = match("find", arguments, {required(), optional(), optional()});
  const Text& text = *self.text();
  const std::string& wanted = to_text("must be str", values[0]).bytes;
  const auto [part, start] = named_part(text, values[1], values[2]);
  run.step_bytes(text.bytes.size());
  if (start < 0) return -1;
  const size_t found = end == End::kFirst ? find_first(part, wanted) : find_last(part, wanted);
  return found == std::string_view::npos ? -1 : start + count_code_points(part.substr(0, found));
}

template <End end>
Value find(Runtime& run, const Value& self, Arguments& arguments) {
  return Value::integer(position(run, self, arguments, end));
}

template <End end>
Value index(Runtime& run, const Value& self, Arguments& arguments) {
  const int64_t found = position(run, self, arguments, end);
  if (found < 0) fail_type("substring not found");
  return Value::integer(found);
}

Value count(Runtime& run, const Value& self, Arguments& arguments) {
  const auto values = match("count", arguments, {required(), optional(), optional()});
  const std::string& wanted = to_text("must be str", values[0]).bytes;
  const auto [part, start] = named_part(*self.text(), values[1], values[2]);
  if (start < 0) return Value::integer(0);
  if (wanted.empty()) return Value::integer(count_code_points(part) + 1);
  const Pieces pieces = split_at(run, part, wanted, -1);
  return Value::integer(static_cast<int64_t>(pieces.size()) - 1);
}

Value join(Runtime& run, const Value& self, Arguments& arguments) {
  const auto values = match("join", arguments, {required()});
  const Text& separator = *self.text();
  if (!is_iterable(values[0])) fail_type("can only join an iterable");
  const auto items = iterate(run, values[0]);
  TextBuilder out(run);
  Value item;
  for (int64_t at = 0; items->next(run, item); ++at) {
    if (at > 0) out.append(separator.bytes);
    if (separator.is_markup) item = escape(run, item);
    if (!item.is_text()) {
      fail_type("sequence item ", at, ": expected str instance, ", type_name(item), " found");
    }
    out.append(item.text()->bytes);
  }
  return make_text_like(run, separator, out.take());
}

Value format(Runtime& run, const Value& self, Arguments& arguments) {
  Dict named(run);
  for (auto& [name, value] : arguments.named) named.set(run, make_text(run, name), value);
  return make_text_like(run, *self.text(),
                        brace_format(run, *self.text(), arguments.positional, named));
}

Value format_map(Runtime& run, const Value& self, Arguments& arguments) {
  const auto values = match("format_map", arguments, {required()});
  if (!values[0].is(Value::Kind::kDict)) {
    fail_type("'", type_name(values[0]), "' object is not subscriptable");
  }
  return make_text_like(run, *self.text(), brace_format(run, *self.text(), {}, *values[0].dict()));
}

// By a mapping from code points to code points, texts or none; what it does not have stays.
Value translate(Runtime& run, const Value& self, Arguments& arguments) {
  const auto values = match("translate", arguments, {required()});
  const std::string& text = self.text()->bytes;
  TextBuilder out(run);
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const CodePoint code = next_code_point(text, at);
    const Value image = get_item(run, values[0], Value::integer(code));
    if (image.is_undefined()) {
      out.append(std::string_view(text).substr(start, at - start));
    } else if (image.is_text()) {
      out.append(image.text()->bytes);
    } else if (image.is_integral() && image.integer() >= 0 &&
               image.integer() <= static_cast<Integer>(kLastCodePoint)) {
      std::string character;
      append_code_point(character, static_cast<CodePoint>(image.integer()));
      out.append(character);
    } else if (!image.is_none()) {
      fail_type("character mapping must return integer, None or str");
    }
  }
  return make_text_like(run, *self.text(), out.take());
}

Value unsupported(Runtime&, const Value&, Arguments&) {
  fail_type("the methods encode and maketrans of str are not supported");
}

}  // namespace

Function::Body find_text_method(std::string_view name) {
  static const std::unordered_map<std::string_view, Function::Body> kMethods = {
      {"capitalize", changed<to_capitalized>},
      {"casefold", changed<to_casefold>},
      {"count", count},
      {"encode", unsupported},
      {"endswith", has_affix<Affix::kSuffix>},
      {"find", find<End::kFirst>},
      {"format", format},
      {"format_map", format_map},
      {"index", index<End::kFirst>},
      {"join", join},
      {"lower", changed<to_lower>},
      {"lstrip", stripped<Sides::kLeft>},
      {"maketrans", unsupported},
      {"removeprefix", remove_affix<Affix::kPrefix>},
      {"removesuffix", remove_affix<Affix::kSuffix>},
      {"replace", replace_method},
      {"rfind", find<End::kLast>},
      {"rindex", index<End::kLast>},
      {"rstrip", stripped<Sides::kRight>},
      {"startswith", has_affix<Affix::kPrefix>},
      {"strip", stripped<Sides::kBoth>},
      {"swapcase", changed<to_swapcase>},
      {"title", changed<to_title>},
      {"translate", translate},
      {"upper", changed<to_upper>}};
  const auto found = kMethods.find(name);
  if (found != kMethods.end()) return found->second;
  if (const Function::Body body = find_text_test(name)) return body;
  return find_text_layout_method(name);
}

}  // namespace lapidary::tokenizer::jinja
