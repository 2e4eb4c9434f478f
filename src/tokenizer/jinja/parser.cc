#include "tokenizer/jinja/parser.h"

#include <algorithm>

#include "base/text.h"
#include "tokenizer/jinja/expression_parser.h"
#include "tokenizer/jinja/lexer.h"
#include "tokenizer/jinja/token_stream.h"
#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer::jinja {
namespace {

constexpr size_t kMaxStatementNesting = 100;  // what CPython's compiler allows

using EndTags = std::vector<std::string_view>;

class StatementParser {
 public:
  explicit StatementParser(std::string_view source)
      : tokens_(tokenize(source)), expressions_(tokens_) {}

  std::unique_ptr<Template> run() {
    auto out = std::make_unique<Template>();
    out->body = parse_until({});
    return out;
  }

 private:
  Body parse_until(const EndTags& end_tags);
  Body parse_body(const EndTags& end_tags);
  Body parse_whole_body(std::string_view end_tag);
  void parse_output(Body& out);
  void parse_statement(Body& out);
  using Parse = void (StatementParser::*)(Body& out);
  static Parse parser_of(std::string_view tag);
  void parse_for(Body& out);
  void parse_if(Body& out);
  void parse_block(Body& out);
  void parse_print(Body& out);
  void parse_macro(Body& out);
  void parse_set(Body& out);
  void parse_with(Body& out);
  void parse_autoescape(Body& out);
  void parse_call_block(Body& out);
  void parse_filter_block(Body& out);
  void parse_generation(Body& out);
  void parse_loop_control(Body& out);
  void parse_template_tag(Body& out);
  void parse_imported_names(TemplateStatement& statement);
  bool skip_context_words();
  void parse_parameters(MacroDefinition& macro);
  [[noreturn]] void fail_unknown_tag(const std::string& tag, int line) const;
  [[noreturn]] void fail_at_end() const;
  std::string wanted_tags() const;

