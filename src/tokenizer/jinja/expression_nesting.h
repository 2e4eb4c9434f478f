// The bound on nested expressions: of the tree (so that every walk over it is shallow) and of the
// parser's own recursion.
#pragma once

#include "tokenizer/jinja/expression_parser.h"

namespace lapidary::tokenizer::jinja {

constexpr int kMaxNesting = 200;

// `parent` is over `child` in the tree; a null child is none. Throws SyntaxFailure.
void stack_on(Expression& parent, const ExpressionPtr& child);
void stack_on(Expression& parent, const CallArguments& arguments);

class ExpressionParser::Nesting {  // one more level of recursion for as long as it lives
 public:
  explicit Nesting(ExpressionParser& parser);
  ~Nesting() { --parser_.nesting_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;

 private:
  ExpressionParser& parser_;
};

}  // namespace lapidary::tokenizer::jinja
