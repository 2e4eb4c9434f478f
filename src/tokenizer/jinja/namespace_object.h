// What namespace() makes: attributes that templates may set. The one thing that a loop can change
// outside of itself.
#pragma once

#include <string>
#include <string_view>

#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/object.h"

namespace lapidary::tokenizer::jinja {

class NamespaceObject : public Object, public Clearable {
 public:
  // Throws a security error for a name with an underscore in front.
  static Value make(Runtime& run, Dict attributes);
  explicit NamespaceObject(Dict attributes) : attributes_(std::move(attributes)) {}

  void set(Runtime& run, const std::string& name, Value value);

  std::string type_name() const override { return "TemplateNamespace"; }
  std::string description() const override;
  void print(Runtime& run, TextBuilder& out) const override;
  bool attribute(Runtime& run, std::string_view name, const Value& self, Value& out) override;
  void clear() noexcept override { attributes_.clear(); }

 private:
  Dict attributes_;
  mutable bool is_printing_ = false;
};

// dict(mapping or pairs, **named).
Dict build_dict(Runtime& run, Arguments& arguments);

}  // namespace lapidary::tokenizer::jinja
