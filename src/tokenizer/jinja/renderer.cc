#include "tokenizer/jinja/renderer.h"

#include <algorithm>

#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/iteration.h"
#include "tokenizer/jinja/markup.h"
#include "tokenizer/jinja/namespace_object.h"
#include "tokenizer/jinja/print.h"
#include "tokenizer/jinja/renderer_scope.h"
#include "tokenizer/jinja/template_objects.h"

namespace lapidary::tokenizer::jinja {
namespace {

template <typename T>
const T& as(const Statement& statement) {
  return static_cast<const T&>(statement);
}

}  // namespace

std::string Renderer::render() {
  Call call(*this, template_.function, nullptr, &root_context_);
  call.activation().is_captured = true;  // macros and generators refer to it to the very end
  if (template_.self_slot) {
    here_->slots[static_cast<size_t>(*template_.self_slot)] =
        Value(ObjectPtr(std::make_shared<SelfObject>(*this, root_context_)));
  }
  enter(template_.scope);
  execute(template_.body);
  return root_out_.take();
}

Value& Renderer::slot(const Slot& place) {
  Activation* activation = here_;
  for (int i = 0; i < place.hops; ++i) activation = activation->parent;
  return activation->slots[static_cast<size_t>(place.index)];
}

void Renderer::enter(const Scope& scope) {
  for (const Load& load : scope.loads) {
    Value value;
    if (load.action == Load::Action::kResolve) {
      value = here_->context->resolve(run_, load.name);
    } else if (load.action == Load::Action::kAlias) {
      value = slot(load.source);
    }
    here_->slots[static_cast<size_t>(load.target)] = std::move(value);
  }
}

void Renderer::leave(const Scope& scope) {
  for (const int index : scope.slots) here_->slots[static_cast<size_t>(index)] = Value();
}

Value Renderer::body_text(std::string text) {
  return run_.escapes ? make_markup(run_, std::move(text)) : make_text(run_, std::move(text));
}

Renderer::Flow Renderer::execute(const Body& body) {
  for (const StatementPtr& statement : body) {
    const Flow flow = execute(*statement);
    if (flow != Flow::kNormal) return flow;
  }
  return Flow::kNormal;
}

Renderer::Flow Renderer::execute(const Statement& statement) {
  run_.step();
  run_.check_stack();
  line_ = statement.line;
  switch (statement.kind) {
    case Statement::Kind::kText:
      out_->append(as<TextStatement>(statement).text);
      return Flow::kNormal;
    case Statement::Kind::kPrint:
      execute_print(as<PrintStatement>(statement));
      return Flow::kNormal;
    case Statement::Kind::kFor:
      return execute_for(as<ForStatement>(statement));
    case Statement::Kind::kIf:
      return execute_if(as<IfStatement>(statement));
    case Statement::Kind::kMacro:
      execute_macro(as<MacroStatement>(statement));
      return Flow::kNormal;
    case Statement::Kind::kCallBlock:
      execute_call_block(as<CallBlockStatement>(statement));
      return Flow::kNormal;
    case Statement::Kind::kGeneration:
      execute_generation(as<CallBlockStatement>(statement));
      return Flow::kNormal;
    case Statement::Kind::kFilterBlock:
      return execute_filter_block(as<FilterBlockStatement>(statement));
    case Statement::Kind::kWith:
      return execute_with(as<WithStatement>(statement));
    case Statement::Kind::kSet:
      execute_set(as<SetStatement>(statement));
      return Flow::kNormal;
    case Statement::Kind::kSetBlock:
      return execute_set_block(as<SetBlockStatement>(statement));
    case Statement::Kind::kBlock:
      execute_block(as<BlockStatement>(statement));
      return Flow::kNormal;
    case Statement::Kind::kAutoescape:
      return execute_autoescape(as<AutoescapeStatement>(statement));
    case Statement::Kind::kBreak:
      return Flow::kBreak;
    case Statement::Kind::kContinue:
      return Flow::kContinue;
    case Statement::Kind::kTemplate:
      evaluate(*as<TemplateStatement>(statement).source);
      fail_type("no loader for this environment specified: '", as<TemplateStatement>(statement).tag,
                "' needs another template, and a chat template stands alone");
  }
  return Flow::kNormal;
}

void Renderer::execute_print(const PrintStatement& statement) {
  const Value value = evaluate(*statement.value);
  if (run_.escapes) {
    out_->append(escape(run_, value).text()->bytes);
  } else {
    print(run_, *out_, value);
  }
}

void Renderer::write_text(const Value& value) {
  if (!value.is_text()) {
    fail_type("a block gives ", type_name(value), ": expected str instance, ", type_name(value),
              " found");
  }
  out_->append(value.text()->bytes);
}

Renderer::Flow Renderer::execute_if(const IfStatement& statement) {
  for (const auto& [test, body] : statement.branches) {
    if (is_true(run_, evaluate(*test))) return execute(body);
  }
  return execute(statement.otherwise);
}

Renderer::Flow Renderer::execute_filter_block(const FilterBlockStatement& statement) {
  enter(statement.scope);
  std::string text;
  {
    Capture capture(*this);
    const Flow flow = execute(statement.body);
    if (flow != Flow::kNormal) return flow;
    text = capture.take();
  }
  const auto& filter = static_cast<const FilterExpression&>(*statement.filter);
  write_text(evaluate_filter(filter, body_text(std::move(text))));
  leave(statement.scope);
  return Flow::kNormal;
}

Renderer::Flow Renderer::execute_with(const WithStatement& statement) {
  enter(statement.scope);
  for (size_t i = 0; i < statement.targets.size(); ++i) {
    assign(*statement.targets[i], evaluate(*statement.values[i]));
  }
  const Flow flow = execute(statement.body);
  leave(statement.scope);
  return flow;
}

void Renderer::check_namespaces(const Expression& target) {
  if (target.kind == Expression::Kind::kTuple) {
    for (const auto& item : static_cast<const ItemsExpression&>(target).items) {
      check_namespaces(*item);
    }
  } else if (target.kind == Expression::Kind::kAttributeTarget) {
    const auto& attribute = static_cast<const AttributeTarget&>(target);
    if (slot(attribute.slot).as<NamespaceObject>() == nullptr) {
      fail_type("cannot assign attribute on non-namespace object");
    }
  }
}

void Renderer::execute_set(const SetStatement& statement) {
  check_namespaces(*statement.target);
  assign(*statement.target, evaluate(*statement.value));
  export_variables(statement.exports);
}

Renderer::Flow Renderer::execute_set_block(const SetBlockStatement& statement) {
  enter(statement.scope);
  Value value;
  {
    Capture capture(*this);
    const Flow flow = execute(statement.body);
    if (flow != Flow::kNormal) return flow;
    value = body_text(capture.take());
  }
  if (statement.filter != nullptr) {
    value = evaluate_filter(static_cast<const FilterExpression&>(*statement.filter), value);
    if (run_.escapes && !(value.is_text() && value.text()->is_markup)) {
      value = make_markup(run_, text_of(run_, value));
    }
  }
  check_namespaces(*statement.target);
  assign(*statement.target, value);
  export_variables(statement.exports);
  leave(statement.scope);
  return Flow::kNormal;
}

void Renderer::export_variables(const std::vector<Export>& exports) {
  for (const Export& variable : exports) here_->context->set(variable.name, slot(variable.slot));
}

void Renderer::assign(const Expression& target, const Value& value) {
  if (target.kind == Expression::Kind::kName) {
    slot(static_cast<const NameExpression&>(target).slot) = value;
  } else if (target.kind == Expression::Kind::kAttributeTarget) {
    const auto& attribute = static_cast<const AttributeTarget&>(target);
    auto* object = slot(attribute.slot).as<NamespaceObject>();
    if (object == nullptr) fail_type("cannot assign attribute on non-namespace object");
    object->set(run_, attribute.attribute, value);
  } else {
    assign_items(static_cast<const ItemsExpression&>(target), value);
  }
}

void Renderer::assign_items(const ItemsExpression& target, const Value& value) {
  if (!is_iterable(value)) fail_type("cannot unpack non-iterable ", type_name(value), " object");
  const size_t wanted = target.items.size();
  const auto source = iterate(run_, value);
  std::vector<Value> items;
  Value item;
  while (items.size() <= wanted && source->next(run_, item)) items.push_back(std::move(item));
  if (items.size() < wanted) {
    fail_type("not enough values to unpack (expected ", wanted, ", got ", items.size(), ")");
  }
  if (items.size() > wanted) fail_type("too many values to unpack (expected ", wanted, ")");
  for (size_t i = 0; i < wanted; ++i) assign(*target.items[i], items[i]);
}

// What assign() stored: a new tuple for a tuple.
Value Renderer::value_of_target(const Expression& target) {
  if (target.kind == Expression::Kind::kName) {
    return slot(static_cast<const NameExpression&>(target).slot);
  }
  std::vector<Value> items;
  for (const auto& item : static_cast<const ItemsExpression&>(target).items) {
    items.push_back(value_of_target(*item));
  }
  return make_tuple(run_, std::move(items));
}

const BlockStatement* Renderer::find_block(std::string_view name) const {
  const auto found = std::find_if(template_.blocks.begin(), template_.blocks.end(),
                                  [&](const auto* block) { return block->name == name; });
  return found == template_.blocks.end() ? nullptr : *found;
}

void Renderer::execute_block(const BlockStatement& block) {
  if (block.is_required) fail_type("Required block '", block.name, "' not found");
  Context* context = here_->context;
  if (block.is_scoped) {
    std::map<std::string, Value> local;
    for (const Export& variable : block.visible) {
      const Value& value = slot(variable.slot);
      if (!value.is_missing()) local[variable.name] = value;
    }
    block_contexts_.push_back(std::make_unique<Context>(*context, std::move(local)));
    context = block_contexts_.back().get();
  }
  out_->append(render_block(block, *context));
}

std::string Renderer::render_block(const BlockStatement& block, Context& context) {
  const Runtime::CallDepth depth(run_);
  Call call(*this, block.function, nullptr, &context);
  Capture capture(*this);
  if (block.self_slot) {
    here_->slots[static_cast<size_t>(*block.self_slot)] =
        Value(ObjectPtr(std::make_shared<SelfObject>(*this, context)));
  }
  if (block.super_slot) {
    here_->slots[static_cast<size_t>(*block.super_slot)] =
        make_undefined("there is no parent block called '" + block.name + "'.");
  }
  enter(block.scope);
  execute(block.body);
  return capture.take();
}

Renderer::Flow Renderer::execute_autoescape(const AutoescapeStatement& statement) {
  enter(statement.scope);
  const bool escapes = is_true(run_, evaluate(*statement.value));
  const Override<bool> scope(run_.escapes, escapes);
  const Flow flow = execute(statement.body);
  leave(statement.scope);
  return flow;
}

}  // namespace lapidary::tokenizer::jinja
