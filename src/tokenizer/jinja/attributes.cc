#include "tokenizer/jinja/attributes.h"

#include <algorithm>

#include "base/text.h"
#include "tokenizer/jinja/arguments.h"
#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/methods.h"
#include "tokenizer/jinja/object.h"
#include "tokenizer/jinja/print.h"
#include "tokenizer/jinja/text_operations.h"
#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer::jinja {
namespace {

using Kind = Value::Kind;

// "dict object", "None": what messages call the owner of a missing attribute.
std::string owner_text(const Value& object) {
  if (object.is_none()) return "None";
  if (object.is(Kind::kObject)) return object.object()->description();
  if (object.is_text() && object.text()->is_markup) return "markupsafe.Markup object";
  return type_name(object) + " object";
}

Value missing_attribute(const Value& object, std::string_view name) {
  return make_undefined(
      cat("'", owner_text(object), "' has no attribute '", name.substr(0, 200), "'"));
}

Value missing_item(Runtime& run, const Value& object, const Value& key) {
  if (key.is_text()) return missing_attribute(object, key.text()->bytes);
  std::string shown = repr_of(run, key);
  if (shown.size() > 200) shown = shown.substr(0, 200) + "...";
  return make_undefined(cat(owner_text(object), " has no element ", shown));
}

Value hidden_attribute(const Value& object, std::string_view name) {
  return make_undefined(
      cat("access to attribute '", name, "' of '", type_name(object), "' object is unsafe."),
      RenderFailure::kSecurity);
}

bool find_number_attribute(const Value& object, std::string_view name, Value& out) {
  const bool is_integral = object.is_integral();
  if (name == "real" || (is_integral && name == "numerator")) {
    out = is_integral ? Value(object.integer()) : object;
  } else if (name == "imag") {
    out = is_integral ? Value::integer(0) : Value(0.0);
  } else if (is_integral && name == "denominator") {
    out = Value::integer(1);
  } else {
    return false;
  }
  return true;
}

// Python's getattr; false where there is none. What the sandbox hides comes out as an undefined
// value that fails with a security error.
bool find_attribute(Runtime& run, const Value& object, std::string_view name, Value& out) {
  if (object.is_number() && find_number_attribute(object, name, out)) return true;
  if (const auto* group = object.is(Kind::kTuple) ? object.tuple() : nullptr;
      group != nullptr && group->is_group && (name == "grouper" || name == "list")) {
    out = group->items[name == "list" ? 1 : 0];
    return true;
  }
  if (object.is(Kind::kObject) && object.object()->attribute(run, name, object, out)) return true;
  if (const Function::Body body = find_method(object, name)) {
    out = Value(ObjectPtr(std::make_shared<Function>(std::string(name), object, body)));
    return true;
  }
  if (is_hidden_attribute(object, name)) {
    out = make_undefined(
        cat("access to attribute '", name, "' of '", type_name(object), "' object is unsafe."),
        RenderFailure::kSecurity);
    return true;
  }
  return false;
}

bool is_hashable(const Value& key) {
  if (key.is(Kind::kTuple)) {
    return std::all_of(key.items()->begin(), key.items()->end(), is_hashable);
  }
  return !key.is(Kind::kList) && !key.is(Kind::kDict);
}

// x[key]; false where Python would raise a TypeError or LookupError.
bool find_item(Runtime& run, const Value& object, const Value& key, Value& out) {
  if (object.is(Kind::kDict)) {
    if (!is_hashable(key)) return false;
    const Value* found = object.dict()->find(run, key);
    if (found != nullptr) out = *found;
    return found != nullptr;
  }
  if (object.is(Kind::kObject)) return object.object()->item(run, key, out);
  if (!key.is_integral() || (!object.is_text() && object.items() == nullptr)) return false;
  const int64_t length =
      object.is_text() ? object.text()->length : static_cast<int64_t>(object.items()->size());
  Integer index = key.integer();
  if (index < 0) index += length;
  if (index < 0 || index >= length) return false;
  const auto at = static_cast<int64_t>(index);
  if (object.is_text()) {
    const Text& text = *object.text();
    if (!text.is_ascii()) run.step_bytes(text.bytes.size());
    out = make_text_like(run, text, std::string(code_points(text, at, at + 1)));
  } else {
    out = (*object.items())[static_cast<size_t>(at)];
  }
  return true;
}

struct SliceRange {
  int64_t first = 0, step = 1, count = 0;
};

int64_t slice_bound(const Value& value, int64_t otherwise) {
  if (value.is_missing() || value.is_none()) return otherwise;
  if (!value.is_integral()) {
    fail_type("slice indices must be integers or None or have an __index__ method");
  }
  return to_count(value);
}

// As Python's slice.indices.
SliceRange slice_range(const Value& start, const Value& stop, const Value& step, int64_t length) {
  SliceRange out;
  out.step = slice_bound(step, 1);
  if (out.step == 0) fail_type("slice step cannot be zero");
  const bool is_up = out.step > 0;
  const int64_t low = is_up ? 0 : -1;
  const int64_t high = is_up ? length : length - 1;
  const auto clipped = [&](int64_t at) { return std::clamp(at < 0 ? at + length : at, low, high); };
  const bool has_start = !start.is_missing() && !start.is_none();
  const bool has_stop = !stop.is_missing() && !stop.is_none();
  out.first = has_start ? clipped(slice_bound(start, 0)) : (is_up ? 0 : length - 1);
  const int64_t end = has_stop ? clipped(slice_bound(stop, 0)) : (is_up ? length : -1);
  const int64_t span = is_up ? end - out.first : out.first - end;
  const int64_t stride = is_up ? out.step : -out.step;
  out.count = span <= 0 ? 0 : (span - 1) / stride + 1;
  return out;
}

Value slice_text(Runtime& run, const Text& text, const SliceRange& range) {
  run.step_bytes(text.bytes.size());
  if (range.step == 1) {
    return make_text_like(run, text,
                          std::string(code_points(text, range.first, range.first + range.count)));
  }
  std::vector<std::string_view> points;
  if (!text.is_ascii()) {
    run.step(text.length);
    for (size_t at = 0; at < text.bytes.size();) {
      const size_t start = at;
      next_code_point(text.bytes, at);
      points.push_back(std::string_view(text.bytes).substr(start, at - start));
    }
  }
  std::string out;
  run.step(range.count);
  for (int64_t i = 0, at = range.first; i < range.count; ++i, at += range.step) {
    const auto index = static_cast<size_t>(at);
    out += text.is_ascii() ? std::string_view(text.bytes).substr(index, 1) : points[index];
  }
  return make_text_like(run, text, std::move(out));
}

}  // namespace

