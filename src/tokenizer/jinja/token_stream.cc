#include "tokenizer/jinja/token_stream.h"

#include "base/text.h"

namespace lapidary::tokenizer::jinja {

bool TokenStream::skip_operator(std::string_view symbol) {
  if (!is_operator(symbol)) return false;
  take();
  return true;
}

bool TokenStream::skip_name(std::string_view name) {
  if (!is_name(name)) return false;
  take();
  return true;
}

const Token& TokenStream::expect(TokenType type) {
  if (!is(type)) fail_expected(type == TokenType::kName ? "name" : describe(Token{type, "", 0}));
  return take();
}

const Token& TokenStream::expect_operator(std::string_view symbol) {
  if (!is_operator(symbol)) fail_expected(symbol);
  return take();
}

const Token& TokenStream::expect_name(std::string_view name) {
  if (!is_name(name)) fail_expected(name);
  return take();
}

void TokenStream::fail_expected(std::string_view what) const {
  if (is(TokenType::kEnd)) fail(cat("unexpected end of template, expected '", what, "'."));
  fail(cat("expected token '", what, "', got ", quoted(describe(current()))));
}

}  // namespace lapidary::tokenizer::jinja
