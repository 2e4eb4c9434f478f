#include "tokenizer/jinja/lexer.h"

#include <algorithm>

#include "base/text.h"
#include "tokenizer/jinja/literals.h"
#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer::jinja {
namespace {

// One kind of newline, and the last one gone.
std::string normalized(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      out += source[i];
    } else if (i + 1 == source.size() || source[i + 1] != '\n') {
      out += '\n';
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(normalized(source)) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) lex_data();
    add(TokenType::kEnd, "");
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const { throw SyntaxFailure{reason, line_}; }
  bool has(std::string_view text) const { return source_.compare(at_, text.size(), text) == 0; }
  void add(TokenType type, std::string text) { tokens_.push_back({type, std::move(text), line_}); }
  void skip(size_t count) {
    line_ +=
        static_cast<int>(std::count(source_.begin() + static_cast<ptrdiff_t>(at_),
                                    source_.begin() + static_cast<ptrdiff_t>(at_ + count), '\n'));
    at_ += count;
  }
  size_t past_space(size_t at) const {
    while (at < source_.size()) {
      size_t after = at;
      if (!is_space(next_code_point(source_, after))) break;
      at = after;
    }
    return at;
  }
  void skip_space() { skip(past_space(at_) - at_); }

  void lex_data();
  void add_data(size_t end, char sign, char tag);
  size_t raw_begin_length() const;
  void lex_raw();
  size_t raw_end_length(size_t start) const;
  size_t past_raw_word(size_t at, std::string_view word) const;
  void lex_comment();
  void lex_tag(char tag);
  bool lex_tag_end(char tag);
  void lex_word();
  void lex_operator();

  std::string source_;
  std::vector<Token> tokens_;
  std::string open_;  // brackets to be closed in the present tag
  size_t at_ = 0;
  int line_ = 1;
  bool at_line_start_ = true;  // what was taken last ended with a newline
};

// The text up to the next tag, comment or raw block, and that.
void Lexer::lex_data() {
  size_t open = at_;
  while ((open = source_.find('{', open)) != std::string::npos) {
    const char next = open + 1 < source_.size() ? source_[open + 1] : '\0';
    if (next == '%' || next == '{' || next == '#') break;
    ++open;
  }
  if (open == std::string::npos) {
    add(TokenType::kData, source_.substr(at_));
    skip(source_.size() - at_);
    return;
  }
  const char tag = source_[open + 1];
  const char sign = open + 2 < source_.size() ? source_[open + 2] : '\0';
  add_data(open, sign, tag);
  if (const size_t raw = raw_begin_length(); raw != 0) {
    skip(raw);
    lex_raw();
    return;
  }
  skip(sign == '-' || sign == '+' ? 3 : 2);
  if (tag == '#') {
    lex_comment();
  } else {
    lex_tag(tag);
  }
}

// The data before a tag at `end`, stripped as the tag's sign says; moves to the tag.
void Lexer::add_data(size_t end, char sign, char tag) {
  size_t last = end;
  if (sign == '-') {
    while (last > at_) {
      size_t start = last;
      if (!is_space(previous_code_point(source_, start)) || start < at_) break;
      last = start;
    }
  } else if (sign != '+' && tag != '{') {
    const size_t newline = source_.rfind('\n', end == 0 ? 0 : end - 1);
    const bool has_newline = newline != std::string::npos && newline >= at_ && newline < end;
    const size_t start = has_newline ? newline + 1 : at_;
    if (past_space(start) >= end && (has_newline || at_line_start_)) last = start;
  }
  if (last > at_) add(TokenType::kData, source_.substr(at_, last - at_));
  skip(end - at_);
}

// Behind "{%- WORD" and the white space around WORD, at `at`; npos where that is not there.
size_t Lexer::past_raw_word(size_t at, std::string_view word) const {
  if (source_.compare(at, 2, "{%") != 0) return std::string::npos;
  at += 2;
  if (at < source_.size() && (source_[at] == '-' || source_[at] == '+')) ++at;
  at = past_space(at);
  if (source_.compare(at, word.size(), word) != 0) return std::string::npos;
  return past_space(at + word.size());
}

// Of "{%- raw -%}" and its forms at the present place; 0 where there is none.
size_t Lexer::raw_begin_length() const {
  const size_t at = past_raw_word(at_, "raw");
  if (at == std::string::npos) return 0;
  if (source_.compare(at, 3, "-%}") == 0) return past_space(at + 3) - at_;
  return source_.compare(at, 2, "%}") == 0 ? at + 2 - at_ : 0;
}

// Of "{%- endraw -%}" without what follows the closing delimiter; 0 where there is none.
size_t Lexer::raw_end_length(size_t start) const {
  size_t at = past_raw_word(start, "endraw");
  if (at == std::string::npos) return 0;
  if (at < source_.size() && (source_[at] == '-' || source_[at] == '+')) ++at;
  return source_.compare(at, 2, "%}") == 0 ? at + 2 - start : 0;
}

void Lexer::lex_raw() {
  at_line_start_ = source_[at_ - 1] == '\n';
  for (size_t end = at_; (end = source_.find("{%", end)) != std::string::npos; end += 2) {
    const size_t length = raw_end_length(end);
    if (length == 0) continue;
    add_data(end, source_[end + 2], '%');
    const char sign = source_[end + length - 3];
    skip(length);
    if (sign == '-') {
      skip_space();
    } else if (sign != '+' && has("\n")) {
      skip(1);
    }
    at_line_start_ = source_[at_ - 1] == '\n';
    return;
  }
  fail("Missing end of raw directive");
}

