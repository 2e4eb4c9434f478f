#include "tokenizer/jinja/context.h"

#include "base/text.h"
#include "tokenizer/jinja/dict.h"
#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/registry.h"
#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer::jinja {
namespace {

Value text_from_json(Runtime& run, const std::string& text) {
  const size_t fault = well_formed_prefix(text);
  if (fault != text.size()) {
    fail_type("a text of the context is not UTF-8 at its byte ", fault, ": ",
              quoted(std::string_view(text).substr(fault > 10 ? fault - 10 : 0, 20)));
  }
  return make_text(run, text);
}

}  // namespace

Value from_json(Runtime& run, const Json& json) {
  run.check_stack();
  switch (json.type()) {
    case Json::value_t::boolean:
      return Value(json.get<bool>());
    case Json::value_t::number_integer:
      return Value(static_cast<Integer>(json.get<int64_t>()));
    case Json::value_t::number_unsigned:
      return Value(static_cast<Integer>(json.get<uint64_t>()));
    case Json::value_t::number_float:
      return Value(json.get<double>());
    case Json::value_t::string:
      return text_from_json(run, json.get_ref<const std::string&>());
    case Json::value_t::array: {
      std::vector<Value> items;
      items.reserve(json.size());
      for (const Json& item : json) items.push_back(from_json(run, item));
      return make_list(run, std::move(items));
    }
    case Json::value_t::object: {
      auto dict = std::make_shared<Dict>(run);
      for (const auto& [key, item] : json.items()) {
        dict->set(run, text_from_json(run, key), from_json(run, item));
      }
      return Value(DictPtr(std::move(dict)));
    }
    default:
      return Value(None{});
  }
}

Value Context::resolve(Runtime& run, const std::string& name) {
  const auto set = set_.find(name);
  if (set != set_.end()) return set->second;
  const auto known = found_.find(name);
  if (known != found_.end()) return known->second;
  if (base_ != nullptr) return base_->resolve(run, name);
  const auto given = variables_->find(name);
  Value value = given != variables_->end() ? from_json(run, *given) : find_global(run, name);
  found_.emplace(name, value);
  return value;
}

}  // namespace lapidary::tokenizer::jinja
