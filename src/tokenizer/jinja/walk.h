// Goes over all names and blocks of a piece of syntax tree, in the order that Jinja's own visitors
// take (where the first mention of a name decides, the order matters).
#pragma once

#include <functional>

#include "tokenizer/jinja/syntax.h"

namespace lapidary::tokenizer::jinja {

struct Visitor {
  std::function<void(const NameExpression& name)> on_name;
  // Called for every block; its body is visited if this says true.
  std::function<bool(const BlockStatement& block)> on_block;
};

void walk(const Body& body, const Visitor& visitor);
void walk(const Statement& statement, const Visitor& visitor);
void walk(const Expression& expression, const Visitor& visitor);

// Whether `name` is read somewhere in `body` before it is set there.
bool is_mentioned(const Body& body, const std::string& name);

}  // namespace lapidary::tokenizer::jinja
