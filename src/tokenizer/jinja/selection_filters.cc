// Lazy filters that apply another filter or a test to every item: map, select and their relatives.
// As with Jinja's generators, whatever is wrong with their arguments shows when items are asked
// for.
#include <algorithm>
#include <optional>

#include "tokenizer/jinja/arguments.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/filters.h"
#include "tokenizer/jinja/iteration.h"
#include "tokenizer/jinja/print.h"

namespace lapidary::tokenizer::jinja {
namespace {

// The name of a filter or test and the arguments for each call, apart from the item.
struct Named {
  Value name;
  Arguments rest;

  Arguments with_item(const Value& item) const {
    Arguments out = rest;
    out.positional.insert(out.positional.begin(), item);
    return out;
  }
};

[[noreturn]] void fail_unknown(Runtime& run, const char* what, const Value& name) {
  std::string reason = std::string("No ") + what + " named " + repr_of(run, name) + ".";
  if (name.is_undefined()) {
    reason += " (" + name.undefined().reason + "; did you forget to quote the callable name?)";
  }
  fail_type(reason);
}

int deepest(const Arguments& arguments) {
  int depth = 0;
  for (const Value& value : arguments.positional) depth = std::max(depth, value.depth());
  for (const auto& [name, value] : arguments.named) depth = std::max(depth, value.depth());
  return depth;
}

Value take_first(Arguments& arguments) {
  Value out = std::move(arguments.positional.front());
  arguments.positional.erase(arguments.positional.begin());
  return out;
}

class Mapping {
 public:
  Mapping(Runtime& run, Arguments arguments) {
    const auto attribute =
        std::find_if(arguments.named.begin(), arguments.named.end(),
                     [](const auto& argument) { return argument.first == "attribute"; });
    if (arguments.positional.empty() && attribute != arguments.named.end()) {
      path_.emplace(run, attribute->second);
      arguments.named.erase(attribute);
      for (auto& [name, value] : arguments.named) {
        if (name != "default") fail_type("Unexpected keyword argument '", name, "'");
        otherwise_ = value;
      }
      return;
    }
    if (arguments.positional.empty()) fail_type("map requires a filter argument");
    call_.name = take_first(arguments);
    call_.rest = std::move(arguments);
  }

  Value apply(Runtime& run, const Value& item) const {
    if (path_) return path_->get(run, item, otherwise_);
    const FilterFunction filter =
        call_.name.is_text() ? find_filter(call_.name.text()->bytes) : nullptr;
    if (filter == nullptr) fail_unknown(run, "filter", call_.name);
    Arguments arguments = call_.with_item(item);
    return filter(run, arguments);
  }

 private:
  std::optional<AttributePath> path_;
  Value otherwise_;
  Named call_;
};

enum class Subject { kItem, kAttribute };

class Selection {
 public:
  Selection(Runtime& run, Arguments arguments, Subject subject) {
    if (subject == Subject::kAttribute) {
      if (arguments.positional.empty()) fail_type("Missing parameter for attribute name");
      path_.emplace(run, take_first(arguments));
    }
    if (arguments.positional.empty()) return;
    call_.emplace();
    call_->name = take_first(arguments);
    call_->rest = std::move(arguments);
  }

  bool holds(Runtime& run, const Value& item) const {
    const Value subject = path_ ? path_->get(run, item) : item;
    if (!call_) return is_true(run, subject);
    const TestFunction test =
        call_->name.is_text() ? find_test(call_->name.text()->bytes) : nullptr;
    if (test == nullptr) fail_unknown(run, "test", call_->name);
    Arguments arguments = call_->with_item(subject);
    return test(run, arguments);
  }

 private:
  std::optional<AttributePath> path_;
  std::optional<Named> call_;
};

// The items of the subject, `rule` made when the first is asked for.
template <typename Rule>
struct State {
  Value subject;
  Arguments arguments;
  std::unique_ptr<Iterator> source;
  std::optional<Rule> rule;
};

Value map(Runtime&, Arguments& arguments) {
  auto state = std::make_shared<State<Mapping>>();
  const int depth = deepest(arguments);
  state->subject = take_first(arguments);
  state->arguments = std::move(arguments);
  return make_generator("generator", depth, [state](Runtime& r, Value& item) {
    if (!state->rule) {
      if (!is_true(r, state->subject)) return false;
      state->rule.emplace(r, std::move(state->arguments));
      state->source = iterate(r, state->subject);
    }
    Value source;
    if (!state->source->next(r, source)) return false;
    item = state->rule->apply(r, source);
    return true;
  });
}

template <Subject subject, bool keeps>
Value select(Runtime&, Arguments& arguments) {
  auto state = std::make_shared<State<Selection>>();
  const int depth = deepest(arguments);
  state->subject = take_first(arguments);
  state->arguments = std::move(arguments);
  return make_generator("generator", depth, [state](Runtime& r, Value& item) {
    if (!state->rule) {
      if (!is_true(r, state->subject)) return false;
      state->rule.emplace(r, std::move(state->arguments), subject);
      state->source = iterate(r, state->subject);
    }
    while (state->source->next(r, item)) {
      if (state->rule->holds(r, item) == keeps) return true;
    }
    return false;
  });
}

constexpr FilterEntry kFilters[] = {{"map", map},
                                    {"reject", select<Subject::kItem, false>},
                                    {"rejectattr", select<Subject::kAttribute, false>},
                                    {"select", select<Subject::kItem, true>},
                                    {"selectattr", select<Subject::kAttribute, true>}};

}  // namespace

std::span<const FilterEntry> selection_filters() {
  return kFilters;
}

}  // namespace lapidary::tokenizer::jinja