  TokenStream tokens_;
  ExpressionParser expressions_;
  std::vector<EndTags> wanted_;         // the end tags of every open body
  std::vector<std::string> open_tags_;  // the statements that are being read
};

Body StatementParser::parse_until(const EndTags& end_tags) {
  Body body;
  while (!tokens_.is(TokenType::kEnd)) {
    if (!tokens_.is(TokenType::kBlockBegin)) {
      parse_output(body);
      continue;
    }
    tokens_.take();
    const Token& tag = tokens_.current();
    if (tag.type == TokenType::kName &&
        std::find(end_tags.begin(), end_tags.end(), tag.text) != end_tags.end()) {
      return body;
    }
    parse_statement(body);
    tokens_.expect(TokenType::kBlockEnd);
  }
  return body;
}

// The rest of the tag, and what is inside up to one of the end tags, whose name is the present
// token afterwards.
Body StatementParser::parse_body(const EndTags& end_tags) {
  tokens_.skip_operator(":");
  tokens_.expect(TokenType::kBlockEnd);
  wanted_.push_back(end_tags);
  Body body = parse_until(end_tags);
  if (tokens_.is(TokenType::kEnd)) fail_at_end();
  wanted_.pop_back();
  return body;
}

Body StatementParser::parse_whole_body(std::string_view end_tag) {
  Body body = parse_body({end_tag});
  tokens_.take();
  return body;
}

void StatementParser::parse_output(Body& out) {
  const Token& token = tokens_.take();
  if (token.type == TokenType::kData) {
    out.push_back(std::make_unique<TextStatement>(token.text, token.line));
    return;
  }
  ExpressionPtr value = expressions_.parse_tuple();
  const int line = value->line;
  out.push_back(std::make_unique<PrintStatement>(std::move(value), line));
  tokens_.expect(TokenType::kVariableEnd);
}

StatementParser::Parse StatementParser::parser_of(std::string_view tag) {
  using P = StatementParser;
  static constexpr std::pair<std::string_view, Parse> kTags[] = {
      {"for", &P::parse_for},
      {"if", &P::parse_if},
      {"block", &P::parse_block},
      {"print", &P::parse_print},
      {"macro", &P::parse_macro},
      {"set", &P::parse_set},
      {"with", &P::parse_with},
      {"autoescape", &P::parse_autoescape},
      {"call", &P::parse_call_block},
      {"filter", &P::parse_filter_block},
      {"generation", &P::parse_generation},
      {"break", &P::parse_loop_control},
      {"continue", &P::parse_loop_control},
      {"include", &P::parse_template_tag},
      {"import", &P::parse_template_tag},
      {"from", &P::parse_template_tag},
      {"extends", &P::parse_template_tag}};
  for (const auto& [name, parse] : kTags) {
    if (name == tag) return parse;
  }
  return nullptr;
}

void StatementParser::parse_statement(Body& out) {
  const Token& tag = tokens_.current();
  if (tag.type != TokenType::kName) tokens_.fail("tag name expected");
  const Parse parse = parser_of(tag.text);
  if (parse == nullptr) fail_unknown_tag(tag.text, tag.line);
  if (open_tags_.size() >= kMaxStatementNesting) {
    tokens_.fail(cat("statements are nested deeper than ", kMaxStatementNesting, " levels"));
  }
  open_tags_.push_back(tag.text);
  (this->*parse)(out);
  open_tags_.pop_back();
}

void StatementParser::parse_for(Body& out) {
  auto loop = std::make_unique<ForStatement>(tokens_.take().line);
  loop->target = expressions_.parse_target();
  tokens_.expect_name("in");
  loop->items = expressions_.parse_tuple_without_condition();
  if (tokens_.skip_name("if")) loop->test = expressions_.parse_expression();
  loop->is_recursive = tokens_.skip_name("recursive");
  loop->body = parse_body({"endfor", "else"});
  if (tokens_.take().text == "else") loop->otherwise = parse_whole_body("endfor");
  out.push_back(std::move(loop));
}

void StatementParser::parse_if(Body& out) {
  auto statement = std::make_unique<IfStatement>(tokens_.take().line);
  while (true) {
    ExpressionPtr test = expressions_.parse_tuple_without_condition();
    statement->branches.emplace_back(std::move(test), parse_body({"elif", "else", "endif"}));
    const std::string& tag = tokens_.take().text;
    if (tag == "else") statement->otherwise = parse_whole_body("endif");
    if (tag != "elif") break;
  }
  out.push_back(std::move(statement));
}

bool is_blank(const Body& body) {
  return std::all_of(body.begin(), body.end(), [](const StatementPtr& statement) {
    if (statement->kind != Statement::Kind::kText) return false;
    const std::string& text = static_cast<const TextStatement&>(*statement).text;
    for (size_t at = 0; at < text.size();) {
      if (!is_space(next_code_point(text, at))) return false;
    }
    return true;
  });
}

void StatementParser::parse_block(Body& out) {
  auto block = std::make_unique<BlockStatement>(tokens_.take().line);
  block->name = tokens_.expect(TokenType::kName).text;
  block->is_scoped = tokens_.skip_name("scoped");
  block->is_required = tokens_.skip_name("required");
  if (tokens_.is_operator("-")) {
    tokens_.fail("block names may not contain hyphens: use an underscore instead");
  }
  block->body = parse_whole_body("endblock");
  if (block->is_required && !is_blank(block->body)) {
    tokens_.fail("Required blocks can only contain comments or whitespace");
  }
  tokens_.skip_name(block->name);
  out.push_back(std::move(block));
}

void StatementParser::parse_print(Body& out) {
  tokens_.take();
  for (bool is_first = true; !tokens_.is(TokenType::kBlockEnd); is_first = false) {
    if (!is_first) tokens_.expect_operator(",");
    ExpressionPtr value = expressions_.parse_expression();
    const int line = value->line;
    out.push_back(std::make_unique<PrintStatement>(std::move(value), line));
  }
}

void StatementParser::parse_parameters(MacroDefinition& macro) {
  tokens_.expect_operator("(");
  while (!tokens_.is_operator(")")) {
    if (!macro.parameters.empty()) tokens_.expect_operator(",");
    auto parameter = expressions_.parse_name_target();
    parameter->use = NameExpression::Use::kParameter;
    const auto is_same = [&](const auto& other) { return other->name == parameter->name; };
    if (std::any_of(macro.parameters.begin(), macro.parameters.end(), is_same)) {
      tokens_.fail(cat("duplicate argument '", parameter->name, "'"));
    }
    if (tokens_.skip_operator("=")) {
      macro.defaults.push_back(expressions_.parse_expression());
    } else if (!macro.defaults.empty()) {
      tokens_.fail("non-default argument follows default argument");
    }
    macro.parameters.push_back(std::move(parameter));
  }
  tokens_.expect_operator(")");
}

void StatementParser::parse_macro(Body& out) {
  auto statement = std::make_unique<MacroStatement>(tokens_.take().line);
  statement->macro.name = expressions_.parse_name_target()->name;
  parse_parameters(statement->macro);
  statement->macro.body = parse_whole_body("endmacro");
  out.push_back(std::move(statement));
}

void StatementParser::parse_call_block(Body& out) {
  const int line = tokens_.take().line;
  auto statement = std::make_unique<CallBlockStatement>(Statement::Kind::kCallBlock, line);
  if (tokens_.is_operator("(")) parse_parameters(statement->macro);
  ExpressionPtr call = expressions_.parse_expression();
  if (call->kind != Expression::Kind::kCall) tokens_.fail("expected call", line);
  statement->call.reset(static_cast<CallExpression*>(call.release()));
  statement->macro.body = parse_whole_body("endcall");
  out.push_back(std::move(statement));
}

void StatementParser::parse_generation(Body& out) {
  auto statement =
      std::make_unique<CallBlockStatement>(Statement::Kind::kGeneration, tokens_.take().line);
  statement->macro.body = parse_whole_body("endgeneration");
  out.push_back(std::move(statement));
}

void StatementParser::parse_filter_block(Body& out) {
  auto statement = std::make_unique<FilterBlockStatement>(tokens_.take().line);
  statement->filter = expressions_.parse_filter_chain();
  statement->body = parse_whole_body("endfilter");
  out.push_back(std::move(statement));
}

void StatementParser::parse_set(Body& out) {
  const int line = tokens_.take().line;
  ExpressionPtr target = expressions_.parse_set_target();
  if (tokens_.skip_operator("=")) {
    auto statement = std::make_unique<SetStatement>(line);
    statement->target = std::move(target);
    statement->value = expressions_.parse_tuple();
    out.push_back(std::move(statement));
    return;
  }
  auto statement = std::make_unique<SetBlockStatement>(line);
  statement->target = std::move(target);
  statement->filter = expressions_.parse_filters(nullptr);
  statement->body = parse_whole_body("endset");
  out.push_back(std::move(statement));
}

void set_parameter(Expression& target) {
  if (target.kind == Expression::Kind::kName) {
    static_cast<NameExpression&>(target).use = NameExpression::Use::kParameter;
  } else if (target.kind == Expression::Kind::kTuple) {
    for (auto& item : static_cast<ItemsExpression&>(target).items) set_parameter(*item);
  }
}

void StatementParser::parse_with(Body& out) {
  auto statement = std::make_unique<WithStatement>(tokens_.take().line);
  while (!tokens_.is(TokenType::kBlockEnd)) {
    if (!statement->targets.empty()) tokens_.expect_operator(",");
    ExpressionPtr target = expressions_.parse_target();
    set_parameter(*target);
    tokens_.expect_operator("=");
    statement->targets.push_back(std::move(target));
    statement->values.push_back(expressions_.parse_expression());
  }
  statement->body = parse_whole_body("endwith");
  out.push_back(std::move(statement));
}

void StatementParser::parse_autoescape(Body& out) {
  auto statement = std::make_unique<AutoescapeStatement>(tokens_.take().line);
  statement->value = expressions_.parse_expression();
  statement->body = parse_whole_body("endautoescape");
  out.push_back(std::move(statement));
}

void StatementParser::parse_loop_control(Body& out) {
  const Token& tag = tokens_.take();
  const auto kind = tag.text == "break" ? Statement::Kind::kBreak : Statement::Kind::kContinue;
  out.push_back(std::make_unique<Statement>(kind, tag.line));
}

bool StatementParser::skip_context_words() {
  if (!tokens_.is_name("with") && !tokens_.is_name("without")) return false;
  if (!tokens_.ahead().is_name("context")) return false;
  tokens_.take();
  tokens_.take();
  return true;
}

// import, include, from and extends: read, so that what is wrong with them is said; they fail when
// they are reached, since a chat template stands alone.
void StatementParser::parse_template_tag(Body& out) {
  const Token& tag = tokens_.take();
  auto statement = std::make_unique<TemplateStatement>(tag.text, tag.line);
  statement->source = expressions_.parse_expression();
  if (tag.text == "include") {
    if (tokens_.is_name("ignore") && tokens_.ahead().is_name("missing")) {
      tokens_.take();
      tokens_.take();
    }
    skip_context_words();
  } else if (tag.text == "import") {
    tokens_.expect_name("as");
    statement->stored.emplace_back(expressions_.parse_name_target()->name, tag.line);
    skip_context_words();
  } else if (tag.text == "from") {
    parse_imported_names(*statement);
  }
  out.push_back(std::move(statement));
}

void StatementParser::parse_imported_names(TemplateStatement& statement) {
  tokens_.expect_name("import");
  while (true) {
    if (!statement.stored.empty()) tokens_.expect_operator(",");
    if (skip_context_words()) return;
    auto name = expressions_.parse_name_target();
    if (name->name.starts_with('_')) {
      tokens_.fail("names starting with an underline can not be imported", name->line);
    }
    if (tokens_.skip_name("as")) name = expressions_.parse_name_target();
    statement.stored.emplace_back(name->name, name->line);
    if (skip_context_words() || !tokens_.is_operator(",")) return;
  }
}

std::string StatementParser::wanted_tags() const {
  std::string out;
  for (const std::string_view tag : wanted_.back()) {
    if (!out.empty()) out += " or ";
    out += cat("'", tag, "'");
  }
  return out;
}

void StatementParser::fail_unknown_tag(const std::string& tag, int line) const {
  std::string reason = cat("Encountered unknown tag '", tag, "'.");
  if (!wanted_.empty()) reason += cat(" The template was looking for ", wanted_tags(), ".");
  if (!open_tags_.empty()) {
    reason += cat(" The innermost block that needs to be closed is '", open_tags_.back(), "'.");
  }
  TokenStream::fail(reason, line);
}

void StatementParser::fail_at_end() const {
  tokens_.fail(cat("Unexpected end of template. It was looking for ", wanted_tags(),
                   ". The innermost block that needs to be closed is '", open_tags_.back(), "'."));
}

}  // namespace

std::unique_ptr<Template> parse(std::string_view source) {
  return StatementParser(source).run();
}

}  // namespace lapidary::tokenizer::jinja
