#include "rl/env/tool_arguments.h"

#include <algorithm>

#include "base/check.h"

namespace lapidary::rl {

namespace {

const Json& function_of(const Json& tool) {
  return tool.contains("function") && tool["function"].is_object() ? tool["function"] : tool;
}

std::vector<std::string> quoted_keys(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& item : object.items()) {
    keys.push_back(lapidary::quoted(item.key()));
  }
  return keys;
}

bool is_of_kind(const Json& value, std::string kind) {
  std::transform(kind.begin(), kind.end(), kind.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (kind == "integer") {
    return value.is_number_integer();
  }
  if (kind == "number") {
    return value.is_number();
  }
  const bool is_checked = kind == "string" || kind == "boolean" || kind == "array" ||
                          kind == "object" || kind == "null";
  return !is_checked || kind == json_type(value);
}

// "type" is one name or a list of them; "nullable" allows null beside it.
bool fits(const Json& value, const Json& schema) {
  if (!schema.is_object() || !schema.contains("type")) {
    return true;
  }
  if (value.is_null() && schema.contains("nullable") && schema["nullable"] == true) {
    return true;
  }
  const Json& kinds = schema["type"];
  if (kinds.is_string()) {
    return is_of_kind(value, kinds.get<std::string>());
  }
  return !kinds.is_array() || std::any_of(kinds.begin(), kinds.end(), [&](const Json& kind) {
    return !kind.is_string() || is_of_kind(value, kind.get<std::string>());
  });
}

std::string kind_text(const Json& schema) {
  return schema["type"].is_string() ? schema["type"].get<std::string>() : dump_json(schema["type"]);
}

const Json& object_field(const Json& object, const char* key) {
  static const Json kNothing = Json::object();
  return object.is_object() && object.contains(key) && object[key].is_object() ? object[key]
                                                                               : kNothing;
}

std::optional<std::string> argument_problem(const Json& function, const ToolCall& call) {
  const Json& parameters = object_field(function, "parameters");
  const Json& properties = object_field(parameters, "properties");
  if (parameters.contains("required") && parameters["required"].is_array()) {
    for (const Json& name : parameters["required"]) {
      if (name.is_string() && !call.arguments.contains(name.get<std::string>())) {
        return cat("Error: ", call.name, " needs the argument ",
                   lapidary::quoted(name.get<std::string>()));
      }
    }
  }
  for (const auto& item : call.arguments.items()) {
    if (!properties.contains(item.key())) {
      if (properties.empty()) {
        continue;
      }
      return cat("Error: ", call.name, " has no argument ", lapidary::quoted(item.key()),
                 "; it takes ", join(quoted_keys(properties)));
    }
    const Json& schema = properties[item.key()];
    if (!fits(item.value(), schema)) {
      return cat("Error: the argument ", lapidary::quoted(item.key()), " of ", call.name,
                 " must be of the type ", kind_text(schema), ", found ", json_type(item.value()));
    }
  }
  return std::nullopt;
}

}  // namespace

void check_tool_declarations(const Json& tools, const std::string& what) {
  if (!tools.is_array() || tools.empty()) {
    fail(ErrorKind::kInvalidArgument, what, ": tools must be a list of declarations, found ",
         tools.is_array() ? "an empty list" : json_type(tools));
  }
  for (const Json& tool : tools) {
    if (!tool.is_object() || !function_of(tool).contains("name") ||
        !function_of(tool)["name"].is_string()) {
      fail(ErrorKind::kInvalidArgument, what,
           ": a tool must be {\"type\": \"function\", \"function\": {\"name\", ..}}, found ",
           lapidary::quoted(dump_json(tool)));
    }
  }
}

const Json* find_tool(const Json& tools, const std::string& name) {
  for (const Json& tool : tools) {
    const Json& function = function_of(tool);
    if (function["name"] == name) {
      return &function;
    }
  }
  return nullptr;
}

std::optional<std::string> call_problem(const Json& tools, const ToolCall& call) {
  const Json* function = find_tool(tools, call.name);
  if (function != nullptr) {
    return argument_problem(*function, call);
  }
  std::vector<std::string> names;
  for (const Json& tool : tools) {
    names.push_back(function_of(tool)["name"].get<std::string>());
  }
  return cat("Error: there is no tool ", lapidary::quoted(call.name), "; there are ", join(names));
}

}  // namespace lapidary::rl
