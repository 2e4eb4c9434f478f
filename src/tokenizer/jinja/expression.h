// The expressions of a template's syntax tree, and where their variables live (see syntax.h).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/registry.h"
#include "tokenizer/jinja/value.h"

namespace lapidary::tokenizer::jinja {

// ---- Variables -------------------------------------------------------------------------------

// A slot of the function `hops` levels out from the one that the node is in.
struct Slot {
  int hops = 0;
  int index = 0;
};

struct Load {  // done when a scope is entered
  enum class Action { kResolve, kAlias, kClear };
  Action action;
  int target;        // slot of the present function
  std::string name;  // kResolve: looked up in the context
  Slot source;       // kAlias
};

struct Scope {
  std::vector<Load> loads;
  std::vector<int> slots;  // cleared when it is left
};

// What runs with slots of its own: the template, a macro, a recursive loop, a loop's filter.
struct FunctionInfo {
  int num_slots = 0;
};

// ---- Expressions -----------------------------------------------------------------------------

struct Expression {
  enum class Kind {
    kConstant,
    kName,
    kAttributeTarget,
    kTuple,
    kList,
    kDict,
    kNot,
    kNegate,
    kPositive,
    kBinary,
    kAnd,
    kOr,
    kCompare,
    kConcatenate,
    kConditional,
    kAttribute,
    kItem,
    kSlice,
    kCall,
    kFilter,
    kTest
  };
  Expression(Kind of_kind, int at_line) : kind(of_kind), line(at_line) {}
  virtual ~Expression() = default;

  Kind kind;
  int line;
  int depth = 1;  // levels of the tree below, this one included
};
using ExpressionPtr = std::unique_ptr<Expression>;

struct ConstantExpression : Expression {
  ConstantExpression(Value its_value, int at_line)
      : Expression(Kind::kConstant, at_line), value(std::move(its_value)) {}
  Value value;
};

struct NameExpression : Expression {
  enum class Use { kLoad, kStore, kParameter };
  NameExpression(std::string its_name, int at_line)
      : Expression(Kind::kName, at_line), name(std::move(its_name)) {}
  std::string name;
  Use use = Use::kLoad;
  Slot slot;
};

struct AttributeTarget : Expression {  // {% set name.attribute = ... %}
  AttributeTarget(std::string its_name, std::string its_attribute, int at_line)
      : Expression(Kind::kAttributeTarget, at_line),
        name(std::move(its_name)),
        attribute(std::move(its_attribute)) {}
  std::string name;
  std::string attribute;
  Slot slot;
};

struct ItemsExpression : Expression {  // kTuple, kList, kConcatenate
  using Expression::Expression;
  std::vector<ExpressionPtr> items;
};

struct DictExpression : Expression {
  explicit DictExpression(int at_line) : Expression(Kind::kDict, at_line) {}
  std::vector<std::pair<ExpressionPtr, ExpressionPtr>> items;
};

struct UnaryExpression : Expression {  // kNot, kNegate, kPositive
  using Expression::Expression;
  ExpressionPtr operand;
};

struct BinaryExpression : Expression {  // kBinary, kAnd, kOr
  using Expression::Expression;
  BinaryOperator op = BinaryOperator::kAdd;
  ExpressionPtr left;
  ExpressionPtr right;
};

struct CompareExpression : Expression {
  explicit CompareExpression(int at_line) : Expression(Kind::kCompare, at_line) {}
  ExpressionPtr first;
  std::vector<std::pair<Comparison, ExpressionPtr>> rest;
};

struct ConditionalExpression : Expression {
  explicit ConditionalExpression(int at_line) : Expression(Kind::kConditional, at_line) {}
  ExpressionPtr test;
  ExpressionPtr then;
  ExpressionPtr otherwise;  // null: undefined
};

struct AttributeExpression : Expression {
  AttributeExpression(std::string its_name, int at_line)
      : Expression(Kind::kAttribute, at_line), name(std::move(its_name)) {}
  ExpressionPtr object;
  std::string name;
};

struct ItemExpression : Expression {
  explicit ItemExpression(int at_line) : Expression(Kind::kItem, at_line) {}
  ExpressionPtr object;
  ExpressionPtr key;  // or a SliceExpression
};

struct SliceExpression : Expression {
  explicit SliceExpression(int at_line) : Expression(Kind::kSlice, at_line) {}
  ExpressionPtr start, stop, step;  // null: left out
};

struct CallArguments {
  std::vector<ExpressionPtr> positional;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
  ExpressionPtr more_positional;  // *expression
  ExpressionPtr more_named;       // **expression
};

struct CallExpression : Expression {
  explicit CallExpression(int at_line) : Expression(Kind::kCall, at_line) {}
  ExpressionPtr callee;
  CallArguments arguments;
};

struct FilterExpression : Expression {  // kFilter
  FilterExpression(std::string its_name, int at_line)
      : Expression(Kind::kFilter, at_line), name(std::move(its_name)) {}
  ExpressionPtr subject;  // null: the body of the block around
  std::string name;
  CallArguments arguments;
  FilterFunction function = nullptr;  // null: unknown, an error when it is used
};

struct TestExpression : Expression {
  TestExpression(std::string its_name, int at_line)
      : Expression(Kind::kTest, at_line), name(std::move(its_name)) {}
  ExpressionPtr subject;
  std::string name;
  CallArguments arguments;
  TestFunction function = nullptr;
};

}  // namespace lapidary::tokenizer::jinja
