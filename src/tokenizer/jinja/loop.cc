// For loops and the variable `loop`.
#include "tokenizer/jinja/arguments.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/iteration.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/print.h"
#include "tokenizer/jinja/renderer_scope.h"
#include "tokenizer/jinja/template_objects.h"

namespace lapidary::tokenizer::jinja {
namespace {

class PassIterator : public Iterator {
 public:
  explicit PassIterator(ObjectPtr loop)
      : keep_(std::move(loop)), loop_(dynamic_cast<LoopObject&>(*keep_)) {}
  bool next(Runtime& run, Value& pair) override {
    run.step();
    Value item;
    if (!loop_.advance(run, item)) return false;
    pair = make_tuple(run, {std::move(item), Value(keep_)});
    return true;
  }

 private:
  ObjectPtr keep_;
  LoopObject& loop_;
};

}  // namespace

std::unique_ptr<Iterator> LoopObject::iterate(Runtime&, const ObjectPtr& self) {
  return std::make_unique<PassIterator>(self);
}

bool LoopObject::advance(Runtime& run, Value& item) {
  if (next_.is_missing()) {
    if (source_ == nullptr || !source_->next(run, item)) return false;
  } else {
    item = std::exchange(next_, Value());
  }
  ++index0_;
  previous_ = std::exchange(current_, item);
  return true;
}

void LoopObject::finish() noexcept {
  items_ = previous_ = current_ = next_ = last_changed_ = Value();
  source_.reset();
}

bool LoopObject::peek(Runtime& run) {
  if (next_.is_missing() && source_ != nullptr) {
    Value item;
    if (source_->next(run, item)) next_ = std::move(item);
  }
  return !next_.is_missing();
}

int64_t LoopObject::find_length(Runtime& run) {
  if (length_ >= 0) return length_;
  if (jinja::has_length(items_)) {
    length_ = length_of(run, items_);
  } else {
    std::vector<Value> rest;
    Value item;
    while (source_ != nullptr && source_->next(run, item)) rest.push_back(std::move(item));
    length_ = static_cast<int64_t>(rest.size()) + index0_ + 1 + (next_.is_missing() ? 0 : 1);
    source_ = iterate_items(std::move(rest));
  }
  return length_;
}

int64_t LoopObject::length(Runtime& run) const {
  return const_cast<LoopObject*>(this)->find_length(run);
}

void LoopObject::print(Runtime& run, TextBuilder& out) const {
  out.append("<LoopContext " + std::to_string(index0_ + 1) + "/" + std::to_string(length(run)) +
             ">");
}

Value LoopObject::call(Runtime& run, Arguments arguments) {
  const auto values = match("loop", arguments, {required("iterable")});
  if (recursion_.renderer == nullptr) {
    fail_type("The loop must have the 'recursive' marker to be called recursively.");
  }
  std::string text = recursion_.renderer->render_recursive_loop(
      *recursion_.loop, *recursion_.parent, values[0], depth0_ + 1);
  return run.escapes ? make_markup(run, std::move(text)) : make_text(run, std::move(text));
}

Value LoopObject::cycle(Runtime&, const Value& self, Arguments& arguments) {
  if (!arguments.named.empty()) fail_type("cycle() got an unexpected keyword argument");
  const auto& items = arguments.positional;
  if (items.empty()) fail_type("no items for cycling given");
  const int64_t index = self.as<LoopObject>()->index0_;
  return items[static_cast<size_t>(index < 0 ? 0 : index) % items.size()];
}

Value LoopObject::changed(Runtime& run, const Value& self, Arguments& arguments) {
  auto& loop = *self.as<LoopObject>();
  Value value = make_tuple(run, std::move(arguments.positional));
  if (jinja::equals(run, value, loop.last_changed_)) return Value(false);
  loop.last_changed_ = std::move(value);
  return Value(true);
}

bool LoopObject::attribute_of_position(Runtime& run, std::string_view name, Value& out) {
  if (name == "index") {
    out = Value::integer(index0_ + 1);
  } else if (name == "index0") {
    out = Value::integer(index0_);
  } else if (name == "first") {
    out = Value(index0_ == 0);
  } else if (name == "last") {
    out = Value(!peek(run));
  } else if (name == "length") {
    out = Value::integer(find_length(run));
  } else if (name == "revindex") {
    out = Value::integer(find_length(run) - index0_);
  } else if (name == "revindex0") {
    out = Value::integer(find_length(run) - index0_ - 1);
  } else if (name == "depth") {
    out = Value::integer(depth0_ + 1);
  } else if (name == "depth0") {
    out = Value::integer(depth0_);
  } else {
    return false;
  }
  return true;
}

bool LoopObject::attribute(Runtime& run, std::string_view name, const Value& self, Value& out) {
  if (attribute_of_position(run, name, out)) return true;
  if (name == "previtem") {
    out = index0_ == 0 ? make_undefined("there is no previous item") : previous_;
  } else if (name == "nextitem") {
    out = peek(run) ? next_ : make_undefined("there is no next item");
  } else if (name == "cycle" || name == "changed") {
    out = Value(ObjectPtr(
        std::make_shared<Function>(std::string(name), self, name == "cycle" ? cycle : changed)));
  } else {
    return false;
  }
  if (out.is_missing()) out = make_undefined("the loop has ended");
  return true;
}

// The items for which the loop's test holds, tested one by one as they are asked for, in a function
// of its own.
Value Renderer::filtered_items(const ForStatement& loop, const Value& items, Activation& parent) {
  struct State {
    std::unique_ptr<Iterator> source;
    std::shared_ptr<Activation> activation;
  };
  auto state = std::make_shared<State>();
  state->source = iterate(run_, items);
  return make_generator(
      "generator", items.depth(), [this, &loop, &parent, state](Runtime& run, Value& item) {
        const bool is_first = state->activation == nullptr;
        if (is_first) {
          state->activation =
              std::make_shared<Activation>(run, loop.test_function, &parent, parent.context);
        }
        const Override<Activation*> scope(here_, state->activation.get());
        if (is_first) enter(loop.test_scope);
        Value candidate;
        while (state->source->next(run, candidate)) {
          assign(*loop.test_target, candidate);
          if (!is_true(run, evaluate(*loop.test))) continue;
          item = value_of_target(*loop.test_target);
          return true;
        }
        return false;
      });
}

Renderer::Flow Renderer::execute_for(const ForStatement& loop) {
  const Value items = evaluate(*loop.items);
  if (!loop.is_recursive) return run_loop(loop, items, *here_, 0);
  here_->is_captured = true;
  out_->append(render_recursive_loop(loop, *here_, items, 0));
  return Flow::kNormal;
}

std::string Renderer::render_recursive_loop(const ForStatement& loop, Activation& parent,
                                            const Value& items, int64_t depth) {
  const Runtime::CallDepth call_depth(run_);
  run_.check_stack();
  Call call(*this, loop.loop_function, &parent, parent.context);
  Capture capture(*this);
  run_loop(loop, items, parent, depth);
  return capture.take();
}

Renderer::Flow Renderer::run_loop(const ForStatement& loop, const Value& all_items,
                                  Activation& test_parent, int64_t depth) {
  const Value items =
      loop.test == nullptr ? all_items : filtered_items(loop, all_items, test_parent);
  auto source = iterate(run_, items);
  std::shared_ptr<LoopObject> object;
  std::function<bool(Value&)> next_item;
  if (loop.loop_slot) {
    LoopObject::Recursion recursion;
    if (loop.is_recursive) recursion = {this, &loop, &test_parent};
    object = std::make_shared<LoopObject>(items, std::move(source), depth, recursion);
    next_item = [&](Value& item) { return object->advance(run_, item); };
  } else {
    next_item = [&](Value& item) { return source->next(run_, item); };
  }
  struct Finisher {
    LoopObject* object;
    ~Finisher() {
      if (object != nullptr) object->finish();
    }
  } finisher{object.get()};

  const bool has_ended_a_pass = run_passes(loop, next_item, object);
  leave(loop.body_scope);
  if (loop.otherwise.empty() || has_ended_a_pass) return Flow::kNormal;
  enter(loop.else_scope);
  const Flow flow = execute(loop.otherwise);
  leave(loop.else_scope);
  return flow;
}

// Whether a pass came to its end without break or continue: in Jinja that is what keeps the else
// part from running.
bool Renderer::run_passes(const ForStatement& loop, const std::function<bool(Value&)>& next_item,
                          const ObjectPtr& loop_object) {
  bool has_ended_a_pass = false;
  Value item;
  while (true) {
    run_.step();
    line_ = loop.line;
    if (!next_item(item)) return has_ended_a_pass;
    assign(*loop.target, item);
    if (loop.loop_slot) here_->slots[static_cast<size_t>(*loop.loop_slot)] = Value(loop_object);
    enter(loop.body_scope);
    switch (execute(loop.body)) {
      case Flow::kNormal:
        has_ended_a_pass = true;
        break;
      case Flow::kContinue:
        break;
      case Flow::kBreak:
        return has_ended_a_pass;
    }
  }
}

}  // namespace lapidary::tokenizer::jinja
