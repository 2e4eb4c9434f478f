// The pieces that a template text is cut into.
#pragma once

#include <string>
#include <string_view>

#include "tokenizer/jinja/value.h"

namespace lapidary::tokenizer::jinja {

enum class TokenType {
  kData,  // text outside of tags
  kVariableBegin,
  kVariableEnd,
  kBlockBegin,
  kBlockEnd,
  kName,
  kString,
  kInteger,
  kFloat,
  kOperator,
  kEnd
};

struct Token {
  TokenType type;
  std::string text;  // data, name, string (escapes resolved), operator
  int line;
  Integer integer = 0;
  double floating = 0.0;

  bool is_operator(std::string_view symbol) const {
    return type == TokenType::kOperator && text == symbol;
  }
  bool is_name(std::string_view name) const { return type == TokenType::kName && text == name; }
};

// What messages call it.
std::string describe(const Token& token);

}  // namespace lapidary::tokenizer::jinja
