#include "tokenizer/jinja/iteration.h"

#include <utility>

#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer::jinja {
namespace {

using Kind = Value::Kind;

// The items of a list or tuple that `owner` keeps alive.
class SequenceIterator : public Iterator {
 public:
  explicit SequenceIterator(Value owner) : owner_(std::move(owner)), items_(*owner_.items()) {}
  bool next(Runtime& run, Value& item) override {
    run.step();
    if (at_ == items_.size()) return false;
    item = items_[at_++];
    return true;
  }

 private:
  Value owner_;
  const std::vector<Value>& items_;
  size_t at_ = 0;
};

class OwnedIterator : public Iterator {
 public:
  explicit OwnedIterator(std::vector<Value> items) : items_(std::move(items)) {}
  bool next(Runtime& run, Value& item) override {
    run.step();
    if (at_ == items_.size()) return false;
    item = items_[at_++];
    return true;
  }

 private:
  std::vector<Value> items_;
  size_t at_ = 0;
};

class TextIterator : public Iterator {
 public:
  explicit TextIterator(TextPtr text) : text_(std::move(text)) {}
  bool next(Runtime& run, Value& item) override {
    if (at_ == text_->bytes.size()) return false;
    const size_t start = at_;
    next_code_point(text_->bytes, at_);
    item = make_text(run, text_->bytes.substr(start, at_ - start));
    return true;
  }

 private:
  TextPtr text_;
  size_t at_ = 0;
};

class KeyIterator : public Iterator {
 public:
  explicit KeyIterator(DictPtr dict) : dict_(std::move(dict)) {}
  bool next(Runtime& run, Value& item) override {
    run.step();
    if (at_ == dict_->entries().size()) return false;
    item = dict_->entries()[at_++].key;
    return true;
  }

 private:
  DictPtr dict_;
  size_t at_ = 0;
};

class FunctionIterator : public Iterator {
 public:
  explicit FunctionIterator(std::function<bool(Runtime&, Value&)> next) : next_(std::move(next)) {}
  bool next(Runtime& run, Value& item) override {
    run.step();
    run.check_stack();
    return next_(run, item);
  }

 private:
  std::function<bool(Runtime&, Value&)> next_;
};

}  // namespace

bool is_iterable(const Value& value) {
  switch (value.kind()) {
    case Kind::kUndefined:
    case Kind::kText:
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kDict:
      return true;
    case Kind::kObject:
      return value.object()->is_iterable();
    default:
      return false;
  }
}

std::unique_ptr<Iterator> iterate(Runtime& run, const Value& value) {
  switch (value.kind()) {
    case Kind::kUndefined:
      return std::make_unique<OwnedIterator>(std::vector<Value>());
    case Kind::kText:
      return std::make_unique<TextIterator>(value.shared_text());
    case Kind::kList:
    case Kind::kTuple:
      return std::make_unique<SequenceIterator>(value);
    case Kind::kDict:
      return std::make_unique<KeyIterator>(value.shared_dict());
    case Kind::kObject:
      if (value.object()->is_iterable()) return value.object()->iterate(run, value.shared_object());
      break;
    default:
      break;
  }
  fail_type("'", type_name(value), "' object is not iterable");
}

std::vector<Value> collect(Runtime& run, const Value& value) {
  if (const auto* items = value.items()) {
    run.step(static_cast<int64_t>(items->size()));
    run.check_room(items->size() * sizeof(Value));
    return *items;
  }
  const auto source = iterate(run, value);
  Charge room(run, 0);
  std::vector<Value> out;
  Value item;
  while (source->next(run, item)) {
    if (out.size() == out.capacity()) room.grow((out.size() + 1) * sizeof(Value));
    out.push_back(std::move(item));
  }
  return out;
}

bool has_length(const Value& value) {
  return value.is(Kind::kObject) ? value.object()->has_length() : is_iterable(value);
}

int64_t length_of(Runtime& run, const Value& value) {
  if (!has_length(value)) fail_type("object of type '", type_name(value), "' has no len()");
  if (value.is_undefined()) return 0;
  if (value.is_text()) return value.text()->length;
  if (value.is(Kind::kObject)) return value.object()->length(run);
  if (value.is(Kind::kDict)) return static_cast<int64_t>(value.dict()->entries().size());
  return static_cast<int64_t>(value.items()->size());
}

std::unique_ptr<Iterator> iterate_items(std::vector<Value> items) {
  return std::make_unique<OwnedIterator>(std::move(items));
}

Value make_generator(std::string name, int depth,
                     std::function<bool(Runtime& run, Value& item)> next) {
  if (depth >= kMaxValueDepth) {
    fail_type("a value is nested deeper than ", kMaxValueDepth, " levels");
  }
  auto source = std::make_unique<FunctionIterator>(std::move(next));
  return Value(
      ObjectPtr(std::make_shared<Generator>(std::move(name), std::move(source), depth + 1)));
}

}  // namespace lapidary::tokenizer::jinja
