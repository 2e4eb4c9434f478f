// The functions that every template can call: range, dict, namespace, cycler, joiner,
// raise_exception, strftime_now.
#include "tokenizer/jinja/arguments.h"
#include "tokenizer/jinja/arithmetic.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/methods.h"
#include "tokenizer/jinja/namespace_object.h"
#include "tokenizer/jinja/print.h"
#include "tokenizer/jinja/registry.h"
#include "tokenizer/jinja/time_format.h"

namespace lapidary::tokenizer::jinja {
namespace {

Value range(Runtime&, const Value&, Arguments& arguments) {
  constexpr int64_t kLongest = 100'000;
  if (!arguments.named.empty()) fail_type("range() takes no keyword arguments");
  const auto& given = arguments.positional;
  if (given.empty()) fail_type("range expected at least 1 argument, got 0");
  if (given.size() > 3) fail_type("range expected at most 3 arguments, got ", given.size());
  for (const Value& value : given) {
    if (!value.is_integral()) {
      fail_type("'", type_name(value), "' object cannot be interpreted as an integer");
    }
  }
  const Integer start = given.size() > 1 ? given[0].integer() : Integer{0};
  const Integer stop = given.size() > 1 ? given[1].integer() : given[0].integer();
  const Integer step = given.size() > 2 ? given[2].integer() : Integer{1};
  if (step == 0) fail_type("range() arg 3 must not be zero");
  const Integer span = step > 0 ? add_integers(stop, -start) : add_integers(start, -stop);
  const Integer length = span <= 0 ? 0 : (span - 1) / (step > 0 ? step : -step) + 1;
  if (length > kLongest) {
    fail_type("Range too big. The sandbox blocks ranges larger than MAX_RANGE (", kLongest, ").");
  }
  return Value(ObjectPtr(std::make_shared<Range>(start, stop, step, static_cast<int64_t>(length))));
}

Value make_dict(Runtime& run, const Value&, Arguments& arguments) {
  return Value(DictPtr(std::make_shared<Dict>(build_dict(run, arguments))));
}

Value make_namespace(Runtime& run, const Value&, Arguments& arguments) {
  return NamespaceObject::make(run, build_dict(run, arguments));
}

Value raise_exception(Runtime& run, const Value&, Arguments& arguments) {
  const auto values = match("raise_exception", arguments, {required("message")});
  throw Failure{RenderFailure::kRaise, text_of(run, values[0])};
}

Value strftime_now(Runtime& run, const Value&, Arguments& arguments) {
  const auto values = match("strftime_now", arguments, {required("format")});
  return make_text(run, format_time(run.now(), to_text("strftime() argument 1", values[0]).bytes));
}

class Cycler : public Object {
 public:
  explicit Cycler(Value items) : items_(std::move(items)) {}
  std::string type_name() const override { return "Cycler"; }
  std::string description() const override { return "jinja2.utils.Cycler object"; }
  int depth() const override { return items_.depth(); }
  bool attribute(Runtime&, std::string_view name, const Value& self, Value& out) override {
    if (name == "current") {
      out = current();
    } else if (name == "pos") {
      out = Value::integer(static_cast<int64_t>(at_));
    } else if (name == "items") {
      out = items_;
    } else if (name == "next" || name == "reset") {
      out = Value(ObjectPtr(
          std::make_shared<Function>(std::string(name), self, name == "next" ? next : reset)));
    } else {
      return false;
    }
    return true;
  }

 private:
  Value current() const { return (*items_.items())[at_]; }
  static Value next(Runtime&, const Value& self, Arguments& arguments) {
    match_none("next", arguments);
    auto& cycler = *self.as<Cycler>();
    Value out = cycler.current();
    cycler.at_ = (cycler.at_ + 1) % cycler.items_.items()->size();
    return out;
  }
  static Value reset(Runtime&, const Value& self, Arguments& arguments) {
    match_none("reset", arguments);
    self.as<Cycler>()->at_ = 0;
    return Value(None{});
  }

  Value items_;
  size_t at_ = 0;
};

Value make_cycler(Runtime& run, const Value&, Arguments& arguments) {
  if (!arguments.named.empty()) fail_type("cycler() got an unexpected keyword argument");
  if (arguments.positional.empty()) fail_type("at least one item has to be provided");
  return Value(
      ObjectPtr(std::make_shared<Cycler>(make_tuple(run, std::move(arguments.positional)))));
}

class Joiner : public Object {
 public:
  explicit Joiner(Value separator) : separator_(std::move(separator)) {}
  std::string type_name() const override { return "Joiner"; }
  std::string description() const override { return "jinja2.utils.Joiner object"; }
  int depth() const override { return separator_.depth(); }
  bool is_callable() const override { return true; }
  Value call(Runtime& run, Arguments arguments) override {
    match_none("joiner", arguments);
    if (is_used_) return separator_;
    is_used_ = true;
    return make_text(run, "");
  }
  bool attribute(Runtime&, std::string_view name, const Value&, Value& out) override {
    if (name == "sep") {
      out = separator_;
    } else if (name == "used") {
      out = Value(is_used_);
    } else {
      return false;
    }
    return true;
  }

 private:
  Value separator_;
  bool is_used_ = false;
};

Value make_joiner(Runtime& run, const Value&, Arguments& arguments) {
  auto values = match("joiner", arguments, {optional("sep")});
  Value separator = values[0].is_missing() ? make_text(run, ", ") : values[0];
  return Value(ObjectPtr(std::make_shared<Joiner>(std::move(separator))));
}

Value lorem_ipsum(Runtime&, const Value&, Arguments&) {
  fail_type("lipsum() is not supported: a rendering must be repeatable");
}

// The global `dict`: a function with a method.
class DictFunction : public Function {
 public:
  DictFunction() : Function("dict", Value(), make_dict) {}
  bool attribute(Runtime& run, std::string_view name, const Value& self, Value& out) override {
    if (name != "fromkeys") return false;
    const Value empty(DictPtr(std::make_shared<Dict>(run)));
    out = Value(ObjectPtr(
        std::make_shared<Function>("fromkeys", self, find_container_method(empty, name))));
    return true;
  }
};

}  // namespace

Value find_global(Runtime&, std::string_view name) {
  constexpr std::pair<std::string_view, Function::Body> kFunctions[] = {
      {"range", range},
      {"namespace", make_namespace},
      {"raise_exception", raise_exception},
      {"strftime_now", strftime_now},
      {"cycler", make_cycler},
      {"joiner", make_joiner},
      {"lipsum", lorem_ipsum}};
  if (name == "dict") return Value(ObjectPtr(std::make_shared<DictFunction>()));
  for (const auto& [known, body] : kFunctions) {
    if (known == name) {
      return Value(ObjectPtr(std::make_shared<Function>(std::string(name), Value(), body)));
    }
  }
  return Value();
}

}  // namespace lapidary::tokenizer::jinja
