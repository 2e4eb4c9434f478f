#include "tokenizer/jinja/value.h"

#include <algorithm>

#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/object.h"
#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer::jinja {
namespace {

std::shared_ptr<Text> new_text(std::string bytes) {
  auto text = std::make_shared<Text>();
  text->bytes = std::move(bytes);
  text->length = count_code_points(text->bytes);
  text->is_markup = false;
  return text;
}

std::shared_ptr<Text> new_text(Runtime& run, std::string bytes) {
  run.step_bytes(bytes.size());
  Charge charge(run, sizeof(Text) + bytes.capacity());
  auto text = new_text(std::move(bytes));
  text->charge = std::move(charge);
  return text;
}

template <typename T>
std::shared_ptr<T> new_sequence(Runtime& run, std::vector<Value> items) {
  run.step(static_cast<int64_t>(items.size()) + 1);
  auto out = std::make_shared<T>();
  out->depth = depth_around(items);
  out->charge = Charge(run, sizeof(T) + items.capacity() * sizeof(Value));
  out->items = std::move(items);
  return out;
}

}  // namespace

int depth_around(const std::vector<Value>& items) {
  int depth = 0;
  for (const Value& item : items) depth = std::max(depth, item.depth());
  if (depth >= kMaxValueDepth) {
    fail_type("a value is nested deeper than ", kMaxValueDepth, " levels");
  }
  return depth + 1;
}

const std::vector<Value>* Value::items() const {
  if (is(Kind::kList)) return &list()->items;
  if (is(Kind::kTuple)) return &tuple()->items;
  return nullptr;
}

int Value::depth() const {
  switch (kind()) {
    case Kind::kList:
      return list()->depth;
    case Kind::kTuple:
      return tuple()->depth;
    case Kind::kDict:
      return dict()->depth();
    case Kind::kObject:
      return object()->depth();
    default:
      return 0;
  }
}

Value make_text(Runtime& run, std::string bytes) {
  return Value(TextPtr(new_text(run, std::move(bytes))));
}

Value make_markup(Runtime& run, std::string bytes) {
  auto text = new_text(run, std::move(bytes));
  text->is_markup = true;
  return Value(TextPtr(std::move(text)));
}

Value make_text_like(Runtime& run, const Text& model, std::string bytes) {
  return model.is_markup ? make_markup(run, std::move(bytes)) : make_text(run, std::move(bytes));
}

TextPtr constant_text(std::string bytes) {
  return new_text(std::move(bytes));
}

Value make_list(Runtime& run, std::vector<Value> items) {
  return Value(ListPtr(new_sequence<List>(run, std::move(items))));
}

Value make_tuple(Runtime& run, std::vector<Value> items) {
  auto tuple = new_sequence<Tuple>(run, std::move(items));
  tuple->is_group = false;
  return Value(TuplePtr(std::move(tuple)));
}

Value make_group(Runtime& run, Value grouper, Value list) {
  auto tuple = new_sequence<Tuple>(run, {std::move(grouper), std::move(list)});
  tuple->is_group = true;
  return Value(TuplePtr(std::move(tuple)));
}

Value make_undefined(std::string reason, RenderFailure kind) {
  return Value(UndefinedPtr(std::make_shared<Undefined>(Undefined{kind, std::move(reason)})));
}

void fail_undefined(const Value& undefined) {
  throw Failure{undefined.undefined().kind, undefined.undefined().reason};
}

std::string type_name(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kMissing:
    case Value::Kind::kUndefined:
      return "Undefined";
    case Value::Kind::kNone:
      return "NoneType";
    case Value::Kind::kBool:
      return "bool";
    case Value::Kind::kInteger:
      return "int";
    case Value::Kind::kFloat:
      return "float";
    case Value::Kind::kText:
      return value.text()->is_markup ? "Markup" : "str";
    case Value::Kind::kList:
      return "list";
    case Value::Kind::kTuple:
      return "tuple";
    case Value::Kind::kDict:
      return "dict";
    case Value::Kind::kObject:
      return value.object()->type_name();
  }
  return "object";
}

bool is_true(Runtime& run, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kMissing:
    case Value::Kind::kUndefined:
    case Value::Kind::kNone:
      return false;
    case Value::Kind::kBool:
    case Value::Kind::kInteger:
      return value.integer() != 0;
    case Value::Kind::kFloat:
      return value.floating() != 0.0;
    case Value::Kind::kText:
      return value.text()->length != 0;
    case Value::Kind::kList:
    case Value::Kind::kTuple:
      return !value.items()->empty();
    case Value::Kind::kDict:
      return !value.dict()->entries().empty();
    case Value::Kind::kObject:
      return value.object()->truth(run);
  }
  return false;
}

}  // namespace lapidary::tokenizer::jinja
