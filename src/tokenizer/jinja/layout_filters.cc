// Filters that lay a text out: indented, cut, quoted for a URL or for attributes.
#include <algorithm>

#include "tokenizer/jinja/arguments.h"
#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/filters.h"
#include "tokenizer/jinja/iteration.h"
#include "tokenizer/jinja/markup.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/print.h"
#include "tokenizer/jinja/text_operations.h"

namespace lapidary::tokenizer::jinja {
namespace {

Value indent(Runtime& run, Arguments& arguments) {
  const auto values =
      match("indent", arguments,
            {required("s"), optional("width"), optional("first"), optional("blank")});
  if (values[0].is_undefined()) fail_undefined(values[0]);
  const Text& text = to_text("the value to indent", values[0]);
  TextBuilder indentation(run);
  if (values[1].is_text()) {
    indentation.append(values[1].text()->bytes);
  } else {
    const int64_t width = values[1].is_missing() ? 4 : to_count(values[1]);
    indentation.append(static_cast<size_t>(std::max<int64_t>(width, 0)), " ");
  }
  const bool indents_blank = is_set(run, values[3]);
  const std::string with_end = text.bytes + "\n";
  TextBuilder out(run);
  bool is_first = true;
  for (const std::string_view line : split_lines(run, with_end, false)) {
    if (!is_first) out.append('\n');
    const bool is_indented = is_first ? is_set(run, values[2]) : indents_blank || !line.empty();
    if (is_indented) out.append(indentation.text());
    out.append(line);
    is_first = false;
  }
  return make_text_like(run, text, out.take());
}

Value truncate(Runtime& run, Arguments& arguments) {
  const auto values = match("truncate", arguments,
                            {required("s"), optional("length"), optional("killwords"),
                             optional("end"), optional("leeway")});
  const int64_t length = values[1].is_missing() ? 255 : to_count(values[1]);
  const std::string end = values[3].is_missing() ? "..." : to_text("end", values[3]).bytes;
  const int64_t end_length = constant_text(end)->length;
  const int64_t leeway = to_count_or(values[4], 5);
  if (length < end_length) fail_type("expected length >= ", end_length, ", got ", length);
  if (leeway < 0) fail_type("expected leeway >= 0, got ", leeway);
  if (length_of(run, values[0]) <= length + leeway) return values[0];
  const Text& text = to_text("the value to truncate", values[0]);
  std::string kept(code_points(text, 0, length - end_length));
  if (!is_set(run, values[2])) {
    const size_t space = kept.rfind(' ');
    if (space != std::string::npos) kept.resize(space);
  }
  return apply(run, BinaryOperator::kAdd, make_text_like(run, text, std::move(kept)),
               values[3].is_missing() ? make_text(run, end) : values[3]);
}

void append_quoted_url(TextBuilder& out, std::string_view text, bool is_query) {
  constexpr std::string_view kSafe =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (kSafe.find(c) != std::string_view::npos || (c == '/' && !is_query)) {
      out.append(c);
    } else if (c == ' ' && is_query) {
      out.append('+');
    } else {
      out.append('%');
      out.append(kHex[byte >> 4]);
      out.append(kHex[byte & 0xF]);
    }
  }
}

Value url_encode(Runtime& run, Arguments& arguments) {
  const auto values = match("urlencode", arguments, {required("value")});
  const Value& value = values[0];
  TextBuilder out(run);
  if (value.is_text() || !is_iterable(value)) {
    append_quoted_url(out, text_of(run, value), false);
    return make_text(run, out.take());
  }
  const auto append_pair = [&](const Value& key, const Value& item) {
    if (out.size() > 0) out.append('&');
    append_quoted_url(out, text_of(run, key), true);
    out.append('=');
    append_quoted_url(out, text_of(run, item), true);
  };
  if (value.is(Value::Kind::kDict)) {
    for (const Dict::Entry& entry : value.dict()->entries()) append_pair(entry.key, entry.value);
    return make_text(run, out.take());
  }
  const auto pairs = iterate(run, value);
  Value pair;
  while (pairs->next(run, pair)) {
    const std::vector<Value> items = collect(run, pair);
    if (items.size() != 2) fail_type("urlencode needs pairs, found ", items.size(), " values");
    append_pair(items[0], items[1]);
  }
  return make_text(run, out.take());
}

Value xml_attributes(Runtime& run, Arguments& arguments) {
  const auto values = match("xmlattr", arguments, {required("d"), optional("autospace")});
  if (values[0].is_undefined()) fail_undefined(values[0]);
  if (!values[0].is(Value::Kind::kDict)) {
    fail_type("'", type_name(values[0]), "' object has no attribute 'items'");
  }
  const bool has_space = values[1].is_missing() || is_true(run, values[1]);
  TextBuilder out(run);
  for (const Dict::Entry& entry : values[0].dict()->entries()) {
    if (entry.value.is_none() || entry.value.is_undefined()) continue;
    const std::string& key = to_text("an attribute name", entry.key).bytes;
    if (key.find_first_of(" \t\n\r\f\v/>=") != std::string::npos) {
      fail_type("Invalid character in attribute name: ", repr_of(run, entry.key));
    }
    if (has_space || out.size() > 0) out.append(' ');
    append_escaped(out, key);
    out.append("=\"");
    out.append(escape(run, entry.value).text()->bytes);
    out.append('"');
  }
  return run.escapes ? make_markup(run, out.take()) : make_text(run, out.take());
}

Value file_size(Runtime& run, Arguments& arguments) {
  const auto values = match("filesizeformat", arguments, {required("value"), optional("binary")});
  Arguments number{{values[0], Value(None{})}, {}};
  const Value bytes_value = find_filter("float")(run, number);
  if (bytes_value.is_none()) fail_type("could not convert to float: ", repr_of(run, values[0]));
  const double bytes = bytes_value.floating();
  const bool is_binary = is_set(run, values[1]);
  const double base = is_binary ? 1024 : 1000;
  if (bytes == 1) return make_text(run, "1 Byte");
  if (bytes < base) {
    return make_text(run, integer_text(static_cast<Integer>(bytes)) + " Bytes");
  }
  constexpr const char* kPrefixes[] = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
  double unit = base;
  size_t at = 0;
  while (at < 7 && bytes >= unit * base) {
    unit *= base;
    ++at;
  }
  std::string prefix = is_binary && at == 0 ? "K" : kPrefixes[at];
  Value shown = make_text(run, "%.1f " + prefix + (is_binary ? "iB" : "B"));
  return apply(run, BinaryOperator::kModulo, shown, Value(bytes / unit));
}

constexpr FilterEntry kFilters[] = {{"filesizeformat", file_size},
                                    {"indent", indent},
                                    {"truncate", truncate},
                                    {"urlencode", url_encode},
                                    {"xmlattr", xml_attributes}};

}  // namespace

std::span<const FilterEntry> layout_filters() {
  return kFilters;
}

}  // namespace lapidary::tokenizer::jinja
