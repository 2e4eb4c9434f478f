// Filters that compare items: sort, unique, min, max, dictsort, groupby.
#include <algorithm>

#include "tokenizer/jinja/arguments.h"
#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/filters.h"
#include "tokenizer/jinja/iteration.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/text_operations.h"

namespace lapidary::tokenizer::jinja {
namespace {

struct Keyed {
  Value key;
  Value value;
};

enum class Order { kAscending, kDescending };

// Stable both ways, as Python's sorted().
void sort_by_key(Runtime& run, std::vector<Keyed>& items, Order order) {
  std::stable_sort(items.begin(), items.end(), [&](const Keyed& a, const Keyed& b) {
    const bool is_up = order == Order::kAscending;
    return compare(run, Comparison::kLess, is_up ? a.key : b.key, is_up ? b.key : a.key);
  });
}

std::vector<Value> values_of(const std::vector<Keyed>& items) {
  std::vector<Value> out;
  out.reserve(items.size());
  for (const Keyed& item : items) out.push_back(item.value);
  return out;
}

// The keys of several attributes "a,b.c" as one list.
class MultiPath {
 public:
  MultiPath(Runtime& run, const Value& attribute, bool is_case_sensitive)
      : is_case_sensitive_(is_case_sensitive) {
    if (!attribute.is_text()) {
      paths_.emplace_back(run, attribute);
      return;
    }
    for (const std::string_view part : split_at(run, attribute.text()->bytes, ",", -1)) {
      paths_.emplace_back(run, make_text(run, std::string(part)));
    }
  }
  Value get(Runtime& run, const Value& item) const {
    std::vector<Value> keys;
    for (const AttributePath& path : paths_) {
      const Value key = path.get(run, item);
      keys.push_back(is_case_sensitive_ ? key : ignore_case(run, key));
    }
    return make_list(run, std::move(keys));
  }

 private:
  std::vector<AttributePath> paths_;
  bool is_case_sensitive_;
};

Value sort(Runtime& run, Arguments& arguments) {
  const auto values = match(
      "sort", arguments,
      {required("value"), optional("reverse"), optional("case_sensitive"), optional("attribute")});
  const MultiPath path(run, values[3], is_set(run, values[2]));
  std::vector<Keyed> items;
  for (Value& item : collect(run, values[0])) {
    Value key = path.get(run, item);
    items.push_back({std::move(key), std::move(item)});
  }
  sort_by_key(run, items, is_set(run, values[1]) ? Order::kDescending : Order::kAscending);
  return make_list(run, values_of(items));
}

Value dict_sort(Runtime& run, Arguments& arguments) {
  const auto values =
      match("dictsort", arguments,
            {required("value"), optional("case_sensitive"), optional("by"), optional("reverse")});
  const std::string by = values[2].is_missing() ? "key" : to_text("by", values[2]).bytes;
  if (by != "key" && by != "value") fail_type("You can only sort by either \"key\" or \"value\"");
  if (values[0].is_undefined()) fail_undefined(values[0]);
  if (!values[0].is(Value::Kind::kDict)) {
    fail_type("'", type_name(values[0]), "' object has no attribute 'items'");
  }
  const bool is_case_sensitive = is_set(run, values[1]);
  std::vector<Keyed> items;
  for (const Dict::Entry& entry : values[0].dict()->entries()) {
    const Value& key = by == "key" ? entry.key : entry.value;
    items.push_back({is_case_sensitive ? key : ignore_case(run, key),
                     make_tuple(run, {entry.key, entry.value})});
  }
  sort_by_key(run, items, is_set(run, values[3]) ? Order::kDescending : Order::kAscending);
  return make_list(run, values_of(items));
}

Value unique(Runtime& run, Arguments& arguments) {
  const auto values = match("unique", arguments,
                            {required("value"), optional("case_sensitive"), optional("attribute")});
  struct State {
    State(Runtime& r, const Value& attribute) : path(r, attribute), seen(r) {}
    Value value;
    AttributePath path;
    bool is_case_sensitive = false;
    Dict seen;
    std::unique_ptr<Iterator> source;
  };
  auto state = std::make_shared<State>(run, values[2]);
  state->value = values[0];
  state->is_case_sensitive = is_set(run, values[1]);
  return make_generator("generator", values[0].depth(), [state](Runtime& r, Value& item) {
    if (state->source == nullptr) state->source = iterate(r, state->value);
    while (state->source->next(r, item)) {
      Value key = state->path.get(r, item);
      if (!state->is_case_sensitive) key = ignore_case(r, key);
      if (state->seen.find(r, key) != nullptr) continue;
      state->seen.set(r, std::move(key), Value(true));
      return true;
    }
    return false;
  });
}

Value extreme(Runtime& run, Arguments& arguments, Comparison better) {
  const auto values = match(better == Comparison::kLess ? "min" : "max", arguments,
                            {required("value"), optional("case_sensitive"), optional("attribute")});
  const AttributePath path(run, values[2]);
  const bool is_case_sensitive = is_set(run, values[1]);
  const auto source = iterate(run, values[0]);
  Value best, best_key, item;
  while (source->next(run, item)) {
    Value key = path.get(run, item);
    if (!is_case_sensitive) key = ignore_case(run, key);
    if (!best.is_missing() && !compare(run, better, key, best_key)) continue;
    best = std::move(item);
    best_key = std::move(key);
  }
  return best.is_missing() ? make_undefined("No aggregated item, sequence was empty.") : best;
}

Value min(Runtime& run, Arguments& arguments) {
  return extreme(run, arguments, Comparison::kLess);
}

Value max(Runtime& run, Arguments& arguments) {
  return extreme(run, arguments, Comparison::kGreater);
}

Value group_by(Runtime& run, Arguments& arguments) {
  const auto values = match(
      "groupby", arguments,
      {required("value"), required("attribute"), optional("default"), optional("case_sensitive")});
  const AttributePath path(run, values[1]);
  const bool is_case_sensitive = is_set(run, values[3]);
  std::vector<Keyed> items;
  for (Value& item : collect(run, values[0])) {
    Value key = path.get(run, item, values[2]);
    items.push_back({is_case_sensitive ? key : ignore_case(run, key), std::move(item)});
  }
  sort_by_key(run, items, Order::kAscending);
  std::vector<Value> groups;
  for (size_t start = 0; start < items.size();) {
    size_t end = start;
    std::vector<Value> members;
    while (end < items.size() && equals(run, items[end].key, items[start].key)) {
      members.push_back(items[end++].value);
    }
    if (members.empty()) members.push_back(items[end++].value);  // a key unlike itself (NaN)
    Value grouper = path.get(run, members.front(), values[2]);
    groups.push_back(make_group(run, std::move(grouper), make_list(run, std::move(members))));
    start = end;
  }
  return make_list(run, std::move(groups));
}

constexpr FilterEntry kFilters[] = {
    {"dictsort", dict_sort}, {"groupby", group_by}, {"max", max}, {"min", min},
    {"sort", sort},          {"unique", unique}};

}  // namespace

std::span<const FilterEntry> order_filters() {
  return kFilters;
}

}  // namespace lapidary::tokenizer::jinja
