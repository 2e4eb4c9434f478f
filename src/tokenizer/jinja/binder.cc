#include "tokenizer/jinja/binder.h"

#include <algorithm>
#include <deque>

#include "base/check.h"
#include "tokenizer/jinja/symbols.h"
#include "tokenizer/jinja/syntax_failure.h"
#include "tokenizer/jinja/walk.h"

namespace lapidary::tokenizer::jinja {
namespace {

template <typename T>
T& as(Statement& statement) {
  return static_cast<T&>(statement);
}
template <typename T>
T& as(Expression& expression) {
  return static_cast<T&>(expression);
}

// Where a statement stands.
struct Frame {
  FunctionFrame& function;
  Symbols& symbols;
  bool is_top_level = false;  // what is set here is seen by blocks
  bool is_soft = false;       // directly in an if: unknown filters fail only when they are used
  bool is_in_loop = false;    // break and continue mean something

  Frame soft() const {
    Frame out = *this;
    out.is_soft = true;
    return out;
  }
};

class Binder {
 public:
  explicit Binder(Template& parsed) : template_(parsed) {}

  void run() {
    collect_blocks(template_.body);
    FunctionFrame function(template_.function, nullptr);
    Symbols symbols(function, nullptr);
    if (is_mentioned(template_.body, "self"))
      template_.self_slot = symbols.declare_parameter("self");
    symbols.analyze(template_.body);
    template_.scope = symbols.scope();
    Frame frame{function, symbols};
    frame.is_top_level = true;
    bind_body(template_.body, frame);
    for (BlockStatement* block : blocks_) bind_block(*block);
  }

 private:
  void collect_blocks(const Body& body);
  void bind_block(BlockStatement& block);
  void bind_body(Body& body, const Frame& frame) {
    for (StatementPtr& statement : body) bind_statement(*statement, frame);
  }
  void bind_statement(Statement& statement, const Frame& frame);
  void bind_for(ForStatement& loop, const Frame& frame);
  void bind_for_filter(ForStatement& loop, const Frame& frame);
  void bind_if(IfStatement& statement, const Frame& frame);
  void bind_macro(MacroDefinition& macro, const Frame& frame, int line);
  void bind_filter_block(FilterBlockStatement& statement, const Frame& frame);
  void bind_with(WithStatement& statement, const Frame& frame);
  void bind_set_block(SetBlockStatement& statement, const Frame& frame);
  void bind_autoescape(AutoescapeStatement& statement, const Frame& frame);
  void bind_expression(Expression& expression, const Frame& frame);
  void bind_optional(const ExpressionPtr& expression, const Frame& frame) {
    if (expression != nullptr) bind_expression(*expression, frame);
  }
  void bind_arguments(CallArguments& arguments, const Frame& frame);
  void bind_filter(FilterExpression& filter, const Frame& frame);
  void bind_test(TestExpression& test, const Frame& frame);
  static Slot slot_of(const std::string& name, const Frame& frame);
  static std::vector<Export> exports(const Expression& target, const Frame& frame);

