// Which variable a name means. Jinja decides this before a template runs, scope by scope, and the
// rules have corners that show: a loop sees the outer variable as it is when a pass begins, a name
// that the outermost level sets only later is undefined before and does not fall back to the
// context, macros see the variables around them as they are when called. The analysis here follows
// jinja2/idtracking.py.
#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/jinja/syntax.h"

namespace lapidary::tokenizer::jinja {

// A function under binding: where its slots are handed out. Variables of one name and level share
// one slot, as do Python's locals.
struct FunctionFrame {
  FunctionFrame(FunctionInfo& its_info, FunctionFrame* outer)
      : info(its_info), parent(outer), depth(outer == nullptr ? 0 : outer->depth + 1) {}
  int slot_of(int level, const std::string& name);

  FunctionInfo& info;
  FunctionFrame* parent;
  int depth;
  std::map<std::pair<int, std::string>, int> slots;
};

class Symbols {
 public:
  struct Reference {
    FunctionFrame* function = nullptr;
    int slot = 0;
  };

  Symbols(FunctionFrame& function, const Symbols* parent)
      : function_(&function), parent_(parent), level_(parent == nullptr ? 0 : parent->level_ + 1) {}
  Symbols(const Symbols&) = delete;
  Symbols& operator=(const Symbols&) = delete;

  // What the statements and expressions mention, in order.
  void analyze(const Body& body);
  void analyze(const Statement& statement);
  void analyze(const Expression& expression);  // names that are loaded or stored
  void declare_parameters(const Expression& target);
  int declare_parameter(const std::string& name);
  void load(const std::string& name);
  void store(const std::string& name);

  // Null function for a name that no scope knows.
  Reference find(const std::string& name) const;
  // What entering and leaving the scope does. Sources are relative to this scope's function.
  Scope scope() const;
  // All names that are set in this scope and those around it.
  std::vector<std::pair<std::string, Reference>> stored_names() const;

 private:
  struct Loading {
    enum class Action { kParameter, kResolve, kAlias, kClear };
    Action action = Action::kClear;
    std::string name;
    Reference source;
  };
  // A branch of an if: the same scope, what is new kept apart.
  explicit Symbols(const Symbols* trunk)
      : function_(trunk->function_),
        parent_(trunk->parent_),
        trunk_(trunk),
        level_(trunk->level_) {}
  int define(const std::string& name, Loading loading);
  bool has_reference(const std::string& name) const;
  bool has_store(const std::string& name) const;
  void analyze_if(const IfStatement& statement);
  void merge_branches(std::initializer_list<const Symbols*> branches);

  FunctionFrame* function_;
  const Symbols* parent_;
  const Symbols* trunk_ = nullptr;
  int level_;
  std::map<std::string, int> references_;  // slots of function_
  std::map<int, Loading> loadings_;
  std::set<std::string> stores_;
};

}  // namespace lapidary::tokenizer::jinja
