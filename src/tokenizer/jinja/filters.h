// The filters in groups; registry.h finds them all by name.
#pragma once

#include <span>
#include <string_view>
#include <utility>

#include "tokenizer/jinja/registry.h"

namespace lapidary::tokenizer::jinja {

using FilterEntry = std::pair<std::string_view, FilterFunction>;

std::span<const FilterEntry> text_filters();       // upper, trim, replace, indent, ...
std::span<const FilterEntry> layout_filters();     // indent, truncate, urlencode, xmlattr, ...
std::span<const FilterEntry> sequence_filters();   // first, join, list, batch, ...
std::span<const FilterEntry> order_filters();      // sort, unique, min, groupby, dictsort, ...
std::span<const FilterEntry> selection_filters();  // map, select, rejectattr, ...
std::span<const FilterEntry> value_filters();      // default, int, round, tojson, ...

// An attribute path "a.b.0" of filters like map and sort, or several with commas.
class AttributePath {
 public:
  // None or missing: the item itself. Integers are taken as they are.
  AttributePath(Runtime& run, const Value& attribute);
  Value get(Runtime& run, const Value& item, const Value& otherwise = Value()) const;

 private:
  std::vector<Value> parts_;
};

// Texts in lower case, other values as they are.
Value ignore_case(Runtime& run, const Value& value);
// str(value), markup kept.
Value soft_text(Runtime& run, const Value& value);
// Missing and false are false.
bool is_set(Runtime& run, const Value& option);

}  // namespace lapidary::tokenizer::jinja
