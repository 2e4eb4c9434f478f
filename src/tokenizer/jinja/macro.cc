// Macros, call blocks, generation blocks, and the object `self`.
#include <algorithm>

#include "tokenizer/jinja/arguments.h"
#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/iteration.h"
#include "tokenizer/jinja/print.h"
#include "tokenizer/jinja/renderer_scope.h"
#include "tokenizer/jinja/template_objects.h"

namespace lapidary::tokenizer::jinja {
namespace {

// What a macro's parameters and special variables become.
struct MacroInputs {
  std::vector<Value> parameters;  // missing where the default is to be used
  Value caller, kwargs, varargs;
};

// Takes the named argument out of `arguments`; missing where there is none.
Value take_named(Arguments& arguments, std::string_view name) {
  const auto found = std::find_if(arguments.named.begin(), arguments.named.end(),
                                  [&](const auto& argument) { return argument.first == name; });
  if (found == arguments.named.end()) return Value();
  Value value = std::move(found->second);
  arguments.named.erase(found);
  return value;
}

std::string shown_name(const MacroDefinition& macro) {
  return macro.name.empty() ? "None" : "'" + macro.name + "'";
}

void refuse_named(const MacroDefinition& macro, const Arguments& arguments) {
  for (const auto& [name, value] : arguments.named) {
    if (name == "caller") {
      fail_type("macro ", shown_name(macro),
                " was invoked with two values for the special caller argument. This is most likely "
                "a bug.");
    }
  }
  fail_type("macro ", shown_name(macro), " takes no keyword argument '", arguments.named[0].first,
            "'");
}

MacroInputs bind_macro_inputs(Runtime& run, const MacroDefinition& macro, Arguments arguments) {
  MacroInputs out;
  const size_t count = macro.parameters.size();
  const size_t given = std::min(arguments.positional.size(), count);
  bool has_caller = false;
  for (size_t i = 0; i < count; ++i) {
    const std::string& name = macro.parameters[i]->name;
    has_caller = has_caller || name == "caller";
    out.parameters.push_back(i < given ? arguments.positional[i] : take_named(arguments, name));
  }
  if (macro.caller_slot && !has_caller) {
    out.caller = take_named(arguments, "caller");
    if (out.caller.is_missing() || out.caller.is_none()) {
      out.caller = make_undefined("No caller defined");
    }
  }
  if (macro.kwargs_slot) {
    auto dict = std::make_shared<Dict>(run);
    for (auto& [name, value] : arguments.named) {
      dict->set(run, make_text(run, name), std::move(value));
    }
    out.kwargs = Value(DictPtr(std::move(dict)));
  } else if (!arguments.named.empty()) {
    refuse_named(macro, arguments);
  }
  if (macro.varargs_slot) {
    const auto rest = arguments.positional.begin() + static_cast<ptrdiff_t>(given);
    out.varargs = make_tuple(run, {rest, arguments.positional.end()});
  } else if (arguments.positional.size() > count) {
    fail_type("macro ", shown_name(macro), " takes not more than ", count, " argument(s)");
  }
  return out;
}

class BlockFunction : public Object {
 public:
  BlockFunction(Renderer& renderer, const BlockStatement& block, Context& context)
      : renderer_(renderer), block_(block), context_(context) {}
  std::string type_name() const override { return "BlockReference"; }
  bool is_callable() const override { return true; }
  Value call(Runtime& run, Arguments arguments) override {
    match_none("block", arguments);
    std::string text = renderer_.render_block(block_, context_);
    return run.escapes ? make_markup(run, std::move(text)) : make_text(run, std::move(text));
  }

