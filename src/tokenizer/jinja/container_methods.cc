// The methods of lists, tuples, ranges, dicts and numbers that change nothing.
#include <cmath>
#include <utility>

#include "tokenizer/jinja/arguments.h"
#include "tokenizer/jinja/arithmetic.h"
#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/iteration.h"
#include "tokenizer/jinja/methods.h"
#include "tokenizer/jinja/print.h"
#include "tokenizer/jinja/text_operations.h"

namespace lapidary::tokenizer::jinja {
namespace {

using Kind = Value::Kind;
using Entry = std::pair<std::string_view, Function::Body>;

template <size_t count>
Function::Body find(const Entry (&entries)[count], std::string_view name) {
  for (const auto& [known, body] : entries) {
    if (known == name) return body;
  }
  return nullptr;
}

Value sequence_count(Runtime& run, const Value& self, Arguments& arguments) {
  const auto values = match("count", arguments, {required()});
  int64_t count = 0;
  const auto items = iterate(run, self);
  Value item;
  while (items->next(run, item)) count += equals(run, item, values[0]) ? 1 : 0;
  return Value::integer(count);
}

Value sequence_index(Runtime& run, const Value& self, Arguments& arguments) {
  const auto values = match("index", arguments, {required(), optional(), optional()});
  const int64_t length = length_of(run, self);
  const auto [start, stop] =
      clip(to_count_or(values[1], 0), to_count_or(values[2], length), length);
  const auto items = iterate(run, self);
  Value item;
  for (int64_t at = 0; at < stop && items->next(run, item); ++at) {
    if (at >= start && equals(run, item, values[0])) return Value::integer(at);
  }
  fail_type(repr_of(run, values[0]), " is not in ", type_name(self));
}

Value copy(Runtime&, const Value& self, Arguments& arguments) {
  match_none("copy", arguments);
  return self;
}

template <DictView::Part part>
Value dict_view(Runtime&, const Value& self, Arguments& arguments) {
  match_none("items", arguments);
  return Value(ObjectPtr(std::make_shared<DictView>(self.shared_dict(), part)));
}

Value dict_get(Runtime& run, const Value& self, Arguments& arguments) {
  const auto values = match("get", arguments, {required(), optional()});
  const Value* found = self.dict()->find(run, values[0]);
  if (found != nullptr) return *found;
  return values[1].is_missing() ? Value(None{}) : values[1];
}

Value dict_from_keys(Runtime& run, const Value&, Arguments& arguments) {
  const auto values = match("fromkeys", arguments, {required(), optional()});
  auto dict = std::make_shared<Dict>(run);
  const auto keys = iterate(run, values[0]);
  Value key;
  while (keys->next(run, key)) {
    dict->set(run, key, values[1].is_missing() ? Value(None{}) : values[1]);
  }
  return Value(DictPtr(std::move(dict)));
}

Value bit_length(Runtime&, const Value& self, Arguments& arguments) {
  match_none("bit_length", arguments);
  Integer rest = self.integer() < 0 ? -self.integer() : self.integer();
  int64_t bits = 0;
  for (; rest != 0; rest >>= 1) ++bits;
  return Value::integer(bits);
}

Value bit_count(Runtime&, const Value& self, Arguments& arguments) {
  match_none("bit_count", arguments);
  Integer rest = self.integer() < 0 ? -self.integer() : self.integer();
  int64_t bits = 0;
  for (; rest != 0; rest >>= 1) bits += static_cast<int64_t>(rest & 1);
  return Value::integer(bits);
}

Value conjugate(Runtime&, const Value& self, Arguments& arguments) {
  match_none("conjugate", arguments);
  return self.is_integral() ? Value(self.integer()) : self;
}

Value is_integer(Runtime&, const Value& self, Arguments& arguments) {
  match_none("is_integer", arguments);
  const double number = self.floating();
  return Value(std::isfinite(number) && std::floor(number) == number);
}

constexpr Entry kListMethods[] = {
    {"copy", copy}, {"count", sequence_count}, {"index", sequence_index}};
constexpr Entry kTupleMethods[] = {{"count", sequence_count}, {"index", sequence_index}};
constexpr Entry kDictMethods[] = {{"copy", copy},
                                  {"fromkeys", dict_from_keys},
                                  {"get", dict_get},
                                  {"items", dict_view<DictView::Part::kItems>},
                                  {"keys", dict_view<DictView::Part::kKeys>},
                                  {"values", dict_view<DictView::Part::kValues>}};
constexpr Entry kIntegerMethods[] = {
    {"bit_count", bit_count}, {"bit_length", bit_length}, {"conjugate", conjugate}};
constexpr Entry kFloatMethods[] = {{"conjugate", conjugate}, {"is_integer", is_integer}};

}  // namespace

Function::Body find_container_method(const Value& value, std::string_view name) {
  switch (value.kind()) {
    case Kind::kList:
      return find(kListMethods, name);
    case Kind::kTuple:
      return find(kTupleMethods, name);
    case Kind::kDict:
      return find(kDictMethods, name);
    case Kind::kBool:
    case Kind::kInteger:
      return find(kIntegerMethods, name);
    case Kind::kFloat:
      return find(kFloatMethods, name);
    case Kind::kObject:
      return value.as<Range>() != nullptr ? find(kTupleMethods, name) : nullptr;
    default:
      return nullptr;
  }
}

}  // namespace lapidary::tokenizer::jinja