Value get_attribute(Runtime& run, const Value& object, std::string_view name) {
  if (object.is_undefined()) {
    if (is_hidden_attribute(object, name)) return hidden_attribute(object, name);
    fail_undefined(object);
  }
  Value out;
  if (find_attribute(run, object, name, out)) return out;
  if (object.is(Kind::kDict)) {
    const Value* found = object.dict()->find(name);
    if (found != nullptr) return *found;
  } else if (object.is(Kind::kObject)) {
    if (object.object()->item(run, make_text(run, std::string(name)), out)) return out;
  }
  return missing_attribute(object, name);
}

Value get_item(Runtime& run, const Value& object, const Value& key) {
  if (object.is_undefined()) fail_undefined(object);
  Value out;
  if (find_item(run, object, key, out)) return out;
  if (key.is_text() && find_attribute(run, object, key.text()->bytes, out)) return out;
  return missing_item(run, object, key);
}

Value get_attribute_only(Runtime& run, const Value& object, std::string_view name) {
  if (object.is_undefined()) fail_undefined(object);
  Value out;
  if (find_attribute(run, object, name, out)) return out;
  return missing_attribute(object, name);
}

Value get_slice(Runtime& run, const Value& object, const Value& start, const Value& stop,
                const Value& step) {
  if (object.is_undefined()) fail_undefined(object);
  if (object.is_text()) {
    return slice_text(run, *object.text(), slice_range(start, stop, step, object.text()->length));
  }
  if (const auto* range = object.as<Range>()) {
    const SliceRange part = slice_range(start, stop, step, range->length(run));
    return range->part(part.first, part.step, part.count);
  }
  if (object.is(Kind::kDict)) fail_type("unhashable type: 'slice'");
  const auto* items = object.items();
  if (items == nullptr) fail_type("'", type_name(object), "' object is not subscriptable");
  const SliceRange range = slice_range(start, stop, step, static_cast<int64_t>(items->size()));
  run.check_room(static_cast<size_t>(range.count) * sizeof(Value));
  std::vector<Value> out;
  out.reserve(static_cast<size_t>(range.count));
  for (int64_t i = 0, at = range.first; i < range.count; ++i, at += range.step) {
    out.push_back((*items)[static_cast<size_t>(at)]);
  }
  return object.is(Kind::kList) ? make_list(run, std::move(out)) : make_tuple(run, std::move(out));
}

Value subscript(Runtime& run, const Value& object, const Value& key) {
  if (object.is_undefined()) fail_undefined(object);
  Value out;
  if (find_item(run, object, key, out)) return out;
  if (object.is(Kind::kDict)) fail_type(repr_of(run, key));
  if (object.items() != nullptr && key.is_integral()) fail_type("list index out of range");
  if (object.items() != nullptr) {
    fail_type(type_name(object), " indices must be integers or slices, not ", type_name(key));
  }
  fail_type("'", type_name(object), "' object is not subscriptable");
}

}  // namespace lapidary::tokenizer::jinja
