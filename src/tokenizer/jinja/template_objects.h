// The objects that a template's own parts become: macros, loops, blocks.
#pragma once

#include "tokenizer/jinja/renderer.h"

namespace lapidary::tokenizer::jinja {

class MacroObject : public Object {
 public:
  MacroObject(Renderer& renderer, const MacroDefinition& macro, Activation& closure, bool escapes)
      : renderer_(renderer), macro_(macro), closure_(closure), escapes_(escapes) {}
  std::string type_name() const override { return "Macro"; }
  std::string description() const override { return "jinja2.runtime.Macro object"; }
  void print(Runtime& run, TextBuilder& out) const override;
  bool is_callable() const override { return true; }
  Value call(Runtime& run, Arguments arguments) override;
  bool attribute(Runtime& run, std::string_view name, const Value& self, Value& out) override;

 private:
  Renderer& renderer_;
  const MacroDefinition& macro_;
  Activation& closure_;
  bool escapes_;  // autoescape where it is defined
};

// The variable `loop`.
class LoopObject : public Object {
 public:
  struct Recursion {  // of a recursive loop
    Renderer* renderer = nullptr;
    const ForStatement* loop = nullptr;
    Activation* parent = nullptr;
  };
  LoopObject(Value items, std::unique_ptr<Iterator> source, int64_t depth, Recursion recursion)
      : items_(std::move(items)),
        source_(std::move(source)),
        depth0_(depth),
        recursion_(recursion) {}

  // The next pass; false at the end.
  bool advance(Runtime& run, Value& item);
  // Lets go of the items; for when the loop has ended.
  void finish() noexcept;

  std::string type_name() const override { return "LoopContext"; }
  std::string description() const override { return "jinja2.runtime.LoopContext object"; }
  void print(Runtime& run, TextBuilder& out) const override;
  bool has_length() const override { return true; }
  int64_t length(Runtime& run) const override;
  bool is_iterable() const override { return true; }  // its own further passes, as pairs
  std::unique_ptr<Iterator> iterate(Runtime& run, const ObjectPtr& self) override;
  bool is_callable() const override { return true; }
  Value call(Runtime& run, Arguments arguments) override;
  bool attribute(Runtime& run, std::string_view name, const Value& self, Value& out) override;

 private:
  bool attribute_of_position(Runtime& run, std::string_view name, Value& out);
  int64_t find_length(Runtime& run);
  bool peek(Runtime& run);  // whether there is a next item, which is then next_
  static Value cycle(Runtime& run, const Value& self, Arguments& arguments);
  static Value changed(Runtime& run, const Value& self, Arguments& arguments);

  Value items_;
  std::unique_ptr<Iterator> source_;
  int64_t index0_ = -1;
  int64_t length_ = -1;  // not known yet
  Value previous_, current_, next_;
  Value last_changed_;
  int64_t depth0_;
  Recursion recursion_;
};

// The variable `self`: the template's blocks, to be rendered once more.
class SelfObject : public Object {
 public:
  SelfObject(Renderer& renderer, Context& context) : renderer_(renderer), context_(context) {}
  std::string type_name() const override { return "TemplateReference"; }
  std::string description() const override { return "jinja2.runtime.TemplateReference object"; }
  bool item(Runtime& run, const Value& key, Value& out) override;

 private:
  Renderer& renderer_;
  Context& context_;
};

}  // namespace lapidary::tokenizer::jinja
