// Reads expressions: the grammar and precedence of Jinja2 3.1.6.
#pragma once

#include <string_view>

#include "tokenizer/jinja/syntax.h"
#include "tokenizer/jinja/token_stream.h"

namespace lapidary::tokenizer::jinja {

class ExpressionParser {
 public:
  explicit ExpressionParser(TokenStream& tokens) : tokens_(tokens) {}

  ExpressionPtr parse_expression();  // with `a if b else c`
  // One expression, or several with commas as a tuple.
  ExpressionPtr parse_tuple();
  ExpressionPtr parse_tuple_without_condition();
  // What can be assigned to: names and tuples of names; with `set` also attributes of namespaces.
  ExpressionPtr parse_target();
  ExpressionPtr parse_set_target();
  std::unique_ptr<NameExpression> parse_name_target();
  // "| name(...) | ..." applied to `subject` (null: the body of a block); null without a filter.
  ExpressionPtr parse_filters(ExpressionPtr subject);
  // "name(...) | ...", the first filter without its bar.
  ExpressionPtr parse_filter_chain();

 private:
  enum class TupleItems { kExpressions, kWithoutCondition, kTargets, kSetTargets };
  class Nesting;

  ExpressionPtr parse_tuple_of(TupleItems items, bool in_parentheses);
  ExpressionPtr parse_tuple_item(TupleItems items);
  bool is_tuple_end() const;
  ExpressionPtr parse_or();
  ExpressionPtr parse_and();
  ExpressionPtr parse_not();
  ExpressionPtr parse_compare();
  ExpressionPtr parse_sum();
  ExpressionPtr parse_concatenation();
  ExpressionPtr parse_product();
  ExpressionPtr parse_power();
  ExpressionPtr parse_unary();          // with filters and tests behind it
  ExpressionPtr parse_unary_operand();  // without
  ExpressionPtr parse_primary();
  ExpressionPtr parse_name();
  ExpressionPtr parse_string();
  ExpressionPtr parse_list();
  ExpressionPtr parse_dict();
  ExpressionPtr parse_postfix(ExpressionPtr node);
  ExpressionPtr parse_filters_and_tests(ExpressionPtr node);
  ExpressionPtr parse_dot(ExpressionPtr object);
  ExpressionPtr parse_brackets(ExpressionPtr object);
  ExpressionPtr parse_subscript();
  ExpressionPtr parse_call(ExpressionPtr callee);
  CallArguments parse_arguments();
  ExpressionPtr parse_one_filter(ExpressionPtr subject);
  ExpressionPtr parse_test(ExpressionPtr subject);
  std::string parse_dotted_name();
  ExpressionPtr parse_assignable(TupleItems items);

  TokenStream& tokens_;
  int nesting_ = 0;
};

}  // namespace lapidary::tokenizer::jinja
