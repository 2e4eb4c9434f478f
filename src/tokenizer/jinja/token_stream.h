// The tokens of a template under a reading head, and the errors of finding the wrong one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/jinja/syntax_failure.h"
#include "tokenizer/jinja/token.h"

namespace lapidary::tokenizer::jinja {

class TokenStream {
 public:
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& current() const { return tokens_[at_]; }
  // The one after the present; the last for ever at the end.
  const Token& ahead() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
  const Token& take() {
    const Token& token = tokens_[at_];
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }

  bool is(TokenType type) const { return current().type == type; }
  bool is_operator(std::string_view symbol) const { return current().is_operator(symbol); }
  bool is_name(std::string_view name) const { return current().is_name(name); }
  bool skip_operator(std::string_view symbol);
  bool skip_name(std::string_view name);

  // Takes the present token; throws when it is not the one wanted.
  const Token& expect(TokenType type);
  const Token& expect_operator(std::string_view symbol);
  const Token& expect_name(std::string_view name);

  [[noreturn]] void fail(const std::string& reason) const { fail(reason, current().line); }
  [[noreturn]] static void fail(const std::string& reason, int line) {
    throw SyntaxFailure{reason, line};
  }

 private:
  [[noreturn]] void fail_expected(std::string_view what) const;
  std::vector<Token> tokens_;
  size_t at_ = 0;
};

}  // namespace lapidary::tokenizer::jinja