void Lexer::lex_comment() {
  const size_t end = source_.find("#}", at_);
  if (end == std::string::npos) fail("Missing end of comment tag");
  const char sign = end > at_ ? source_[end - 1] : '\0';
  skip(end + 2 - at_);
  if (sign == '-') {
    skip_space();
  } else if (sign != '+' && has("\n")) {
    skip(1);
  }
  at_line_start_ = source_[at_ - 1] == '\n';
}

void Lexer::lex_tag(char tag) {
  add(tag == '%' ? TokenType::kBlockBegin : TokenType::kVariableBegin, "");
  open_.clear();
  while (at_ < source_.size()) {
    skip_space();
    if (at_ == source_.size()) return;
    if (open_.empty() && lex_tag_end(tag)) return;
    lex_word();
  }
}

bool Lexer::lex_tag_end(char tag) {
  const std::string_view close = tag == '%' ? "%}" : "}}";
  const char sign = source_[at_];
  const bool is_signed = sign == '-' || (sign == '+' && tag == '%');
  if (source_.compare(at_ + (is_signed ? 1 : 0), 2, close) != 0) return false;
  add(tag == '%' ? TokenType::kBlockEnd : TokenType::kVariableEnd, "");
  skip(is_signed ? 3 : 2);
  if (sign == '-') {
    skip_space();
  } else if (tag == '%' && !is_signed && has("\n")) {
    skip(1);
  }
  at_line_start_ = source_[at_ - 1] == '\n';
  return true;
}

// A number, name, string or operator.
void Lexer::lex_word() {
  const std::string_view rest = std::string_view(source_).substr(at_);
  const bool after_dot = at_ > 0 && source_[at_ - 1] == '.';
  if (const size_t length = after_dot ? 0 : float_length(rest); length != 0) {
    add(TokenType::kFloat, std::string(rest.substr(0, length)));
    tokens_.back().floating = float_value(rest.substr(0, length));
    return skip(length);
  }
  if (const size_t length = integer_length(rest); length != 0) {
    const auto value = integer_value(rest.substr(0, length));
    if (!value) fail("an integer of this size is not supported");
    add(TokenType::kInteger, std::string(rest.substr(0, length)));
    tokens_.back().integer = *value;
    return skip(length);
  }
  size_t end = 0;
  size_t after = 0;
  while (end < rest.size() && is_name_part(next_code_point(rest, after))) end = after;
  if (end != 0) {
    size_t start = 0;
    if (!is_name_start(next_code_point(rest, start))) fail("Invalid character in identifier");
    add(TokenType::kName, std::string(rest.substr(0, end)));
    return skip(end);
  }
  if (rest.front() == '\'' || rest.front() == '"') {
    for (end = 1; end < rest.size() && rest[end] != rest.front(); ++end) {
      if (rest[end] == '\\') ++end;
    }
    if (end < rest.size()) {
      add(TokenType::kString, unescape(rest.substr(1, end - 1), line_));
      return skip(end + 1);
    }
  }
  lex_operator();
}

void Lexer::lex_operator() {
  constexpr std::string_view kDouble[] = {"//", "**", "==", "!=", ">=", "<="};
  constexpr std::string_view kSingle = "+-/*%~[](){}><=.:|,;";
  for (const std::string_view symbol : kDouble) {
    if (!has(symbol)) continue;
    add(TokenType::kOperator, std::string(symbol));
    return skip(2);
  }
  const char symbol = source_[at_];
  if (kSingle.find(symbol) == std::string_view::npos) {
    size_t end = at_;
    next_code_point(source_, end);
    fail(cat("unexpected char ", quoted(std::string_view(source_).substr(at_, end - at_))));
  }
  if (symbol == '(' || symbol == '[' || symbol == '{') {
    open_ += symbol == '(' ? ')' : symbol == '[' ? ']' : '}';
  } else if (symbol == ')' || symbol == ']' || symbol == '}') {
    if (open_.empty()) fail(cat("unexpected '", symbol, "'"));
    if (open_.back() != symbol) {
      fail(cat("unexpected '", symbol, "', expected '", open_.back(), "'"));
    }
    open_.pop_back();
  }
  add(TokenType::kOperator, std::string(1, symbol));
  skip(1);
}

}  // namespace

std::vector<Token> tokenize(std::string_view source) {
  return Lexer(source).run();
}

std::string describe(const Token& token) {
  switch (token.type) {
    case TokenType::kData:
      return "template data / text";
    case TokenType::kVariableBegin:
      return "begin of print statement";
    case TokenType::kVariableEnd:
      return "end of print statement";
    case TokenType::kBlockBegin:
      return "begin of statement block";
    case TokenType::kBlockEnd:
      return "end of statement block";
    case TokenType::kString:
      return "string";
    case TokenType::kInteger:
      return "integer";
    case TokenType::kFloat:
      return "float";
    case TokenType::kEnd:
      return "end of template";
    default:
      return token.text;
  }
}

}  // namespace lapidary::tokenizer::jinja
