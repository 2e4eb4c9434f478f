// Filters that take the items of something one after another.
#include <algorithm>

#include "tokenizer/jinja/arguments.h"
#include "tokenizer/jinja/attributes.h"
#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/filters.h"
#include "tokenizer/jinja/iteration.h"
#include "tokenizer/jinja/markup.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/print.h"

namespace lapidary::tokenizer::jinja {
namespace {

using Kind = Value::Kind;

Value length(Runtime& run, Arguments& arguments) {
  const auto values = match("len", arguments, {required()});
  return Value::integer(length_of(run, values[0]));
}

Value list(Runtime& run, Arguments& arguments) {
  const auto values = match("list", arguments, {required("value")});
  return make_list(run, collect(run, values[0]));
}

Value first(Runtime& run, Arguments& arguments) {
  const auto values = match("first", arguments, {required("seq")});
  const auto items = iterate(run, values[0]);
  Value item;
  if (items->next(run, item)) return item;
  return make_undefined("No first item, sequence was empty.");
}

bool is_reversible(const Value& value) {
  if (!value.is(Kind::kObject)) return is_iterable(value);
  return value.as<Range>() != nullptr || value.as<DictView>() != nullptr;
}

Value last(Runtime& run, Arguments& arguments) {
  const auto values = match("last", arguments, {required("seq")});
  const Value& value = values[0];
  if (!is_reversible(value)) fail_type("'", type_name(value), "' object is not reversible");
  if (length_of(run, value) == 0) return make_undefined("No last item, sequence was empty.");
  if (value.is_text() || value.items() != nullptr || value.as<Range>() != nullptr) {
    return get_item(run, value, Value::integer(-1));
  }
  return collect(run, value).back();
}

Value join(Runtime& run, Arguments& arguments) {
  const auto values =
      match("join", arguments, {required("value"), optional("d"), optional("attribute")});
  const Value separator = values[1].is_missing() ? make_text(run, "") : values[1];
  const AttributePath path(run, values[2]);
  std::vector<Value> items;
  bool is_markup = run.escapes && separator.is_text() && separator.text()->is_markup;
  const auto source = iterate(run, values[0]);
  Value item;
  while (source->next(run, item)) {
    items.push_back(path.get(run, item));
    const Value& last = items.back();
    is_markup = is_markup || (run.escapes && last.is_text() && last.text()->is_markup);
  }
  const auto text = [&](const Value& part) {
    return is_markup ? escape(run, part).text()->bytes : text_of(run, part);
  };
  const std::string between = text(separator);
  TextBuilder out(run);
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out.append(between);
    out.append(text(items[i]));
  }
  return is_markup ? make_markup(run, out.take()) : make_text(run, out.take());
}

Value reverse(Runtime& run, Arguments& arguments) {
  const auto values = match("reverse", arguments, {required("value")});
  const Value& value = values[0];
  if (value.is_text()) return get_slice(run, value, Value(), Value(), Value::integer(-1));
  if (!is_iterable(value)) fail_type("argument must be iterable");
  std::vector<Value> items = collect(run, value);
  std::reverse(items.begin(), items.end());
  if (!is_reversible(value)) return make_list(run, std::move(items));
  const std::string name = value.is(Kind::kList)   ? "list_reverseiterator"
                           : value.is(Kind::kDict) ? "dict_reversekeyiterator"
                                                   : "reversed";
  const int depth = value.depth();
  Charge room(run, items.size() * sizeof(Value));
  return Value(
      ObjectPtr(std::make_shared<Generator>(name, iterate_items(std::move(items)), depth + 1)));
}

// A generator over pairs: what is wrong shows when it is used.
Value items(Runtime&, Arguments& arguments) {
  const auto values = match("items", arguments, {required("value")});
  const Value value = values[0];
  auto source = std::make_shared<std::unique_ptr<Iterator>>();
  return make_generator("generator", value.depth(), [value, source](Runtime& run, Value& item) {
    if (*source == nullptr) {
      if (value.is_undefined()) return false;
      if (!value.is(Kind::kDict)) fail_type("Can only get item pairs from a mapping.");
      auto view = std::make_shared<DictView>(value.shared_dict(), DictView::Part::kItems);
      *source = iterate(run, Value(ObjectPtr(std::move(view))));
    }
    return (*source)->next(run, item);
  });
}

Value batch(Runtime&, Arguments& arguments) {
  const auto values =
      match("batch", arguments, {required("value"), required("linecount"), optional("fill_with")});
  struct State {
    Value value, count, fill;
    std::unique_ptr<Iterator> source;
    bool is_done = false;
    Value ahead;
  };
  auto state = std::make_shared<State>();
  state->value = values[0];
  state->count = values[1];
  state->fill = values[2];
  const int depth = std::max(values[0].depth(), values[2].depth());
  return make_generator("generator", depth, [state](Runtime& r, Value& item) {
    if (state->source == nullptr) state->source = iterate(r, state->value);
    if (state->is_done) return false;
    std::vector<Value> line;
    if (!state->ahead.is_missing()) line.push_back(std::exchange(state->ahead, Value()));
    Value next;
    while (state->source->next(r, next)) {
      if (equals(r, Value::integer(static_cast<int64_t>(line.size())), state->count)) {
        state->ahead = std::move(next);
        item = make_list(r, std::move(line));
        return true;
      }
      line.push_back(std::move(next));
    }
    state->is_done = true;
    if (line.empty()) return false;
    if (!state->fill.is_missing() && !state->fill.is_none()) {
      const int64_t count = to_count(state->count);
      r.check_room(static_cast<size_t>(std::max<int64_t>(count, 0)) * sizeof(Value));
      while (static_cast<int64_t>(line.size()) < count) line.push_back(state->fill);
    }
    item = make_list(r, std::move(line));
    return true;
  });
}

Value slice(Runtime&, Arguments& arguments) {
  const auto values =
      match("slice", arguments, {required("value"), required("slices"), optional("fill_with")});
  struct State {
    Value value, count, fill;
    std::vector<Value> items;
    int64_t at = -1;  // not begun
    int64_t start = 0;
  };
  auto state = std::make_shared<State>();
  state->value = values[0];
  state->count = values[1];
  state->fill = values[2];
  const int depth = std::max(values[0].depth(), values[2].depth());
  return make_generator("generator", depth, [state](Runtime& r, Value& item) {
    const int64_t slices = to_count(state->count);
    if (state->at < 0) {
      state->items = collect(r, state->value);
      if (slices == 0) fail_type("integer division or modulo by zero");
      state->at = 0;
    }
    if (state->at >= slices) return false;
    const auto total = static_cast<int64_t>(state->items.size());
    const bool has_extra = state->at < total % slices;
    const int64_t count = total / slices + (has_extra ? 1 : 0);
    const auto from = state->items.begin() + state->start;
    std::vector<Value> part(from, from + count);
    if (!state->fill.is_missing() && !state->fill.is_none() && !has_extra) {
      part.push_back(state->fill);
    }
    state->start += count;
    ++state->at;
    item = make_list(r, std::move(part));
    return true;
  });
}

Value sum(Runtime& run, Arguments& arguments) {
  const auto values =
      match("sum", arguments, {required("iterable"), optional("attribute"), optional("start")});
  Value total = values[2].is_missing() ? Value::integer(0) : values[2];
  if (total.is_text()) fail_type("sum() can't sum strings [use ''.join(seq) instead]");
  const AttributePath path(run, values[1]);
  const auto source = iterate(run, values[0]);
  Value item;
  while (source->next(run, item)) {
    total = apply(run, BinaryOperator::kAdd, total, path.get(run, item));
  }
  return total;
}

constexpr FilterEntry kFilters[] = {{"batch", batch},   {"count", length}, {"first", first},
                                    {"items", items},   {"join", join},    {"last", last},
                                    {"length", length}, {"list", list},    {"reverse", reverse},
                                    {"slice", slice},   {"sum", sum}};

}  // namespace

std::span<const FilterEntry> sequence_filters() {
  return kFilters;
}

}  // namespace lapidary::tokenizer::jinja
