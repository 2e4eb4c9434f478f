#include "tokenizer/jinja/object.h"

#include "tokenizer/jinja/arithmetic.h"
#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/iteration.h"
#include "tokenizer/jinja/print.h"

namespace lapidary::tokenizer::jinja {
namespace {

class GeneratorIterator : public Iterator {
 public:
  explicit GeneratorIterator(ObjectPtr generator)
      : keep_(std::move(generator)), generator_(dynamic_cast<Generator&>(*keep_)) {}
  bool next(Runtime& run, Value& item) override { return generator_.next(run, item); }

 private:
  ObjectPtr keep_;
  Generator& generator_;
};

class RangeIterator : public Iterator {
 public:
  explicit RangeIterator(ObjectPtr range)
      : keep_(std::move(range)), range_(dynamic_cast<Range&>(*keep_)) {}
  bool next(Runtime& run, Value& item) override {
    run.step();
    if (at_ == range_.length(run)) return false;
    item = range_.at(at_++);
    return true;
  }

 private:
  ObjectPtr keep_;
  Range& range_;
  int64_t at_ = 0;
};

class ViewIterator : public Iterator {
 public:
  ViewIterator(DictPtr dict, DictView::Part part) : dict_(std::move(dict)), part_(part) {}
  bool next(Runtime& run, Value& item) override {
    run.step();
    if (at_ == dict_->entries().size()) return false;
    const Dict::Entry& entry = dict_->entries()[at_++];
    switch (part_) {
      case DictView::Part::kKeys:
        item = entry.key;
        break;
      case DictView::Part::kValues:
        item = entry.value;
        break;
      case DictView::Part::kItems:
        item = make_tuple(run, {entry.key, entry.value});
        break;
    }
    return true;
  }

 private:
  DictPtr dict_;
  DictView::Part part_;
  size_t at_ = 0;
};

}  // namespace

void Object::print(Runtime&, TextBuilder& out) const {
  out.append("<" + type_name() + " object>");
}
bool Object::truth(Runtime& run) const {
  return !has_length() || length(run) != 0;
}
int64_t Object::length(Runtime&) const {
  fail_type("object of type '", type_name(), "' has no len()");
}
std::unique_ptr<Iterator> Object::iterate(Runtime&, const ObjectPtr&) {
  fail_type("'", type_name(), "' object is not iterable");
}
bool Object::item(Runtime&, const Value&, Value&) {
  return false;
}
Value Object::call(Runtime&, Arguments) {
  fail_type("'", type_name(), "' object is not callable");
}
bool Object::attribute(Runtime&, std::string_view, const Value&, Value&) {
  return false;
}
bool Object::equals(Runtime&, const Object& other) const {
  return this == &other;
}

std::unique_ptr<Iterator> Generator::iterate(Runtime&, const ObjectPtr& self) {
  return std::make_unique<GeneratorIterator>(self);
}

void Range::print(Runtime&, TextBuilder& out) const {
  out.append("range(" + integer_text(start_) + ", " + integer_text(stop_));
  if (step_ != 1) out.append(", " + integer_text(step_));
  out.append(')');
}
int64_t Range::length(Runtime&) const {
  return length_;
}
std::unique_ptr<Iterator> Range::iterate(Runtime&, const ObjectPtr& self) {
  return std::make_unique<RangeIterator>(self);
}
bool Range::item(Runtime&, const Value& key, Value& out) {
  if (!key.is_integral()) return false;
  const Integer index = key.integer() < 0 ? key.integer() + length_ : key.integer();
  if (index < 0 || index >= length_) return false;
  out = at(static_cast<int64_t>(index));
  return true;
}
bool Range::attribute(Runtime&, std::string_view name, const Value&, Value& out) {
  if (name == "start") {
    out = Value(start_);
  } else if (name == "stop") {
    out = Value(stop_);
  } else if (name == "step") {
    out = Value(step_);
  } else {
    return false;
  }
  return true;
}
bool Range::equals(Runtime&, const Object& other) const {
  const auto* range = dynamic_cast<const Range*>(&other);
  if (range == nullptr || range->length_ != length_) return false;
  if (length_ == 0) return true;
  return start_ == range->start_ && (length_ == 1 || step_ == range->step_);
}
Value Range::part(int64_t first, int64_t stride, int64_t count) const {
  const Integer start = start_ + step_ * first;
  const Integer step = step_ * stride;
  return Value(ObjectPtr(std::make_shared<Range>(start, start + step * count, step, count)));
}
bool Range::holds(Integer number) const {
  const Integer offset = number - start_;
  return offset % step_ == 0 && offset / step_ >= 0 && offset / step_ < length_;
}

std::string DictView::type_name() const {
  return part_ == Part::kKeys ? "dict_keys" : part_ == Part::kValues ? "dict_values" : "dict_items";
}
void DictView::print(Runtime& run, TextBuilder& out) const {
  out.append(type_name() + "([");
  ViewIterator items(dict_, part_);
  Value item;
  bool is_first = true;
  while (items.next(run, item)) {
    if (!is_first) out.append(", ");
    is_first = false;
    print_repr(run, out, item);
  }
  out.append("])");
}
int DictView::depth() const {
  return dict_->depth() + 1;
}
int64_t DictView::length(Runtime&) const {
  return static_cast<int64_t>(dict_->entries().size());
}
std::unique_ptr<Iterator> DictView::iterate(Runtime&, const ObjectPtr&) {
  return std::make_unique<ViewIterator>(dict_, part_);
}
bool DictView::equals(Runtime& run, const Object& other) const {
  const auto* view = dynamic_cast<const DictView*>(&other);
  if (view == nullptr || view->part_ != part_ || part_ == Part::kValues) return this == &other;
  if (view->length(run) != length(run)) return false;
  for (const Dict::Entry& entry : dict_->entries()) {
    const Value* found = view->dict_->find(run, entry.key);
    if (found == nullptr) return false;
    if (part_ == Part::kItems && !jinja::equals(run, entry.value, *found)) return false;
  }
  return true;
}

void Function::print(Runtime& run, TextBuilder& out) const {
  if (self_.is_missing()) return out.append("<function " + name_ + ">");
  (void)run;
  out.append("<built-in method " + name_ + " of " + jinja::type_name(self_) + " object>");
}
Value Function::call(Runtime& run, Arguments arguments) {
  return body_(run, self_, arguments);
}

}  // namespace lapidary::tokenizer::jinja