 private:
  Renderer& renderer_;
  const BlockStatement& block_;
  Context& context_;
};

}  // namespace

bool SelfObject::item(Runtime&, const Value& key, Value& out) {
  if (!key.is_text()) return false;
  const BlockStatement* block = renderer_.find_block(key.text()->bytes);
  if (block == nullptr) return false;
  out = Value(ObjectPtr(std::make_shared<BlockFunction>(renderer_, *block, context_)));
  return true;
}

void MacroObject::print(Runtime&, TextBuilder& out) const {
  out.append(macro_.name.empty() ? "<Macro anonymous>" : "<Macro '" + macro_.name + "'>");
}

Value MacroObject::call(Runtime&, Arguments arguments) {
  return renderer_.call_macro(macro_, closure_, escapes_, std::move(arguments));
}

bool MacroObject::attribute(Runtime& run, std::string_view name, const Value&, Value& out) {
  if (name == "name") {
    out = macro_.name.empty() ? Value(None{}) : make_text(run, macro_.name);
  } else if (name == "arguments") {
    std::vector<Value> names;
    for (const auto& parameter : macro_.parameters)
      names.push_back(make_text(run, parameter->name));
    out = make_tuple(run, std::move(names));
  } else if (name == "catch_kwargs") {
    out = Value(macro_.kwargs_slot.has_value());
  } else if (name == "catch_varargs") {
    out = Value(macro_.varargs_slot.has_value());
  } else if (name == "caller") {
    out = Value(macro_.caller_slot.has_value());
  } else if (name == "explicit_caller") {
    out = Value(std::any_of(macro_.parameters.begin(), macro_.parameters.end(),
                            [](const auto& parameter) { return parameter->name == "caller"; }));
  } else {
    return false;
  }
  return true;
}

Value Renderer::new_macro(const MacroDefinition& macro) {
  here_->is_captured = true;
  for (Activation* outer = here_->parent; outer != nullptr; outer = outer->parent) {
    outer->is_captured = true;
  }
  return Value(ObjectPtr(std::make_shared<MacroObject>(*this, macro, *here_, run_.escapes)));
}

Value Renderer::call_macro(const MacroDefinition& macro, Activation& closure, bool escapes,
                           Arguments arguments) {
  const Runtime::CallDepth depth(run_);
  run_.check_stack();
  MacroInputs inputs = bind_macro_inputs(run_, macro, std::move(arguments));
  Call call(*this, macro.function, &closure, closure.context);
  Capture capture(*this);
  std::string text;
  {
    const Override<bool> scope(run_.escapes, escapes);
    enter(macro.scope);
    const auto store = [this](const std::optional<int>& index, Value& value) {
      if (index) here_->slots[static_cast<size_t>(*index)] = std::move(value);
    };
    store(macro.caller_slot, inputs.caller);
    store(macro.kwargs_slot, inputs.kwargs);
    store(macro.varargs_slot, inputs.varargs);
    for (size_t i = 0; i < macro.parameters.size(); ++i) {
      slot(macro.parameters[i]->slot) = std::move(inputs.parameters[i]);
    }
    const size_t first_default = macro.parameters.size() - macro.defaults.size();
    for (size_t i = 0; i < macro.parameters.size(); ++i) {
      const NameExpression& parameter = *macro.parameters[i];
      if (!slot(parameter.slot).is_missing()) continue;
      Value value = i < first_default
                        ? make_undefined("parameter '" + parameter.name + "' was not provided")
                        : evaluate(*macro.defaults[i - first_default]);
      slot(parameter.slot) = std::move(value);
    }
    execute(macro.body);
    text = capture.take();
  }
  return body_text(std::move(text));
}

void Renderer::execute_macro(const MacroStatement& statement) {
  Value macro = new_macro(statement.macro);
  if (statement.is_exported) here_->context->set(statement.macro.name, macro);
  slot(statement.slot) = std::move(macro);
}

void Renderer::execute_call_block(const CallBlockStatement& statement) {
  write_text(evaluate_call(*statement.call, new_macro(statement.macro)));
}

void Renderer::execute_generation(const CallBlockStatement& statement) {
  const size_t begin = root_out_.size();
  const Value result = call_macro(statement.macro, *here_, run_.escapes, {});
  const std::string& text = result.text()->bytes;
  spans_.push_back({begin, begin + text.size()});
  out_->append(text);
}

}  // namespace lapidary::tokenizer::jinja
