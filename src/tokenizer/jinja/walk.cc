#include "tokenizer/jinja/walk.h"

namespace lapidary::tokenizer::jinja {
namespace {

void walk_optional(const ExpressionPtr& expression, const Visitor& visitor) {
  if (expression != nullptr) walk(*expression, visitor);
}

void walk_arguments(const CallArguments& arguments, const Visitor& visitor) {
  for (const auto& argument : arguments.positional) walk(*argument, visitor);
  for (const auto& [name, argument] : arguments.named) walk(*argument, visitor);
  walk_optional(arguments.more_positional, visitor);
  walk_optional(arguments.more_named, visitor);
}

void walk_macro(const MacroDefinition& macro, const Visitor& visitor) {
  for (const auto& parameter : macro.parameters) walk(*parameter, visitor);
  for (const auto& value : macro.defaults) walk(*value, visitor);
  walk(macro.body, visitor);
}

template <typename T>
const T& as(const Statement& statement) {
  return static_cast<const T&>(statement);
}
template <typename T>
const T& as(const Expression& expression) {
  return static_cast<const T&>(expression);
}

void walk_if(const IfStatement& statement, const Visitor& visitor) {
  for (const auto& [test, body] : statement.branches) {
    walk(*test, visitor);
    walk(body, visitor);
  }
  walk(statement.otherwise, visitor);
}

void walk_for(const ForStatement& loop, const Visitor& visitor) {
  walk(*loop.target, visitor);
  walk(*loop.items, visitor);
  walk(loop.body, visitor);
  walk(loop.otherwise, visitor);
  walk_optional(loop.test, visitor);
}

void walk_set_block(const SetBlockStatement& statement, const Visitor& visitor) {
  walk(*statement.target, visitor);
  walk_optional(statement.filter, visitor);
  walk(statement.body, visitor);
}

void walk_with(const WithStatement& statement, const Visitor& visitor) {
  for (const auto& target : statement.targets) walk(*target, visitor);
  for (const auto& value : statement.values) walk(*value, visitor);
  walk(statement.body, visitor);
}

void walk_call_block(const CallBlockStatement& statement, const Visitor& visitor) {
  if (statement.call != nullptr) walk(*statement.call, visitor);
  walk_macro(statement.macro, visitor);
}

}  // namespace

void walk(const Body& body, const Visitor& visitor) {
  for (const StatementPtr& statement : body) walk(*statement, visitor);
}

void walk(const Statement& statement, const Visitor& visitor) {
  switch (statement.kind) {
    case Statement::Kind::kPrint:
      return walk(*as<PrintStatement>(statement).value, visitor);
    case Statement::Kind::kFor:
      return walk_for(as<ForStatement>(statement), visitor);
    case Statement::Kind::kIf:
      return walk_if(as<IfStatement>(statement), visitor);
    case Statement::Kind::kMacro:
      return walk_macro(as<MacroStatement>(statement).macro, visitor);
    case Statement::Kind::kCallBlock:
    case Statement::Kind::kGeneration:
      return walk_call_block(as<CallBlockStatement>(statement), visitor);
    case Statement::Kind::kFilterBlock:
      walk(as<FilterBlockStatement>(statement).body, visitor);
      return walk(*as<FilterBlockStatement>(statement).filter, visitor);
    case Statement::Kind::kWith:
      return walk_with(as<WithStatement>(statement), visitor);
    case Statement::Kind::kSet:
      walk(*as<SetStatement>(statement).target, visitor);
      return walk(*as<SetStatement>(statement).value, visitor);
    case Statement::Kind::kSetBlock:
      return walk_set_block(as<SetBlockStatement>(statement), visitor);
    case Statement::Kind::kBlock:
      if (visitor.on_block(as<BlockStatement>(statement))) {
        walk(as<BlockStatement>(statement).body, visitor);
      }
      return;
    case Statement::Kind::kAutoescape:
      walk(*as<AutoescapeStatement>(statement).value, visitor);
      return walk(as<AutoescapeStatement>(statement).body, visitor);
    case Statement::Kind::kTemplate:
      return walk(*as<TemplateStatement>(statement).source, visitor);
    case Statement::Kind::kText:
    case Statement::Kind::kBreak:
    case Statement::Kind::kContinue:
      return;
  }
}

void walk(const Expression& expression, const Visitor& visitor) {
  using Kind = Expression::Kind;
  switch (expression.kind) {
    case Kind::kConstant:
    case Kind::kAttributeTarget:
      return;
    case Kind::kName:
      return visitor.on_name(as<NameExpression>(expression));
    case Kind::kTuple:
    case Kind::kList:
    case Kind::kConcatenate:
      for (const auto& item : as<ItemsExpression>(expression).items) walk(*item, visitor);
      return;
    case Kind::kDict:
      for (const auto& [key, value] : as<DictExpression>(expression).items) {
        walk(*key, visitor);
        walk(*value, visitor);
      }
      return;
    case Kind::kNot:
    case Kind::kNegate:
    case Kind::kPositive:
      return walk(*as<UnaryExpression>(expression).operand, visitor);
    case Kind::kBinary:
    case Kind::kAnd:
    case Kind::kOr:
      walk(*as<BinaryExpression>(expression).left, visitor);
      return walk(*as<BinaryExpression>(expression).right, visitor);
    case Kind::kCompare:
      walk(*as<CompareExpression>(expression).first, visitor);
      for (const auto& [op, operand] : as<CompareExpression>(expression).rest) {
        walk(*operand, visitor);
      }
      return;
    case Kind::kConditional:
      walk(*as<ConditionalExpression>(expression).test, visitor);
      walk(*as<ConditionalExpression>(expression).then, visitor);
      return walk_optional(as<ConditionalExpression>(expression).otherwise, visitor);
    case Kind::kAttribute:
      return walk(*as<AttributeExpression>(expression).object, visitor);
    case Kind::kItem:
      walk(*as<ItemExpression>(expression).object, visitor);
      return walk(*as<ItemExpression>(expression).key, visitor);
    case Kind::kSlice:
      walk_optional(as<SliceExpression>(expression).start, visitor);
      walk_optional(as<SliceExpression>(expression).stop, visitor);
      return walk_optional(as<SliceExpression>(expression).step, visitor);
    case Kind::kCall:
      walk(*as<CallExpression>(expression).callee, visitor);
      return walk_arguments(as<CallExpression>(expression).arguments, visitor);
    case Kind::kFilter:
      walk_optional(as<FilterExpression>(expression).subject, visitor);
      return walk_arguments(as<FilterExpression>(expression).arguments, visitor);
    case Kind::kTest:
      walk(*as<TestExpression>(expression).subject, visitor);
      return walk_arguments(as<TestExpression>(expression).arguments, visitor);
  }
}

bool is_mentioned(const Body& body, const std::string& name) {
  bool is_read = false;
  bool is_decided = false;
  Visitor visitor;
  visitor.on_name = [&](const NameExpression& node) {
    if (is_decided || node.name != name) return;
    is_decided = true;
    is_read = node.use == NameExpression::Use::kLoad;
  };
  visitor.on_block = [](const BlockStatement&) { return false; };
  walk(body, visitor);
  return is_read;
}

}  // namespace lapidary::tokenizer::jinja
