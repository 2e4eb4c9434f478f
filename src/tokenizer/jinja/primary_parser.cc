// The tightest level of the grammar: literals, names, subscripts, calls, filters and tests.
#include <algorithm>

#include "base/text.h"
#include "tokenizer/jinja/expression_nesting.h"

namespace lapidary::tokenizer::jinja {
namespace {

[[noreturn]] void fail_nesting(int line) {
  TokenStream::fail(cat("expressions are nested deeper than ", kMaxNesting, " levels"), line);
}

}  // namespace

void stack_on(Expression& parent, const ExpressionPtr& child) {
  if (child == nullptr) return;
  parent.depth = std::max(parent.depth, child->depth + 1);
  if (parent.depth > kMaxNesting) fail_nesting(parent.line);
}

void stack_on(Expression& parent, const CallArguments& arguments) {
  for (const ExpressionPtr& argument : arguments.positional) stack_on(parent, argument);
  for (const auto& [name, argument] : arguments.named) stack_on(parent, argument);
  stack_on(parent, arguments.more_positional);
  stack_on(parent, arguments.more_named);
}

ExpressionParser::Nesting::Nesting(ExpressionParser& parser) : parser_(parser) {
  if (++parser_.nesting_ > kMaxNesting) fail_nesting(parser_.tokens_.current().line);
}

ExpressionPtr ExpressionParser::parse_primary() {
  const Token& token = tokens_.current();
  switch (token.type) {
    case TokenType::kName:
      return parse_name();
    case TokenType::kString:
      return parse_string();
    case TokenType::kInteger:
      tokens_.take();
      return std::make_unique<ConstantExpression>(Value(token.integer), token.line);
    case TokenType::kFloat:
      tokens_.take();
      return std::make_unique<ConstantExpression>(Value(token.floating), token.line);
    default:
      break;
  }
  if (tokens_.skip_operator("(")) {
    ExpressionPtr node = parse_tuple_of(TupleItems::kExpressions, true);
    tokens_.expect_operator(")");
    return node;
  }
  if (tokens_.is_operator("[")) return parse_list();
  if (tokens_.is_operator("{")) return parse_dict();
  tokens_.fail(cat("unexpected ", quoted(describe(token))));
}

ExpressionPtr ExpressionParser::parse_name() {
  const Token& token = tokens_.take();
  const auto constant = [&](Value value) {
    return std::make_unique<ConstantExpression>(std::move(value), token.line);
  };
  if (token.text == "true" || token.text == "True") return constant(Value(true));
  if (token.text == "false" || token.text == "False") return constant(Value(false));
  if (token.text == "none" || token.text == "None") return constant(Value(None{}));
  return std::make_unique<NameExpression>(token.text, token.line);
}

ExpressionPtr ExpressionParser::parse_string() {
  const int line = tokens_.current().line;
  std::string text;
  while (tokens_.is(TokenType::kString)) text += tokens_.take().text;
  return std::make_unique<ConstantExpression>(Value(constant_text(std::move(text))), line);
}

ExpressionPtr ExpressionParser::parse_list() {
  auto list =
      std::make_unique<ItemsExpression>(Expression::Kind::kList, tokens_.expect_operator("[").line);
  while (!tokens_.is_operator("]")) {
    if (!list->items.empty()) tokens_.expect_operator(",");
    if (tokens_.is_operator("]")) break;
    list->items.push_back(parse_expression());
    stack_on(*list, list->items.back());
  }
  tokens_.expect_operator("]");
  return list;
}

ExpressionPtr ExpressionParser::parse_dict() {
  auto dict = std::make_unique<DictExpression>(tokens_.expect_operator("{").line);
  while (!tokens_.is_operator("}")) {
    if (!dict->items.empty()) tokens_.expect_operator(",");
    if (tokens_.is_operator("}")) break;
    ExpressionPtr key = parse_expression();
    tokens_.expect_operator(":");
    dict->items.emplace_back(std::move(key), parse_expression());
    stack_on(*dict, dict->items.back().first);
    stack_on(*dict, dict->items.back().second);
  }
  tokens_.expect_operator("}");
  return dict;
}

ExpressionPtr ExpressionParser::parse_postfix(ExpressionPtr node) {
  while (true) {
    if (tokens_.is_operator(".")) {
      node = parse_dot(std::move(node));
    } else if (tokens_.is_operator("[")) {
      node = parse_brackets(std::move(node));
    } else if (tokens_.is_operator("(")) {
      node = parse_call(std::move(node));
    } else {
      return node;
    }
  }
}

ExpressionPtr ExpressionParser::parse_filters_and_tests(ExpressionPtr node) {
  while (true) {
    if (tokens_.is_operator("|")) {
      node = parse_filters(std::move(node));
    } else if (tokens_.is_name("is")) {
      node = parse_test(std::move(node));
    } else if (tokens_.is_operator("(")) {
      node = parse_call(std::move(node));
    } else {
      return node;
    }
  }
}

ExpressionPtr ExpressionParser::parse_dot(ExpressionPtr object) {
  const int line = tokens_.take().line;
  const Token& token = tokens_.take();
  if (token.type == TokenType::kName) {
    auto node = std::make_unique<AttributeExpression>(token.text, line);
    stack_on(*node, object);
    node->object = std::move(object);
    return node;
  }
  if (token.type != TokenType::kInteger) tokens_.fail("expected name or number", token.line);
  auto node = std::make_unique<ItemExpression>(line);
  stack_on(*node, object);
  node->object = std::move(object);
  node->key = std::make_unique<ConstantExpression>(Value(token.integer), token.line);
  return node;
}

ExpressionPtr ExpressionParser::parse_brackets(ExpressionPtr object) {
  const int line = tokens_.take().line;
  auto tuple = std::make_unique<ItemsExpression>(Expression::Kind::kTuple, line);
  while (!tokens_.is_operator("]")) {
    if (!tuple->items.empty()) tokens_.expect_operator(",");
    tuple->items.push_back(parse_subscript());
    stack_on(*tuple, tuple->items.back());
  }
  tokens_.expect_operator("]");
  auto node = std::make_unique<ItemExpression>(line);
  if (tuple->items.size() == 1) {
    node->key = std::move(tuple->items.front());
  } else {
    for (const ExpressionPtr& item : tuple->items) {
      if (item->kind == Expression::Kind::kSlice) tokens_.fail("a slice inside a tuple", line);
    }
    node->key = std::move(tuple);
  }
  stack_on(*node, object);
  stack_on(*node, node->key);
  node->object = std::move(object);
  return node;
}

// An expression or start:stop:step.
ExpressionPtr ExpressionParser::parse_subscript() {
  auto slice = std::make_unique<SliceExpression>(tokens_.current().line);
  const auto at_part_end = [&] {
    return tokens_.is_operator(":") || tokens_.is_operator("]") || tokens_.is_operator(",");
  };
  if (!tokens_.is_operator(":")) {
    slice->start = parse_expression();
    if (!tokens_.is_operator(":")) return std::move(slice->start);
  }
  tokens_.take();
  if (!at_part_end()) slice->stop = parse_expression();
  if (tokens_.skip_operator(":") && !at_part_end()) slice->step = parse_expression();
  stack_on(*slice, slice->start);
  stack_on(*slice, slice->stop);
  stack_on(*slice, slice->step);
  return slice;
}

ExpressionPtr ExpressionParser::parse_call(ExpressionPtr callee) {
  auto call = std::make_unique<CallExpression>(tokens_.current().line);
  call->arguments = parse_arguments();
  stack_on(*call, callee);
  stack_on(*call, call->arguments);
  call->callee = std::move(callee);
  return call;
}

CallArguments ExpressionParser::parse_arguments() {
  const int line = tokens_.expect_operator("(").line;
  CallArguments out;
  bool needs_comma = false;
  const auto require = [&](bool holds) {
    if (!holds) tokens_.fail("invalid syntax for function call expression", line);
  };
  while (!tokens_.is_operator(")")) {
    if (needs_comma) {
      tokens_.expect_operator(",");
      if (tokens_.is_operator(")")) break;
    }
    needs_comma = true;
    if (tokens_.is_operator("*")) {
      require(out.more_positional == nullptr && out.more_named == nullptr);
      tokens_.take();
      out.more_positional = parse_expression();
    } else if (tokens_.is_operator("**")) {
      require(out.more_named == nullptr);
      tokens_.take();
      out.more_named = parse_expression();
    } else if (tokens_.is(TokenType::kName) && tokens_.ahead().is_operator("=")) {
      require(out.more_named == nullptr);
      const std::string& name = tokens_.take().text;
      tokens_.take();
      const bool is_new =
          std::none_of(out.named.begin(), out.named.end(),
                       [&](const auto& argument) { return argument.first == name; });
      if (!is_new) tokens_.fail(cat("keyword argument repeated: ", name), line);
      out.named.emplace_back(name, parse_expression());
    } else {
      require(out.more_positional == nullptr && out.more_named == nullptr && out.named.empty());
      out.positional.push_back(parse_expression());
    }
  }
  tokens_.expect_operator(")");
  return out;
}

std::string ExpressionParser::parse_dotted_name() {
  std::string name = tokens_.expect(TokenType::kName).text;
  while (tokens_.skip_operator(".")) name += "." + tokens_.expect(TokenType::kName).text;
  return name;
}

ExpressionPtr ExpressionParser::parse_one_filter(ExpressionPtr subject) {
  const int line = tokens_.current().line;
  auto filter = std::make_unique<FilterExpression>(parse_dotted_name(), line);
  if (tokens_.is_operator("(")) filter->arguments = parse_arguments();
  stack_on(*filter, subject);
  stack_on(*filter, filter->arguments);
  filter->subject = std::move(subject);
  return filter;
}

ExpressionPtr ExpressionParser::parse_filters(ExpressionPtr subject) {
  while (tokens_.skip_operator("|")) subject = parse_one_filter(std::move(subject));
  return subject;
}

ExpressionPtr ExpressionParser::parse_filter_chain() {
  return parse_filters(parse_one_filter(nullptr));
}

ExpressionPtr ExpressionParser::parse_test(ExpressionPtr subject) {
  const int line = tokens_.take().line;
  const bool is_negated = tokens_.skip_name("not");
  auto test = std::make_unique<TestExpression>(parse_dotted_name(), line);
  const Token& next = tokens_.current();
  const bool begins_operand = next.type == TokenType::kName || next.type == TokenType::kString ||
                              next.type == TokenType::kInteger || next.type == TokenType::kFloat ||
                              next.is_operator("[") || next.is_operator("{");
  if (next.is_operator("(")) {
    test->arguments = parse_arguments();
  } else if (begins_operand && !next.is_name("else") && !next.is_name("or") &&
             !next.is_name("and")) {
    if (next.is_name("is")) tokens_.fail("You cannot chain multiple tests with is");
    test->arguments.positional.push_back(parse_postfix(parse_primary()));
  }
  stack_on(*test, subject);
  stack_on(*test, test->arguments);
  test->subject = std::move(subject);
  if (!is_negated) return test;
  auto negation = std::make_unique<UnaryExpression>(Expression::Kind::kNot, line);
  negation->operand = std::move(test);
  stack_on(*negation, negation->operand);
  return negation;
}

}  // namespace lapidary::tokenizer::jinja
