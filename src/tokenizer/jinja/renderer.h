// Runs a bound template. Functions, scopes and variables work as in the Python code that Jinja2
// would compile the template to.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tokenizer/jinja/context.h"
#include "tokenizer/jinja/object.h"
#include "tokenizer/jinja/syntax.h"
#include "tokenizer/jinja/text_builder.h"

namespace lapidary::tokenizer::jinja {

// The output of one {% generation %} block: bytes [begin, end) of the text, as long as the block
// does not stand inside of something that is rendered apart (a macro, a set block). There `begin`
// is what the template had written when the block ran, as with transformers.
struct GenerationSpan {
  size_t begin;
  size_t end;
};

// One run of a function: its variables, and the run of the function around it.
struct Activation : Clearable {
  Activation(Runtime& run, const FunctionInfo& info, Activation* outer, Context* variables)
      : parent(outer),
        context(variables),
        slots(static_cast<size_t>(info.num_slots)),
        charge(run, sizeof(Activation) + slots.size() * sizeof(Value)) {}
  void clear() noexcept override { slots.clear(); }

  Activation* parent;
  Context* context;
  std::vector<Value> slots;
  bool is_captured = false;  // a macro or loop that may outlive the run refers to it
  Charge charge;
};

class LoopObject;

class Renderer {
 public:
  Renderer(const Template& parsed, Runtime& run, Context& context)
      : template_(parsed), run_(run), root_context_(context), root_out_(run) {}

  // Throws Failure; line() then is the line it happened in.
  std::string render();
  const std::vector<GenerationSpan>& generation_spans() const { return spans_; }
  int line() const { return line_; }

  // For the objects that call back into the template.
  Value call_macro(const MacroDefinition& macro, Activation& closure, bool escapes,
                   Arguments arguments);
  std::string render_recursive_loop(const ForStatement& loop, Activation& parent,
                                    const Value& items, int64_t depth);
  const BlockStatement* find_block(std::string_view name) const;
  std::string render_block(const BlockStatement& block, Context& context);

 private:
  enum class Flow { kNormal, kBreak, kContinue };
  class Call;     // a new activation in force
  class Capture;  // output goes to a text of its own

  Flow execute(const Body& body);
  Flow execute(const Statement& statement);
  void execute_print(const PrintStatement& statement);
  void write_text(const Value& value);  // what a call or filter block gives: texts only
  Flow execute_if(const IfStatement& statement);
  Flow execute_for(const ForStatement& loop);
  Flow run_loop(const ForStatement& loop, const Value& items, Activation& test_parent,
                int64_t depth);
  bool run_passes(const ForStatement& loop, const std::function<bool(Value&)>& next_item,
                  const ObjectPtr& loop_object);
  Value filtered_items(const ForStatement& loop, const Value& items, Activation& parent);
  void execute_macro(const MacroStatement& statement);
  void execute_call_block(const CallBlockStatement& statement);
  void execute_generation(const CallBlockStatement& statement);
  Flow execute_filter_block(const FilterBlockStatement& statement);
  Flow execute_with(const WithStatement& statement);
  void execute_set(const SetStatement& statement);
  Flow execute_set_block(const SetBlockStatement& statement);
  void execute_block(const BlockStatement& statement);
  Flow execute_autoescape(const AutoescapeStatement& statement);

  Value evaluate(const Expression& expression);
  Value evaluate_name(const NameExpression& name);
  std::vector<Value> evaluate_all(const std::vector<ExpressionPtr>& expressions);
  Value evaluate_dict(const DictExpression& dict);
  Value evaluate_compare(const CompareExpression& compare);
  Value evaluate_concatenation(const ItemsExpression& concatenation);
  Value evaluate_conditional(const ConditionalExpression& conditional);
  Value evaluate_item(const ItemExpression& item);
  Value evaluate_call(const CallExpression& call, Value caller);
  Value evaluate_filter(const FilterExpression& filter, Value body);
  Value evaluate_test(const TestExpression& test);
  Value evaluate_optional(const ExpressionPtr& expression);
  void add_arguments(const CallArguments& source, Arguments& out);

  Value& slot(const Slot& place);
  void enter(const Scope& scope);
  void leave(const Scope& scope);
  void assign(const Expression& target, const Value& value);
  void assign_items(const ItemsExpression& target, const Value& value);
  Value value_of_target(const Expression& target);
  void check_namespaces(const Expression& target);
  void export_variables(const std::vector<Export>& exports);
  Value new_macro(const MacroDefinition& macro);
  Value body_text(std::string text);  // markup where autoescape is on

  const Template& template_;
  Runtime& run_;
  Context& root_context_;
  TextBuilder root_out_;
  TextBuilder* out_ = &root_out_;
  Activation* here_ = nullptr;
  std::vector<GenerationSpan> spans_;
  std::vector<std::unique_ptr<Context>> block_contexts_;
  int line_ = 1;
};

}  // namespace lapidary::tokenizer::jinja
