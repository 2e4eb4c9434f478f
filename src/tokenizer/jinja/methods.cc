#include "tokenizer/jinja/methods.h"

#include <algorithm>
#include <span>

namespace lapidary::tokenizer::jinja {
namespace {

using Kind = Value::Kind;
using Names = std::span<const std::string_view>;

bool holds(Names names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Of every Python object.
constexpr std::string_view kObjectNames[] = {
    "__class__",   "__delattr__", "__dir__",    "__doc__",           "__eq__",
    "__format__",  "__ge__",      "__gt__",     "__getattribute__",  "__getstate__",
    "__hash__",    "__init__",    "__le__",     "__init_subclass__", "__lt__",
    "__ne__",      "__new__",     "__reduce__", "__reduce_ex__",     "__repr__",
    "__setattr__", "__sizeof__",  "__str__",    "__subclasshook__"};
constexpr std::string_view kContainerNames[] = {"__contains__", "__getitem__", "__iter__",
                                                "__len__"};
constexpr std::string_view kSequenceNames[] = {"__add__", "__mul__", "__rmul__"};
constexpr std::string_view kTextNames[] = {"__mod__", "__rmod__", "__getnewargs__"};
constexpr std::string_view kMutableListNames[] = {
    "__delitem__", "__iadd__", "__imul__", "__reversed__", "__setitem__", "__class_getitem__"};
constexpr std::string_view kMutableDictNames[] = {"__delitem__",      "__ior__", "__or__",
                                                  "__reversed__",     "__ror__", "__setitem__",
                                                  "__class_getitem__"};
constexpr std::string_view kNumberNames[] = {
    "__abs__",   "__add__",       "__bool__",      "__ceil__",     "__divmod__", "__float__",
    "__floor__", "__floordiv__",  "__int__",       "__mod__",      "__mul__",    "__neg__",
    "__pos__",   "__pow__",       "__radd__",      "__rdivmod__",  "__rmod__",   "__rmul__",
    "__round__", "__rpow__",      "__rsub__",      "__rtruediv__", "__sub__",    "__truediv__",
    "__trunc__", "__rfloordiv__", "__getnewargs__"};
constexpr std::string_view kUndefinedNames[] = {
    "__add__",      "__bool__",     "__call__",      "__complex__", "__div__",     "__float__",
    "__floordiv__", "__getattr__",  "__getitem__",   "__int__",     "__iter__",    "__len__",
    "__mod__",      "__module__",   "__mul__",       "__neg__",     "__pos__",     "__pow__",
    "__radd__",     "__rdiv__",     "__rfloordiv__", "__rmod__",    "__rmul__",    "__rpow__",
    "__rsub__",     "__rtruediv__", "__slots__",     "__sub__",     "__truediv__", "__aiter__"};
constexpr std::string_view kFunctionNames[] = {
    "__call__",     "__code__",        "__closure__",  "__defaults__",      "__dict__",
    "__globals__",  "__module__",      "__name__",     "__self__",          "__func__",
    "__qualname__", "__annotations__", "__builtins__", "__text_signature__"};
constexpr std::string_view kListChanges[] = {"append", "clear", "pop",    "reverse",
                                             "insert", "sort",  "extend", "remove"};
constexpr std::string_view kDictChanges[] = {"clear", "pop", "popitem", "setdefault", "update"};

}  // namespace

Function::Body find_method(const Value& value, std::string_view name) {
  if (value.is_text()) return find_text_method(name);
  return find_container_method(value, name);
}

bool is_hidden_attribute(const Value& value, std::string_view name) {
  if (value.is(Kind::kList) && holds(kListChanges, name)) return true;
  if (value.is(Kind::kDict) && holds(kDictChanges, name)) return true;
  if (!name.starts_with("__")) return false;
  if (holds(kObjectNames, name)) return true;
  switch (value.kind()) {
    case Kind::kText:
      return holds(kContainerNames, name) || holds(kSequenceNames, name) || holds(kTextNames, name);
    case Kind::kList:
      return holds(kContainerNames, name) || holds(kSequenceNames, name) ||
             holds(kMutableListNames, name);
    case Kind::kTuple:
      return holds(kContainerNames, name) || holds(kSequenceNames, name) ||
             name == "__getnewargs__" || name == "__class_getitem__";
    case Kind::kDict:
      return holds(kContainerNames, name) || holds(kMutableDictNames, name);
    case Kind::kBool:
    case Kind::kInteger:
    case Kind::kFloat:
      return holds(kNumberNames, name);
    case Kind::kNone:
      return name == "__bool__";
    case Kind::kUndefined:
      return holds(kUndefinedNames, name);
    case Kind::kObject:
      return value.object()->is_callable() && holds(kFunctionNames, name);
    default:
      return false;
  }
}

}  // namespace lapidary::tokenizer::jinja
