// Values with behaviour of their own: functions, macros, loops, generators, namespaces. What a kind
// of object does not override fails as Python would.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/jinja/value.h"

namespace lapidary::tokenizer::jinja {

class TextBuilder;

// The arguments of a call. With a call of a filter or test, positional[0] is what it is applied to.
struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

// One pass over the items of something.
class Iterator {
 public:
  virtual ~Iterator() = default;
  virtual bool next(Runtime& run, Value& item) = 0;  // false at the end
};

class Object {
 public:
  Object() = default;
  virtual ~Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  virtual std::string type_name() const = 0;
  // What messages call it: "range object", "jinja2.utils.Cycler object".
  virtual std::string description() const { return type_name() + " object"; }
  virtual void print(Runtime& run, TextBuilder& out) const;
  virtual bool truth(Runtime& run) const;
  virtual int depth() const { return 0; }

  virtual bool has_length() const { return false; }
  virtual int64_t length(Runtime& run) const;
  virtual bool is_iterable() const { return false; }
  virtual std::unique_ptr<Iterator> iterate(Runtime& run, const ObjectPtr& self);
  virtual bool has_items() const { return false; }  // x[key] may work
  virtual bool item(Runtime& run, const Value& key, Value& out);
  virtual bool is_callable() const { return false; }
  virtual Value call(Runtime& run, Arguments arguments);
  // A public attribute. `self` is the value that holds this object.
  virtual bool attribute(Runtime& run, std::string_view name, const Value& self, Value& out);
  virtual bool equals(Runtime& run, const Object& other) const;
};

// A generator: items made on demand, once. `name` is for printing it.
class Generator : public Object {
 public:
  Generator(std::string name, std::unique_ptr<Iterator> source, int depth)
      : name_(std::move(name)), source_(std::move(source)), depth_(depth) {}
  std::string type_name() const override { return name_; }
  int depth() const override { return depth_; }
  bool is_iterable() const override { return true; }
  std::unique_ptr<Iterator> iterate(Runtime& run, const ObjectPtr& self) override;
  bool next(Runtime& run, Value& item) { return source_->next(run, item); }

 private:
  std::string name_;
  std::unique_ptr<Iterator> source_;
  int depth_;
};

class Range : public Object {
 public:
  Range(Integer start, Integer stop, Integer step, int64_t length)
      : start_(start), stop_(stop), step_(step), length_(length) {}
  std::string type_name() const override { return "range"; }
  void print(Runtime& run, TextBuilder& out) const override;
  bool has_length() const override { return true; }
  int64_t length(Runtime& run) const override;
  bool is_iterable() const override { return true; }
  std::unique_ptr<Iterator> iterate(Runtime& run, const ObjectPtr& self) override;
  bool has_items() const override { return true; }
  bool item(Runtime& run, const Value& key, Value& out) override;
  bool attribute(Runtime& run, std::string_view name, const Value& self, Value& out) override;
  bool equals(Runtime& run, const Object& other) const override;
  Value at(int64_t index) const { return Value(start_ + step_ * index); }
  // The items [first, first + count) with every `stride`-th taken.
  Value part(int64_t first, int64_t stride, int64_t count) const;
  bool holds(Integer number) const;

 private:
  Integer start_, stop_, step_;
  int64_t length_;
};

// What dict.keys(), values() and items() give.
class DictView : public Object {
 public:
  enum class Part { kKeys, kValues, kItems };
  DictView(DictPtr dict, Part part) : dict_(std::move(dict)), part_(part) {}
  std::string type_name() const override;
  void print(Runtime& run, TextBuilder& out) const override;
  int depth() const override;
  bool has_length() const override { return true; }
  int64_t length(Runtime& run) const override;
  bool is_iterable() const override { return true; }
  std::unique_ptr<Iterator> iterate(Runtime& run, const ObjectPtr& self) override;
  bool equals(Runtime& run, const Object& other) const override;
  const DictPtr& dict() const { return dict_; }
  Part part() const { return part_; }

 private:
  DictPtr dict_;
  Part part_;
};

// A built-in function, or a method bound to its value.
class Function : public Object {
 public:
  using Body = Value (*)(Runtime& run, const Value& self, Arguments& arguments);
  Function(std::string name, Value self, Body body)
      : name_(std::move(name)), self_(std::move(self)), body_(body) {}
  std::string type_name() const override { return "builtin_function_or_method"; }
  void print(Runtime& run, TextBuilder& out) const override;
  int depth() const override { return self_.depth() + 1; }
  bool is_callable() const override { return true; }
  Value call(Runtime& run, Arguments arguments) override;

 private:
  std::string name_;
  Value self_;
  Body body_;
};

}  // namespace lapidary::tokenizer::jinja
