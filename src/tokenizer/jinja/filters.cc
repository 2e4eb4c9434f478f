#include "tokenizer/jinja/filters.h"

#include <unordered_map>

#include "tokenizer/jinja/attributes.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/literals.h"
#include "tokenizer/jinja/print.h"
#include "tokenizer/jinja/text_operations.h"
#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer::jinja {
namespace {

// A digit part of a path is an index.
Value path_part(Runtime& run, std::string_view part) {
  if (!part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos) {
    if (const auto index = parse_integer(part, 10)) return Value(*index);
  }
  return make_text(run, std::string(part));
}

}  // namespace

AttributePath::AttributePath(Runtime& run, const Value& attribute) {
  if (attribute.is_missing() || attribute.is_none()) return;
  if (!attribute.is_text()) {
    parts_.push_back(attribute);
    return;
  }
  for (const std::string_view part : split_at(run, attribute.text()->bytes, ".", -1)) {
    parts_.push_back(path_part(run, part));
  }
}

Value AttributePath::get(Runtime& run, const Value& item, const Value& otherwise) const {
  Value out = item;
  for (const Value& part : parts_) {
    out = get_item(run, out, part);
    if (out.is_undefined() && !otherwise.is_missing() && !otherwise.is_none()) out = otherwise;
  }
  return out;
}

Value ignore_case(Runtime& run, const Value& value) {
  if (!value.is_text()) return value;
  return make_text_like(run, *value.text(), to_lower(value.text()->bytes));
}

Value soft_text(Runtime& run, const Value& value) {
  return value.is_text() ? value : make_text(run, text_of(run, value));
}

bool is_set(Runtime& run, const Value& option) {
  return !option.is_missing() && is_true(run, option);
}

FilterFunction find_filter(std::string_view name) {
  static const auto kFilters = [] {
    std::unordered_map<std::string_view, FilterFunction> all;
    for (const auto& group : {text_filters(), layout_filters(), sequence_filters(), order_filters(),
                              selection_filters(), value_filters()}) {
      all.insert(group.begin(), group.end());
    }
    return all;
  }();
  const auto found = kFilters.find(name);
  return found == kFilters.end() ? nullptr : found->second;
}

}  // namespace lapidary::tokenizer::jinja
