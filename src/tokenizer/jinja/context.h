// The variables that a rendering is given, and by name those that its outermost level sets.
#pragma once

#include <map>
#include <string>

#include "base/json.h"
#include "tokenizer/jinja/value.h"

namespace lapidary::tokenizer::jinja {

// JSON to values; throws for text that is not UTF-8 and for nesting without end.
Value from_json(Runtime& run, const Json& json);

class Context {
 public:
  // `variables` must be an object and outlive the context.
  explicit Context(const Json& variables) : variables_(&variables) {}
  // `base` with more variables laid over it; `base` must outlive it.
  Context(Context& base, std::map<std::string, Value> local)
      : base_(&base), found_(std::move(local)) {}

  // Missing for a name that is nowhere.
  Value resolve(Runtime& run, const std::string& name);
  void set(const std::string& name, Value value) { set_[name] = std::move(value); }

 private:
  const Json* variables_ = nullptr;
  Context* base_ = nullptr;
  std::map<std::string, Value> set_;
  std::map<std::string, Value> found_;  // what was converted or laid over
};

}  // namespace lapidary::tokenizer::jinja
