// Reads the fields of one JSON object of a config. Unlike JsonObject of base/json.h it does not
// stop at the first problem: what is missing or of a wrong type goes on the list.
#pragma once

#include <limits>
#include <optional>
#include <string>

#include "base/dim.h"
#include "base/json.h"
#include "model/gemma4/problem_list.h"

namespace lapidary::model {

class Fields {
 public:
  // `prefix` leads to the object within the config: "rope_parameters.".
  Fields(const Json& object, std::string prefix, ProblemList& problems)
      : object_(object), prefix_(std::move(prefix)), problems_(problems) {}

  const Json* find(const std::string& key) const {  // nullptr when absent or null
    const auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }
  bool has_key(const std::string& key) const { return object_.contains(key); }
  std::string name(const std::string& key) const { return prefix_ + key; }

  bool require(const std::string& key) const {
    if (find(key) != nullptr) return true;
    problems_.invalid(name(key), has_key(key) ? "must not be null" : "is missing");
    return false;
  }

  std::optional<Dim> integer(const std::string& key) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number_integer() ||
        (value->is_number_unsigned() &&
         value->get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<Dim>::max()))) {
      wrong_type(key, *value, "an integer");
      return std::nullopt;
    }
    return value->get<Dim>();
  }
  std::optional<double> number(const std::string& key) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number()) {
      wrong_type(key, *value, "a number");
      return std::nullopt;
    }
    return value->get<double>();
  }
  std::optional<bool> boolean(const std::string& key) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_boolean()) {
      wrong_type(key, *value, "true or false");
      return std::nullopt;
    }
    return value->get<bool>();
  }
  std::optional<std::string> string(const std::string& key) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) {
      wrong_type(key, *value, "a string");
      return std::nullopt;
    }
    return value->get<std::string>();
  }
  const Json* object(const std::string& key) const {
    const Json* value = find(key);
    if (value != nullptr && !value->is_object()) {
      wrong_type(key, *value, "an object");
      return nullptr;
    }
    return value;
  }

  Dim required_integer(const std::string& key) const {
    return require(key) ? integer(key).value_or(0) : 0;
  }
  bool required_boolean(const std::string& key) const {
    return require(key) && boolean(key).value_or(false);
  }

  void wrong_type(const std::string& key, const Json& found, const char* allowed) const {
    problems_.invalid(name(key), "must be ", allowed, ", found ", json_type(found), " ",
                      lapidary::quoted(dump_json(found), 60));
  }
  ProblemList& problems() const { return problems_; }

 private:
  const Json& object_;
  std::string prefix_;
  ProblemList& problems_;
};

}  // namespace lapidary::model