  Template& template_;
  std::vector<BlockStatement*> blocks_;
};

Slot Binder::slot_of(const std::string& name, const Frame& frame) {
  const Symbols::Reference found = frame.symbols.find(name);
  LAPIDARY_CHECK(found.function != nullptr, "no scope knows the variable ", name);
  return {frame.function.depth - found.function->depth, found.slot};
}

std::vector<Export> Binder::exports(const Expression& target, const Frame& frame) {
  std::vector<Export> out;
  if (!frame.is_top_level) return out;
  walk(target, {[&](const NameExpression& name) {
                  out.push_back({name.name, slot_of(name.name, frame)});
                },
                [](const BlockStatement&) { return false; }});
  return out;
}

void Binder::collect_blocks(const Body& body) {
  std::set<std::string> names;
  walk(body, {[](const NameExpression&) {},
              [&](const BlockStatement& block) {
                if (!names.insert(block.name).second) {
                  throw SyntaxFailure{"block '" + block.name + "' defined twice", block.line};
                }
                blocks_.push_back(const_cast<BlockStatement*>(&block));
                template_.blocks.push_back(&block);
                return true;
              }});
}

void Binder::bind_block(BlockStatement& block) {
  FunctionFrame function(block.function, nullptr);
  Symbols symbols(function, nullptr);
  if (is_mentioned(block.body, "self")) block.self_slot = symbols.declare_parameter("self");
  if (is_mentioned(block.body, "super")) block.super_slot = symbols.declare_parameter("super");
  symbols.analyze(block.body);
  block.scope = symbols.scope();
  bind_body(block.body, Frame{function, symbols});
}

void Binder::bind_statement(Statement& statement, const Frame& frame) {
  switch (statement.kind) {
    case Statement::Kind::kText:
      return;
    case Statement::Kind::kPrint:
      return bind_expression(*as<PrintStatement>(statement).value, frame);
    case Statement::Kind::kFor:
      return bind_for(as<ForStatement>(statement), frame);
    case Statement::Kind::kIf:
      return bind_if(as<IfStatement>(statement), frame);
    case Statement::Kind::kMacro: {
      auto& macro = as<MacroStatement>(statement);
      macro.slot = slot_of(macro.macro.name, frame);
      macro.is_exported = frame.is_top_level;
      return bind_macro(macro.macro, frame, statement.line);
    }
    case Statement::Kind::kCallBlock:
      bind_expression(*as<CallBlockStatement>(statement).call, frame);
      return bind_macro(as<CallBlockStatement>(statement).macro, frame, statement.line);
    case Statement::Kind::kGeneration:
      return bind_macro(as<CallBlockStatement>(statement).macro, frame, statement.line);
    case Statement::Kind::kFilterBlock:
      return bind_filter_block(as<FilterBlockStatement>(statement), frame);
    case Statement::Kind::kWith:
      return bind_with(as<WithStatement>(statement), frame);
    case Statement::Kind::kSet: {
      auto& set = as<SetStatement>(statement);
      bind_expression(*set.value, frame);
      bind_expression(*set.target, frame);
      set.exports = exports(*set.target, frame);
      return;
    }
    case Statement::Kind::kSetBlock:
      return bind_set_block(as<SetBlockStatement>(statement), frame);
    case Statement::Kind::kBlock: {
      auto& block = as<BlockStatement>(statement);
      if (!block.is_scoped) return;
      for (const auto& [name, reference] : frame.symbols.stored_names()) {
        block.visible.push_back(
            {name, {frame.function.depth - reference.function->depth, reference.slot}});
      }
      return;
    }
    case Statement::Kind::kAutoescape:
      return bind_autoescape(as<AutoescapeStatement>(statement), frame);
    case Statement::Kind::kTemplate:
      return bind_expression(*as<TemplateStatement>(statement).source, frame);
    case Statement::Kind::kBreak:
    case Statement::Kind::kContinue:
      if (!frame.is_in_loop)
        throw SyntaxFailure{"break or continue outside of a loop", statement.line};
      return;
  }
}

void refuse_loop_target(const ForStatement& loop) {
  const auto check = [](const NameExpression& name) {
    if (name.use == NameExpression::Use::kStore && name.name == "loop") {
      throw SyntaxFailure{"Can't assign to special loop variable in for-loop target", name.line};
    }
  };
  walk(loop, {check, [](const BlockStatement&) { return true; }});
}

bool has_scoped_block(const ForStatement& loop) {
  bool found = false;
  walk(loop, {[](const NameExpression&) {},
              [&](const BlockStatement& block) {
                found = found || block.is_scoped;
                return true;
              }});
  return found;
}

ExpressionPtr copy_target(const Expression& target) {
  if (target.kind == Expression::Kind::kName) {
    const auto& name = static_cast<const NameExpression&>(target);
    auto out = std::make_unique<NameExpression>(name.name, name.line);
    out->use = name.use;
    return out;
  }
  auto out = std::make_unique<ItemsExpression>(target.kind, target.line);
  for (const auto& item : static_cast<const ItemsExpression&>(target).items) {
    out->items.push_back(copy_target(*item));
  }
  return out;
}

// `for ... if`: the test runs in a function of its own, item by item as the loop asks for them.
void Binder::bind_for_filter(ForStatement& loop, const Frame& frame) {
  FunctionFrame function(loop.test_function, &frame.function);
  Symbols symbols(function, &frame.symbols);
  symbols.declare_parameters(*loop.target);
  symbols.analyze(*loop.test);
  loop.test_scope = symbols.scope();
  loop.test_target = copy_target(*loop.target);
  const Frame inner{function, symbols};
  bind_expression(*loop.test_target, inner);
  bind_expression(*loop.test, inner);
}

void Binder::bind_for(ForStatement& loop, const Frame& frame) {
  refuse_loop_target(loop);
  if (loop.test != nullptr) bind_for_filter(loop, frame);
  FunctionFrame own_function(loop.loop_function, &frame.function);
  FunctionFrame& function = loop.is_recursive ? own_function : frame.function;
  Symbols symbols(function, &frame.symbols);
  if (loop.is_recursive || is_mentioned(loop.body, "loop") || has_scoped_block(loop)) {
    loop.loop_slot = symbols.declare_parameter("loop");
  }
  symbols.declare_parameters(*loop.target);
  symbols.analyze(loop.body);
  loop.body_scope = symbols.scope();
  if (loop.is_recursive && loop.otherwise.empty()) loop.body_scope.slots.clear();
  Symbols else_symbols(function, &frame.symbols);
  else_symbols.analyze(loop.otherwise);
  loop.else_scope = else_symbols.scope();

  bind_expression(*loop.items, frame);
  Frame inner{function, symbols};
  inner.is_in_loop = true;
  bind_expression(*loop.target, inner);
  bind_body(loop.body, inner);
  Frame otherwise{function, else_symbols};
  otherwise.is_in_loop = !loop.is_recursive && frame.is_in_loop;
  bind_body(loop.otherwise, otherwise);
}

void Binder::bind_if(IfStatement& statement, const Frame& frame) {
  const Frame inner = frame.soft();
  for (auto& [test, body] : statement.branches) {
    bind_expression(*test, inner);
    bind_body(body, inner);
  }
  bind_body(statement.otherwise, inner);
}

void Binder::bind_macro(MacroDefinition& macro, const Frame& frame, int line) {
  FunctionFrame function(macro.function, &frame.function);
  Symbols symbols(function, &frame.symbols);
  const auto analyze = [&] {
    for (const auto& parameter : macro.parameters) symbols.declare_parameter(parameter->name);
    for (const auto& value : macro.defaults) symbols.analyze(*value);
    symbols.analyze(macro.body);
  };
  analyze();
  const auto has_parameter = [&](const char* name) {
    return std::any_of(macro.parameters.begin(), macro.parameters.end(),
                       [&](const auto& parameter) { return parameter->name == name; });
  };
  if (is_mentioned(macro.body, "caller")) {
    const size_t required = macro.parameters.size() - macro.defaults.size();
    for (size_t i = 0; i < required; ++i) {
      if (macro.parameters[i]->name != "caller") continue;
      throw SyntaxFailure{
          "When defining macros or call blocks the special \"caller\" argument must be omitted or "
          "be "
          "given a default.",
          line};
    }
    if (!has_parameter("caller")) macro.caller_slot = symbols.declare_parameter("caller");
  }
  if (is_mentioned(macro.body, "kwargs") && !has_parameter("kwargs")) {
    macro.kwargs_slot = symbols.declare_parameter("kwargs");
  }
  if (is_mentioned(macro.body, "varargs") && !has_parameter("varargs")) {
    macro.varargs_slot = symbols.declare_parameter("varargs");
  }
  analyze();
  macro.scope = symbols.scope();
  const Frame inner{function, symbols};
  for (const auto& parameter : macro.parameters) bind_expression(*parameter, inner);
  for (const auto& value : macro.defaults) bind_expression(*value, inner);
  bind_body(macro.body, inner);
}

void Binder::bind_filter_block(FilterBlockStatement& statement, const Frame& frame) {
  Symbols symbols(frame.function, &frame.symbols);
  symbols.analyze(statement.body);
  symbols.analyze(*statement.filter);
  statement.scope = symbols.scope();
  Frame inner{frame.function, symbols};
  inner.is_in_loop = frame.is_in_loop;
  bind_body(statement.body, inner);
  bind_expression(*statement.filter, inner);
}

void Binder::bind_with(WithStatement& statement, const Frame& frame) {
  Symbols symbols(frame.function, &frame.symbols);
  for (const auto& target : statement.targets) symbols.declare_parameters(*target);
  symbols.analyze(statement.body);
  statement.scope = symbols.scope();
  Frame inner{frame.function, symbols};
  inner.is_in_loop = frame.is_in_loop;
  for (const auto& target : statement.targets) bind_expression(*target, inner);
  for (const auto& value : statement.values) bind_expression(*value, frame);
  bind_body(statement.body, inner);
}

void Binder::bind_set_block(SetBlockStatement& statement, const Frame& frame) {
  Symbols symbols(frame.function, &frame.symbols);
  symbols.analyze(statement.body);
  if (statement.filter != nullptr) symbols.analyze(*statement.filter);
  statement.scope = symbols.scope();
  Frame inner{frame.function, symbols};
  inner.is_in_loop = frame.is_in_loop;
  bind_body(statement.body, inner);
  bind_expression(*statement.target, frame);
  bind_optional(statement.filter, inner);
  statement.exports = exports(*statement.target, frame);
}

void Binder::bind_autoescape(AutoescapeStatement& statement, const Frame& frame) {
  Symbols symbols(frame.function, &frame.symbols);
  symbols.analyze(*statement.value);
  symbols.analyze(statement.body);
  statement.scope = symbols.scope();
  Frame inner{frame.function, symbols};
  inner.is_in_loop = frame.is_in_loop;
  bind_expression(*statement.value, inner);
  bind_body(statement.body, inner);
}

void Binder::bind_arguments(CallArguments& arguments, const Frame& frame) {
  for (const auto& argument : arguments.positional) bind_expression(*argument, frame);
  for (const auto& [name, argument] : arguments.named) bind_expression(*argument, frame);
  bind_optional(arguments.more_positional, frame);
  bind_optional(arguments.more_named, frame);
}

void Binder::bind_filter(FilterExpression& filter, const Frame& frame) {
  bind_optional(filter.subject, frame);
  filter.function = find_filter(filter.name);
  if (filter.function == nullptr && !frame.is_soft) {
    throw SyntaxFailure{"No filter named '" + filter.name + "'.", filter.line};
  }
  bind_arguments(filter.arguments, frame);
}

void Binder::bind_test(TestExpression& test, const Frame& frame) {
  bind_expression(*test.subject, frame);
  test.function = find_test(test.name);
  if (test.function == nullptr && !frame.is_soft) {
    throw SyntaxFailure{"No test named '" + test.name + "'.", test.line};
  }
  bind_arguments(test.arguments, frame);
}

void Binder::bind_expression(Expression& expression, const Frame& frame) {
  using Kind = Expression::Kind;
  switch (expression.kind) {
    case Kind::kConstant:
      return;
    case Kind::kName:
      as<NameExpression>(expression).slot = slot_of(as<NameExpression>(expression).name, frame);
      return;
    case Kind::kAttributeTarget:
      as<AttributeTarget>(expression).slot = slot_of(as<AttributeTarget>(expression).name, frame);
      return;
    case Kind::kTuple:
    case Kind::kList:
    case Kind::kConcatenate:
      for (const auto& item : as<ItemsExpression>(expression).items) bind_expression(*item, frame);
      return;
    case Kind::kDict:
      for (const auto& [key, value] : as<DictExpression>(expression).items) {
        bind_expression(*key, frame);
        bind_expression(*value, frame);
      }
      return;
    case Kind::kNot:
    case Kind::kNegate:
    case Kind::kPositive:
      return bind_expression(*as<UnaryExpression>(expression).operand, frame);
    case Kind::kBinary:
    case Kind::kAnd:
    case Kind::kOr:
      bind_expression(*as<BinaryExpression>(expression).left, frame);
      return bind_expression(*as<BinaryExpression>(expression).right, frame);
    case Kind::kCompare:
      bind_expression(*as<CompareExpression>(expression).first, frame);
      for (const auto& [op, operand] : as<CompareExpression>(expression).rest) {
        bind_expression(*operand, frame);
      }
      return;
    case Kind::kConditional: {
      const Frame inner = frame.soft();
      bind_expression(*as<ConditionalExpression>(expression).test, inner);
      bind_expression(*as<ConditionalExpression>(expression).then, inner);
      return bind_optional(as<ConditionalExpression>(expression).otherwise, inner);
    }
    case Kind::kAttribute:
      return bind_expression(*as<AttributeExpression>(expression).object, frame);
    case Kind::kItem:
      bind_expression(*as<ItemExpression>(expression).object, frame);
      return bind_expression(*as<ItemExpression>(expression).key, frame);
    case Kind::kSlice:
      bind_optional(as<SliceExpression>(expression).start, frame);
      bind_optional(as<SliceExpression>(expression).stop, frame);
      return bind_optional(as<SliceExpression>(expression).step, frame);
    case Kind::kCall:
      bind_expression(*as<CallExpression>(expression).callee, frame);
      return bind_arguments(as<CallExpression>(expression).arguments, frame);
    case Kind::kFilter:
      return bind_filter(as<FilterExpression>(expression), frame);
    case Kind::kTest:
      return bind_test(as<TestExpression>(expression), frame);
  }
}

}  // namespace

void bind(Template& parsed) {
  Binder(parsed).run();
}

}  // namespace lapidary::tokenizer::jinja
