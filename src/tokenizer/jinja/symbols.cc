#include "tokenizer/jinja/symbols.h"

#include "tokenizer/jinja/walk.h"

namespace lapidary::tokenizer::jinja {
namespace {

template <typename T>
const T& as(const Statement& statement) {
  return static_cast<const T&>(statement);
}

}  // namespace

int FunctionFrame::slot_of(int level, const std::string& name) {
  const auto [place, is_new] = slots.try_emplace({level, name}, info.num_slots);
  if (is_new) ++info.num_slots;
  return place->second;
}

int Symbols::define(const std::string& name, Loading loading) {
  const int slot = function_->slot_of(level_, name);
  references_[name] = slot;
  loadings_[slot] = std::move(loading);
  return slot;
}

Symbols::Reference Symbols::find(const std::string& name) const {
  const Symbols* scope = this;
  while (scope != nullptr) {
    const auto found = scope->references_.find(name);
    if (found != scope->references_.end()) return {scope->function_, found->second};
    scope = scope->trunk_ != nullptr ? scope->trunk_ : scope->parent_;
  }
  return {};
}

bool Symbols::has_reference(const std::string& name) const {
  return references_.count(name) != 0 || (trunk_ != nullptr && trunk_->has_reference(name));
}

bool Symbols::has_store(const std::string& name) const {
  return stores_.count(name) != 0 || (trunk_ != nullptr && trunk_->has_store(name));
}

int Symbols::declare_parameter(const std::string& name) {
  stores_.insert(name);
  return define(name, {Loading::Action::kParameter, "", {}});
}

void Symbols::load(const std::string& name) {
  if (find(name).function == nullptr) define(name, {Loading::Action::kResolve, name, {}});
}

void Symbols::store(const std::string& name) {
  stores_.insert(name);
  if (has_reference(name)) return;
  const Reference outer = parent_ == nullptr ? Reference{} : parent_->find(name);
  if (outer.function != nullptr) {
    define(name, {Loading::Action::kAlias, "", outer});
  } else {
    define(name, {Loading::Action::kClear, "", {}});
  }
}

void Symbols::declare_parameters(const Expression& target) {
  walk(target, {[this](const NameExpression& name) { declare_parameter(name.name); },
                [](const BlockStatement&) { return false; }});
  if (target.kind == Expression::Kind::kAttributeTarget) {
    load(static_cast<const AttributeTarget&>(target).name);
  }
}

void Symbols::analyze(const Expression& expression) {
  if (expression.kind == Expression::Kind::kAttributeTarget) {
    load(static_cast<const AttributeTarget&>(expression).name);
  } else if (expression.kind == Expression::Kind::kTuple) {
    for (const auto& item : static_cast<const ItemsExpression&>(expression).items) analyze(*item);
  } else {
    walk(expression, {[this](const NameExpression& name) {
                        switch (name.use) {
                          case NameExpression::Use::kLoad:
                            return load(name.name);
                          case NameExpression::Use::kStore:
                            return store(name.name);
                          case NameExpression::Use::kParameter:
                            declare_parameter(name.name);
                        }
                      },
                      [](const BlockStatement&) { return false; }});
  }
}

void Symbols::analyze(const Body& body) {
  for (const StatementPtr& statement : body) analyze(*statement);
}

void Symbols::analyze(const Statement& statement) {
  switch (statement.kind) {
    case Statement::Kind::kPrint:
      return analyze(*as<PrintStatement>(statement).value);
    case Statement::Kind::kFor:
      return analyze(*as<ForStatement>(statement).items);
    case Statement::Kind::kIf:
      return analyze_if(as<IfStatement>(statement));
    case Statement::Kind::kMacro:
      return store(as<MacroStatement>(statement).macro.name);
    case Statement::Kind::kCallBlock:
      return analyze(*as<CallBlockStatement>(statement).call);
    case Statement::Kind::kFilterBlock:
      return analyze(*as<FilterBlockStatement>(statement).filter);
    case Statement::Kind::kWith:
      for (const auto& value : as<WithStatement>(statement).values) analyze(*value);
      return;
    case Statement::Kind::kSet:
      analyze(*as<SetStatement>(statement).value);
      return analyze(*as<SetStatement>(statement).target);
    case Statement::Kind::kSetBlock:
      return analyze(*as<SetBlockStatement>(statement).target);
    case Statement::Kind::kTemplate:
      analyze(*as<TemplateStatement>(statement).source);
      for (const auto& [name, line] : as<TemplateStatement>(statement).stored) store(name);
      return;
    case Statement::Kind::kText:
    case Statement::Kind::kGeneration:
    case Statement::Kind::kBlock:
    case Statement::Kind::kAutoescape:
    case Statement::Kind::kBreak:
    case Statement::Kind::kContinue:
      return;
  }
}

void Symbols::analyze_if(const IfStatement& statement) {
  analyze(*statement.branches.front().first);
  Symbols body(this);
  Symbols elifs(this);
  Symbols otherwise(this);
  body.analyze(statement.branches.front().second);
  for (size_t i = 1; i < statement.branches.size(); ++i) {
    elifs.analyze(*statement.branches[i].first);
    Symbols branch(&elifs);
    branch.analyze(statement.branches[i].second);
    elifs.merge_branches({&branch});
  }
  otherwise.analyze(statement.otherwise);
  merge_branches({&body, &elifs, &otherwise});
}

// A name that only some branches set: before it is set it has the outer variable's value, or the
// context's.
void Symbols::merge_branches(std::initializer_list<const Symbols*> branches) {
  std::set<std::string> stored;
  for (const Symbols* branch : branches) {
    for (const std::string& name : branch->stores_) {
      if (!has_store(name)) stored.insert(name);
    }
  }
  for (const Symbols* branch : branches) {
    for (const auto& [name, slot] : branch->references_) references_[name] = slot;
    for (const auto& [slot, loading] : branch->loadings_) loadings_[slot] = loading;
    stores_.insert(branch->stores_.begin(), branch->stores_.end());
  }
  for (const std::string& name : stored) {
    const Reference outer = parent_ == nullptr ? Reference{} : parent_->find(name);
    const int slot = find(name).slot;
    if (outer.function != nullptr) {
      loadings_[slot] = {Loading::Action::kAlias, "", outer};
    } else {
      loadings_[slot] = {Loading::Action::kResolve, name, {}};
    }
  }
}

Scope Symbols::scope() const {
  Scope out;
  for (const auto& [slot, loading] : loadings_) {
    out.slots.push_back(slot);
    switch (loading.action) {
      case Loading::Action::kParameter:
        break;
      case Loading::Action::kResolve:
        out.loads.push_back({Load::Action::kResolve, slot, loading.name, {}});
        break;
      case Loading::Action::kAlias:
        out.loads.push_back(
            {Load::Action::kAlias,
             slot,
             "",
             {function_->depth - loading.source.function->depth, loading.source.slot}});
        break;
      case Loading::Action::kClear:
        out.loads.push_back({Load::Action::kClear, slot, "", {}});
        break;
    }
  }
  return out;
}

std::vector<std::pair<std::string, Symbols::Reference>> Symbols::stored_names() const {
  std::map<std::string, Reference> out;
  for (const Symbols* scope = this; scope != nullptr; scope = scope->parent_) {
    for (const std::string& name : scope->stores_) out.try_emplace(name, find(name));
  }
  return {out.begin(), out.end()};
}

}  // namespace lapidary::tokenizer::jinja
