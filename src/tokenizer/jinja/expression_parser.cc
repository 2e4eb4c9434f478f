#include "tokenizer/jinja/expression_parser.h"

#include <algorithm>

#include "base/text.h"
#include "tokenizer/jinja/expression_nesting.h"

namespace lapidary::tokenizer::jinja {
namespace {

ExpressionPtr binary(Expression::Kind kind, BinaryOperator op, ExpressionPtr left,
                     ExpressionPtr right, int line) {
  auto node = std::make_unique<BinaryExpression>(kind, line);
  node->op = op;
  stack_on(*node, left);
  stack_on(*node, right);
  node->left = std::move(left);
  node->right = std::move(right);
  return node;
}

ExpressionPtr unary(Expression::Kind kind, ExpressionPtr operand, int line) {
  auto node = std::make_unique<UnaryExpression>(kind, line);
  stack_on(*node, operand);
  node->operand = std::move(operand);
  return node;
}

void set_store(Expression& target) {
  if (target.kind == Expression::Kind::kName) {
    static_cast<NameExpression&>(target).use = NameExpression::Use::kStore;
  } else if (target.kind == Expression::Kind::kTuple) {
    for (auto& item : static_cast<ItemsExpression&>(target).items) set_store(*item);
  }
}

bool can_assign(const Expression& target) {
  if (target.kind == Expression::Kind::kTuple) {
    const auto& items = static_cast<const ItemsExpression&>(target).items;
    return std::all_of(items.begin(), items.end(), [](const auto& i) { return can_assign(*i); });
  }
  return target.kind == Expression::Kind::kName ||
         target.kind == Expression::Kind::kAttributeTarget;
}

}  // namespace

ExpressionPtr ExpressionParser::parse_expression() {
  const Nesting nesting(*this);
  int line = tokens_.current().line;
  ExpressionPtr node = parse_or();
  while (tokens_.skip_name("if")) {
    auto condition = std::make_unique<ConditionalExpression>(line);
    condition->test = parse_or();
    condition->then = std::move(node);
    if (tokens_.skip_name("else")) condition->otherwise = parse_expression();
    stack_on(*condition, condition->test);
    stack_on(*condition, condition->then);
    stack_on(*condition, condition->otherwise);
    node = std::move(condition);
    line = tokens_.current().line;
  }
  return node;
}

ExpressionPtr ExpressionParser::parse_tuple() {
  return parse_tuple_of(TupleItems::kExpressions, false);
}

ExpressionPtr ExpressionParser::parse_tuple_without_condition() {
  return parse_tuple_of(TupleItems::kWithoutCondition, false);
}

ExpressionPtr ExpressionParser::parse_target() {
  return parse_assignable(TupleItems::kTargets);
}

ExpressionPtr ExpressionParser::parse_set_target() {
  return parse_assignable(TupleItems::kSetTargets);
}

ExpressionPtr ExpressionParser::parse_assignable(TupleItems items) {
  ExpressionPtr target = parse_tuple_of(items, false);
  if (!can_assign(*target)) tokens_.fail("can't assign to this expression", target->line);
  set_store(*target);
  return target;
}

std::unique_ptr<NameExpression> ExpressionParser::parse_name_target() {
  const Token& token = tokens_.expect(TokenType::kName);
  constexpr std::string_view kConstants[] = {"true", "false", "none", "True", "False", "None"};
  if (std::find(std::begin(kConstants), std::end(kConstants), token.text) != std::end(kConstants)) {
    tokens_.fail(cat("can't assign to '", token.text, "'"), token.line);
  }
  auto name = std::make_unique<NameExpression>(token.text, token.line);
  name->use = NameExpression::Use::kStore;
  return name;
}

bool ExpressionParser::is_tuple_end() const {
  return tokens_.is(TokenType::kVariableEnd) || tokens_.is(TokenType::kBlockEnd) ||
         tokens_.is_operator(")");
}

ExpressionPtr ExpressionParser::parse_tuple_item(TupleItems items) {
  switch (items) {
    case TupleItems::kExpressions:
      return parse_expression();
    case TupleItems::kWithoutCondition:
      return parse_or();
    case TupleItems::kTargets:
      return parse_primary();
    case TupleItems::kSetTargets: {
      const Token& name = tokens_.current();
      if (name.type != TokenType::kName || !tokens_.ahead().is_operator("."))
        return parse_primary();
      tokens_.take();
      tokens_.take();
      const Token& attribute = tokens_.expect(TokenType::kName);
      return std::make_unique<AttributeTarget>(name.text, attribute.text, name.line);
    }
  }
  return nullptr;
}

ExpressionPtr ExpressionParser::parse_tuple_of(TupleItems items, bool in_parentheses) {
  auto tuple = std::make_unique<ItemsExpression>(Expression::Kind::kTuple, tokens_.current().line);
  bool is_tuple = false;
  while (true) {
    if (!tuple->items.empty()) tokens_.expect_operator(",");
    if (is_tuple_end()) break;
    tuple->items.push_back(parse_tuple_item(items));
    stack_on(*tuple, tuple->items.back());
    if (!tokens_.is_operator(",")) break;
    is_tuple = true;
  }
  if (is_tuple) return tuple;
  if (!tuple->items.empty()) return std::move(tuple->items.front());
  if (!in_parentheses) {
    tokens_.fail(cat("Expected an expression, got ", quoted(describe(tokens_.current()))));
  }
  return tuple;
}

ExpressionPtr ExpressionParser::parse_or() {
  const int line = tokens_.current().line;
  ExpressionPtr left = parse_and();
  while (tokens_.skip_name("or")) {
    left = binary(Expression::Kind::kOr, BinaryOperator::kAdd, std::move(left), parse_and(), line);
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_and() {
  const int line = tokens_.current().line;
  ExpressionPtr left = parse_not();
  while (tokens_.skip_name("and")) {
    left = binary(Expression::Kind::kAnd, BinaryOperator::kAdd, std::move(left), parse_not(), line);
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_not() {
  if (!tokens_.is_name("not")) return parse_compare();
  const Nesting nesting(*this);
  const int line = tokens_.take().line;
  return unary(Expression::Kind::kNot, parse_not(), line);
}

ExpressionPtr ExpressionParser::parse_compare() {
  constexpr std::pair<std::string_view, Comparison> kSymbols[] = {
      {"==", Comparison::kEqual},  {"!=", Comparison::kNotEqual},
      {"<", Comparison::kLess},    {"<=", Comparison::kLessEqual},
      {">", Comparison::kGreater}, {">=", Comparison::kGreaterEqual}};
  auto node = std::make_unique<CompareExpression>(tokens_.current().line);
  node->first = parse_sum();
  while (true) {
    const Token& token = tokens_.current();
    const auto symbol = std::find_if(std::begin(kSymbols), std::end(kSymbols),
                                     [&](const auto& s) { return token.is_operator(s.first); });
    Comparison op = Comparison::kIn;
    if (symbol != std::end(kSymbols)) {
      op = symbol->second;
    } else if (token.is_name("not") && tokens_.ahead().is_name("in")) {
      tokens_.take();
      op = Comparison::kNotIn;
    } else if (!token.is_name("in")) {
      break;
    }
    tokens_.take();
    node->rest.emplace_back(op, parse_sum());
    stack_on(*node, node->rest.back().second);
  }
  if (node->rest.empty()) return std::move(node->first);
  stack_on(*node, node->first);
  return node;
}

ExpressionPtr ExpressionParser::parse_sum() {
  const int line = tokens_.current().line;
  ExpressionPtr left = parse_concatenation();
  while (tokens_.is_operator("+") || tokens_.is_operator("-")) {
    const auto op = tokens_.take().text == "+" ? BinaryOperator::kAdd : BinaryOperator::kSubtract;
    left = binary(Expression::Kind::kBinary, op, std::move(left), parse_concatenation(), line);
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_concatenation() {
  auto node =
      std::make_unique<ItemsExpression>(Expression::Kind::kConcatenate, tokens_.current().line);
  do {
    node->items.push_back(parse_product());
    stack_on(*node, node->items.back());
  } while (tokens_.skip_operator("~"));
  if (node->items.size() == 1) return std::move(node->items.front());
  return node;
}

ExpressionPtr ExpressionParser::parse_product() {
  constexpr std::pair<std::string_view, BinaryOperator> kSymbols[] = {
      {"*", BinaryOperator::kMultiply},
      {"/", BinaryOperator::kDivide},
      {"//", BinaryOperator::kFloorDivide},
      {"%", BinaryOperator::kModulo}};
  const int line = tokens_.current().line;
  ExpressionPtr left = parse_power();
  while (true) {
    const auto symbol = std::find_if(std::begin(kSymbols), std::end(kSymbols),
                                     [&](const auto& s) { return tokens_.is_operator(s.first); });
    if (symbol == std::end(kSymbols)) return left;
    tokens_.take();
    left = binary(Expression::Kind::kBinary, symbol->second, std::move(left), parse_power(), line);
  }
}

ExpressionPtr ExpressionParser::parse_power() {
  const int line = tokens_.current().line;
  ExpressionPtr left = parse_unary();
  while (tokens_.skip_operator("**")) {
    left = binary(Expression::Kind::kBinary, BinaryOperator::kPower, std::move(left), parse_unary(),
                  line);
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_unary() {
  return parse_filters_and_tests(parse_unary_operand());
}

ExpressionPtr ExpressionParser::parse_unary_operand() {
  const Nesting nesting(*this);
  const int line = tokens_.current().line;
  if (tokens_.skip_operator("-")) {
    return parse_postfix(unary(Expression::Kind::kNegate, parse_unary_operand(), line));
  }
  if (tokens_.skip_operator("+")) {
    return parse_postfix(unary(Expression::Kind::kPositive, parse_unary_operand(), line));
  }
  return parse_postfix(parse_primary());
}

}  // namespace lapidary::tokenizer::jinja
