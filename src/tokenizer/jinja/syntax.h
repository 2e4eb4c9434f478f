// The syntax tree of a template. The parser makes it, the binder (binder.h) fills in where each
// variable lives, the renderer reads it. Immutable from then on.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/jinja/expression.h"

namespace lapidary::tokenizer::jinja {

// ---- Statements ------------------------------------------------------------------------------

struct Statement {
  enum class Kind {
    kText,
    kPrint,
    kFor,
    kIf,
    kMacro,
    kCallBlock,
    kGeneration,
    kFilterBlock,
    kWith,
    kSet,
    kSetBlock,
    kBlock,
    kAutoescape,
    kBreak,
    kContinue,
    kTemplate
  };
  Statement(Kind of_kind, int at_line) : kind(of_kind), line(at_line) {}
  virtual ~Statement() = default;

  Kind kind;
  int line;
};
using StatementPtr = std::unique_ptr<Statement>;
using Body = std::vector<StatementPtr>;

struct TextStatement : Statement {
  TextStatement(std::string its_text, int at_line)
      : Statement(Kind::kText, at_line), text(std::move(its_text)) {}
  std::string text;
};

struct PrintStatement : Statement {
  PrintStatement(ExpressionPtr its_value, int at_line)
      : Statement(Kind::kPrint, at_line), value(std::move(its_value)) {}
  ExpressionPtr value;
};

struct ForStatement : Statement {
  explicit ForStatement(int at_line) : Statement(Kind::kFor, at_line) {}
  ExpressionPtr target;
  ExpressionPtr items;
  ExpressionPtr test;  // null: all
  Body body;
  Body otherwise;
  bool is_recursive = false;

  ExpressionPtr test_target;  // `target` once more, in the filter's function
  Scope body_scope, else_scope, test_scope;
  FunctionInfo test_function;
  FunctionInfo loop_function;    // only of a recursive loop
  std::optional<int> loop_slot;  // where `loop` is kept, if the body mentions it
};

struct IfStatement : Statement {
  explicit IfStatement(int at_line) : Statement(Kind::kIf, at_line) {}
  std::vector<std::pair<ExpressionPtr, Body>> branches;
  Body otherwise;
};

struct MacroDefinition {
  std::string name;  // "" for the body of a call block
  std::vector<std::unique_ptr<NameExpression>> parameters;
  std::vector<ExpressionPtr> defaults;  // of the last parameters
  Body body;

  FunctionInfo function;
  Scope scope;
  std::optional<int> caller_slot, kwargs_slot, varargs_slot;  // if the body mentions them
};

struct Export {  // a variable of the outermost level, also kept by name for blocks
  std::string name;
  Slot slot;
};

struct MacroStatement : Statement {
  explicit MacroStatement(int at_line) : Statement(Kind::kMacro, at_line) {}
  MacroDefinition macro;
  Slot slot;
  bool is_exported = false;
};

struct CallBlockStatement : Statement {  // kCallBlock; kGeneration has no call
  using Statement::Statement;
  std::unique_ptr<CallExpression> call;
  MacroDefinition macro;
};

struct FilterBlockStatement : Statement {
  explicit FilterBlockStatement(int at_line) : Statement(Kind::kFilterBlock, at_line) {}
  ExpressionPtr filter;
  Body body;
  Scope scope;
};

struct WithStatement : Statement {
  explicit WithStatement(int at_line) : Statement(Kind::kWith, at_line) {}
  std::vector<ExpressionPtr> targets;
  std::vector<ExpressionPtr> values;
  Body body;
  Scope scope;
};

struct SetStatement : Statement {
  explicit SetStatement(int at_line) : Statement(Kind::kSet, at_line) {}
  ExpressionPtr target;
  ExpressionPtr value;
  std::vector<Export> exports;
};

struct SetBlockStatement : Statement {
  explicit SetBlockStatement(int at_line) : Statement(Kind::kSetBlock, at_line) {}
  ExpressionPtr target;
  ExpressionPtr filter;  // null: none
  Body body;
  Scope scope;
  std::vector<Export> exports;
};

struct BlockStatement : Statement {
  explicit BlockStatement(int at_line) : Statement(Kind::kBlock, at_line) {}
  std::string name;
  bool is_scoped = false;
  bool is_required = false;
  Body body;
  FunctionInfo function;
  Scope scope;
  std::optional<int> self_slot, super_slot;
  std::vector<Export> visible;  // of a scoped block: the variables around it
};

struct AutoescapeStatement : Statement {
  explicit AutoescapeStatement(int at_line) : Statement(Kind::kAutoescape, at_line) {}
  ExpressionPtr value;
  Body body;
  Scope scope;
};

struct TemplateStatement : Statement {  // include, import, from, extends: no other template exists
  TemplateStatement(std::string its_tag, int at_line)
      : Statement(Kind::kTemplate, at_line), tag(std::move(its_tag)) {}
  std::string tag;
  ExpressionPtr source;
  std::vector<std::pair<std::string, int>> stored;  // names that it would set, with their lines
};

struct Template {
  Body body;
  FunctionInfo function;
  Scope scope;
  std::optional<int> self_slot;
  std::vector<const BlockStatement*> blocks;
};

}  // namespace lapidary::tokenizer::jinja
