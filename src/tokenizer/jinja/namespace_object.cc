#include "tokenizer/jinja/namespace_object.h"

#include "base/text.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/iteration.h"
#include "tokenizer/jinja/print.h"

namespace lapidary::tokenizer::jinja {
namespace {

void check_name(const Value& name) {
  if (!name.is_text() || !name.text()->bytes.starts_with('_')) return;
  throw Failure{
      RenderFailure::kSecurity,
      cat("Chat templates cannot store underscore-prefixed attributes on a namespace, but "
          "got '",
          name.text()->bytes, "'. Please rename the attribute.")};
}

}  // namespace

Value NamespaceObject::make(Runtime& run, Dict attributes) {
  for (const Dict::Entry& entry : attributes.entries()) check_name(entry.key);
  auto object = std::make_shared<NamespaceObject>(std::move(attributes));
  run.keep(object);
  return Value(ObjectPtr(std::move(object)));
}

void NamespaceObject::set(Runtime& run, const std::string& name, Value value) {
  const Value key = make_text(run, name);
  check_name(key);
  attributes_.set(run, key, std::move(value));
}

std::string NamespaceObject::description() const {
  return "TemplateNamespace object";
}

void NamespaceObject::print(Runtime& run, TextBuilder& out) const {
  out.append("<Namespace {");
  if (is_printing_) return out.append("...}>");
  is_printing_ = true;
  bool is_first = true;
  for (const Dict::Entry& entry : attributes_.entries()) {
    if (!is_first) out.append(", ");
    is_first = false;
    print_repr(run, out, entry.key);
    out.append(": ");
    print_repr(run, out, entry.value);
  }
  is_printing_ = false;
  out.append("}>");
}

bool NamespaceObject::attribute(Runtime&, std::string_view name, const Value&, Value& out) {
  const Value* found = attributes_.find(name);
  if (found != nullptr) out = *found;
  return found != nullptr;
}

Dict build_dict(Runtime& run, Arguments& arguments) {
  if (arguments.positional.size() > 1) {
    fail_type("dict expected at most 1 argument, got ", arguments.positional.size());
  }
  Dict out(run);
  if (!arguments.positional.empty()) {
    const Value& source = arguments.positional[0];
    if (source.is(Value::Kind::kDict)) {
      for (const Dict::Entry& entry : source.dict()->entries())
        out.set(run, entry.key, entry.value);
    } else {
      const auto pairs = iterate(run, source);
      Value pair;
      for (int64_t at = 0; pairs->next(run, pair); ++at) {
        std::vector<Value> items = collect(run, pair);
        if (items.size() != 2) {
          fail_type("dictionary update sequence element #", at, " has length ", items.size(),
                    "; 2 is required");
        }
        out.set(run, std::move(items[0]), std::move(items[1]));
      }
    }
  }
  for (auto& [name, value] : arguments.named) out.set(run, make_text(run, name), std::move(value));
  return out;
}

}  // namespace lapidary::tokenizer::jinja
