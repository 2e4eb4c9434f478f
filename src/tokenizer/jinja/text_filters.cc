// Filters that make one text from another.
#include "tokenizer/jinja/arguments.h"
#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/filters.h"
#include "tokenizer/jinja/markup.h"
#include "tokenizer/jinja/methods.h"
#include "tokenizer/jinja/percent_format.h"
#include "tokenizer/jinja/print.h"
#include "tokenizer/jinja/text_operations.h"
#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer::jinja {
namespace {

// The text's own method of this name, with the remaining arguments.
Value call_method(Runtime& run, const char* name, const Value& value, std::vector<Value> rest) {
  const Value text = soft_text(run, value);
  Arguments arguments{std::move(rest), {}};
  return find_text_method(name)(run, text, arguments);
}

Value capitalize(Runtime& run, Arguments& arguments) {
  const auto values = match("capitalize", arguments, {required("s")});
  return call_method(run, "capitalize", values[0], {});
}

Value lower(Runtime& run, Arguments& arguments) {
  const auto values = match("lower", arguments, {required("s")});
  return call_method(run, "lower", values[0], {});
}

Value upper(Runtime& run, Arguments& arguments) {
  const auto values = match("upper", arguments, {required("s")});
  return call_method(run, "upper", values[0], {});
}

Value center(Runtime& run, Arguments& arguments) {
  const auto values = match("center", arguments, {required("value"), optional("width")});
  const Value width = values[1].is_missing() ? Value::integer(80) : values[1];
  return call_method(run, "center", values[0], {width});
}

Value trim(Runtime& run, Arguments& arguments) {
  const auto values = match("trim", arguments, {required("value"), optional("chars")});
  const Value chars = values[1].is_missing() ? Value(None{}) : values[1];
  return call_method(run, "strip", values[0], {chars});
}

bool splits_title(CodePoint code) {
  return is_space(code) || code == '-' || code == '(' || code == '{' || code == '[' || code == '<';
}

// Each word, and each run of what is between words, with its first character in upper case.
Value title(Runtime& run, Arguments& arguments) {
  const auto values = match("title", arguments, {required("s")});
  const Value value = soft_text(run, values[0]);
  const std::string_view text = value.text()->bytes;
  TextBuilder out(run);
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const bool is_between = splits_title(next_code_point(text, at));
    const size_t second = at;
    while (at < text.size()) {
      size_t after = at;
      if (splits_title(next_code_point(text, after)) != is_between) break;
      at = after;
    }
    out.append(to_upper(text.substr(start, second - start)));
    out.append(to_lower(text.substr(second, at - second)));
  }
  return make_text(run, out.take());
}

Value replace_filter(Runtime& run, Arguments& arguments) {
  const auto values = match("replace", arguments,
                            {required("s"), required("old"), required("new"), optional("count")});
  const int64_t count = to_count_or(values[3], -1);
  Value subject = values[0];
  Value replacement = values[2];
  const auto is_markup = [](const Value& value) {
    return value.is_text() && value.text()->is_markup;
  };
  if (run.escapes) {
    const bool must_escape =
        is_markup(values[1]) || (is_markup(replacement) && !is_markup(subject));
    subject = must_escape ? escape(run, subject) : soft_text(run, subject);
    if (is_markup(subject)) replacement = escape(run, replacement);
  }
  std::string out = replace(run, text_of(run, subject), text_of(run, values[1]),
                            text_of(run, replacement), count);
  return run.escapes && is_markup(subject) ? make_markup(run, std::move(out))
                                           : make_text(run, std::move(out));
}

Value format(Runtime& run, Arguments& arguments) {
  if (arguments.positional.empty()) fail_type("format() is missing the required argument 'value'");
  const Value text = soft_text(run, arguments.positional[0]);
  std::vector<Value> rest(arguments.positional.begin() + 1, arguments.positional.end());
  if (!rest.empty() && !arguments.named.empty()) {
    fail_type("can't handle positional and keyword arguments at the same time");
  }
  if (arguments.named.empty()) return percent_format(run, text, make_tuple(run, std::move(rest)));
  auto named = std::make_shared<Dict>(run);
  for (auto& [name, value] : arguments.named) named->set(run, make_text(run, name), value);
  return percent_format(run, text, Value(DictPtr(std::move(named))));
}

Value escape_filter(Runtime& run, Arguments& arguments) {
  const auto values = match("escape", arguments, {required()});
  return escape(run, values[0]);
}

Value force_escape(Runtime& run, Arguments& arguments) {
  const auto values = match("forceescape", arguments, {required("value")});
  return escape(run, make_text(run, text_of(run, values[0])));
}

Value safe(Runtime& run, Arguments& arguments) {
  const auto values = match("safe", arguments, {required("value")});
  return make_markup(run, text_of(run, values[0]));
}

Value string(Runtime& run, Arguments& arguments) {
  const auto values = match("string", arguments, {required()});
  return soft_text(run, values[0]);
}

Value striptags(Runtime& run, Arguments& arguments) {
  const auto values = match("striptags", arguments, {required("value")});
  return make_text(run, strip_tags(run, text_of(run, values[0])));
}

Value word_count(Runtime& run, Arguments& arguments) {
  const auto values = match("wordcount", arguments, {required("s")});
  const Value value = soft_text(run, values[0]);
  const std::string_view text = value.text()->bytes;
  run.step_bytes(text.size());
  int64_t words = 0;
  bool in_word = false;
  for (size_t at = 0; at < text.size();) {
    const bool is_part = is_name_part(next_code_point(text, at));
    if (is_part && !in_word) ++words;
    in_word = is_part;
  }
  return Value::integer(words);
}

constexpr FilterEntry kFilters[] = {{"capitalize", capitalize},
                                    {"center", center},
                                    {"e", escape_filter},
                                    {"escape", escape_filter},
                                    {"forceescape", force_escape},
                                    {"format", format},
                                    {"lower", lower},
                                    {"replace", replace_filter},
                                    {"safe", safe},
                                    {"string", string},
                                    {"striptags", striptags},
                                    {"title", title},
                                    {"trim", trim},
                                    {"upper", upper},
                                    {"wordcount", word_count}};

}  // namespace

std::span<const FilterEntry> text_filters() {
  return kFilters;
}

}  // namespace lapidary::tokenizer::jinja
