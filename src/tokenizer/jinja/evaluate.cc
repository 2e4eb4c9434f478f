// The renderer's expressions.
#include "tokenizer/jinja/attributes.h"
#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/iteration.h"
#include "tokenizer/jinja/markup.h"
#include "tokenizer/jinja/operators.h"
#include "tokenizer/jinja/print.h"
#include "tokenizer/jinja/renderer.h"

namespace lapidary::tokenizer::jinja {
namespace {

template <typename T>
const T& as(const Expression& expression) {
  return static_cast<const T&>(expression);
}

Value call_value(Runtime& run, const Value& callee, Arguments arguments) {
  if (callee.is_undefined()) fail_undefined(callee);
  if (!callee.is(Value::Kind::kObject) || !callee.object()->is_callable()) {
    fail_type("'", type_name(callee), "' object is not callable");
  }
  const ObjectPtr keep = callee.shared_object();
  return keep->call(run, std::move(arguments));
}

}  // namespace

Value Renderer::evaluate(const Expression& expression) {
  using Kind = Expression::Kind;
  run_.step();
  switch (expression.kind) {
    case Kind::kConstant:
      return as<ConstantExpression>(expression).value;
    case Kind::kName:
      return evaluate_name(as<NameExpression>(expression));
    default:
      break;
  }
  run_.check_stack();
  line_ = expression.line;
  switch (expression.kind) {
    case Kind::kTuple:
      return make_tuple(run_, evaluate_all(as<ItemsExpression>(expression).items));
    case Kind::kList:
      return make_list(run_, evaluate_all(as<ItemsExpression>(expression).items));
    case Kind::kDict:
      return evaluate_dict(as<DictExpression>(expression));
    case Kind::kNot:
      return Value(!is_true(run_, evaluate(*as<UnaryExpression>(expression).operand)));
    case Kind::kNegate:
      return negate(evaluate(*as<UnaryExpression>(expression).operand));
    case Kind::kPositive:
      return positive(evaluate(*as<UnaryExpression>(expression).operand));
    case Kind::kBinary: {
      const auto& binary = as<BinaryExpression>(expression);
      const Value left = evaluate(*binary.left);
      return apply(run_, binary.op, left, evaluate(*binary.right));
    }
    case Kind::kAnd: {
      Value left = evaluate(*as<BinaryExpression>(expression).left);
      return is_true(run_, left) ? evaluate(*as<BinaryExpression>(expression).right) : left;
    }
    case Kind::kOr: {
      Value left = evaluate(*as<BinaryExpression>(expression).left);
      return is_true(run_, left) ? left : evaluate(*as<BinaryExpression>(expression).right);
    }
    case Kind::kCompare:
      return evaluate_compare(as<CompareExpression>(expression));
    case Kind::kConcatenate:
      return evaluate_concatenation(as<ItemsExpression>(expression));
    case Kind::kConditional:
      return evaluate_conditional(as<ConditionalExpression>(expression));
    case Kind::kAttribute: {
      const auto& attribute = as<AttributeExpression>(expression);
      return get_attribute(run_, evaluate(*attribute.object), attribute.name);
    }
    case Kind::kItem:
      return evaluate_item(as<ItemExpression>(expression));
    case Kind::kCall:
      return evaluate_call(as<CallExpression>(expression), Value());
    case Kind::kFilter:
      return evaluate_filter(as<FilterExpression>(expression), Value());
    case Kind::kTest:
      return evaluate_test(as<TestExpression>(expression));
    default:
      fail_type("this expression has no value");
  }
}

Value Renderer::evaluate_name(const NameExpression& name) {
  const Value& value = slot(name.slot);
  if (!value.is_missing()) return value;
  return make_undefined("'" + name.name + "' is undefined");
}

std::vector<Value> Renderer::evaluate_all(const std::vector<ExpressionPtr>& expressions) {
  std::vector<Value> out;
  out.reserve(expressions.size());
  for (const ExpressionPtr& expression : expressions) out.push_back(evaluate(*expression));
  return out;
}

Value Renderer::evaluate_optional(const ExpressionPtr& expression) {
  return expression == nullptr ? Value() : evaluate(*expression);
}

Value Renderer::evaluate_dict(const DictExpression& dict) {
  auto out = std::make_shared<Dict>(run_);
  for (const auto& [key_expression, value_expression] : dict.items) {
    Value key = evaluate(*key_expression);
    out->set(run_, std::move(key), evaluate(*value_expression));
  }
  return Value(DictPtr(std::move(out)));
}

Value Renderer::evaluate_compare(const CompareExpression& comparison) {
  Value left = evaluate(*comparison.first);
  for (const auto& [op, operand] : comparison.rest) {
    Value right = evaluate(*operand);
    if (!compare(run_, op, left, right)) return Value(false);
    left = std::move(right);
  }
  return Value(true);
}

Value Renderer::evaluate_concatenation(const ItemsExpression& concatenation) {
  const std::vector<Value> items = evaluate_all(concatenation.items);
  bool is_markup = false;
  for (const Value& item : items) {
    is_markup = is_markup || (run_.escapes && item.is_text() && item.text()->is_markup);
  }
  TextBuilder out(run_);
  for (const Value& item : items) {
    if (is_markup) {
      out.append(escape(run_, item).text()->bytes);
    } else {
      print(run_, out, item);
    }
  }
  return is_markup ? make_markup(run_, out.take()) : make_text(run_, out.take());
}

Value Renderer::evaluate_conditional(const ConditionalExpression& conditional) {
  if (is_true(run_, evaluate(*conditional.test))) return evaluate(*conditional.then);
  if (conditional.otherwise != nullptr) return evaluate(*conditional.otherwise);
  return make_undefined("the inline if-expression on line " + std::to_string(conditional.line) +
                        " evaluated to false and no else section was defined.");
}

Value Renderer::evaluate_item(const ItemExpression& item) {
  const Value object = evaluate(*item.object);
  if (item.key->kind != Expression::Kind::kSlice) {
    return get_item(run_, object, evaluate(*item.key));
  }
  const auto& slice = as<SliceExpression>(*item.key);
  const Value start = evaluate_optional(slice.start);
  const Value stop = evaluate_optional(slice.stop);
  return get_slice(run_, object, start, stop, evaluate_optional(slice.step));
}

void Renderer::add_arguments(const CallArguments& source, Arguments& out) {
  for (const auto& argument : source.positional) out.positional.push_back(evaluate(*argument));
  for (const auto& [name, argument] : source.named)
    out.named.emplace_back(name, evaluate(*argument));
  if (source.more_positional != nullptr) {
    const Value more = evaluate(*source.more_positional);
    if (!is_iterable(more))
      fail_type("argument after * must be an iterable, not ", type_name(more));
    for (Value& value : collect(run_, more)) out.positional.push_back(std::move(value));
  }
  if (source.more_named == nullptr) return;
  const Value more = evaluate(*source.more_named);
  if (!more.is(Value::Kind::kDict)) {
    fail_type("argument after ** must be a mapping, not ", type_name(more));
  }
  for (const Dict::Entry& entry : more.dict()->entries()) {
    if (!entry.key.is_text()) fail_type("keywords must be strings");
    const std::string& name = entry.key.text()->bytes;
    for (const auto& [known, argument] : source.named) {
      if (known == name) fail_type("got multiple values for keyword argument '", name, "'");
    }
    out.named.emplace_back(name, entry.value);
  }
}

Value Renderer::evaluate_call(const CallExpression& call, Value caller) {
  const Value callee = evaluate(*call.callee);
  Arguments arguments;
  add_arguments(call.arguments, arguments);
  if (!caller.is_missing()) arguments.named.emplace_back("caller", std::move(caller));
  line_ = call.line;
  return call_value(run_, callee, std::move(arguments));
}

Value Renderer::evaluate_filter(const FilterExpression& filter, Value body) {
  Arguments arguments;
  arguments.positional.push_back(body);
  // The filters of a chain in front of a block's body end in one without a subject.
  if (filter.subject != nullptr) {
    const auto* inner = filter.subject->kind == Expression::Kind::kFilter
                            ? &as<FilterExpression>(*filter.subject)
                            : nullptr;
    arguments.positional[0] =
        inner != nullptr ? evaluate_filter(*inner, std::move(body)) : evaluate(*filter.subject);
  }
  add_arguments(filter.arguments, arguments);
  line_ = filter.line;
  if (filter.function == nullptr) fail_type("No filter named '", filter.name, "' found.");
  return filter.function(run_, arguments);
}

Value Renderer::evaluate_test(const TestExpression& test) {
  Arguments arguments;
  arguments.positional.push_back(evaluate(*test.subject));
  add_arguments(test.arguments, arguments);
  line_ = test.line;
  if (test.function == nullptr) fail_type("No test named '", test.name, "' found.");
  return Value(test.function(run_, arguments));
}

}  // namespace lapidary::tokenizer::jinja
