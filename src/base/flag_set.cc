#include "base/flag_set.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/check.h"
#include "base/yaml.h"

namespace lapidary {
namespace {

constexpr std::string_view kEnvironmentPrefix = "LAPIDARY_";

std::string dashed(std::string key) {
  std::replace(key.begin(), key.end(), '_', '-');
  return key.starts_with("--") ? key : "--" + key;
}

const char* allowed_values(FlagType type) {
  switch (type) {
    case FlagType::kSwitch:
      return "true or false";
    case FlagType::kInt:
      return "an integer";
    case FlagType::kFloat:
      return "a number";
    case FlagType::kString:
      return "text";
    case FlagType::kJson:
      return "JSON";
  }
  return "";
}

// One word of text as a value of `type`; a discarded value when it is none.
Json from_text(FlagType type, const std::string& text) {
  const char* end = text.data() + text.size();
  switch (type) {
    case FlagType::kSwitch:
      if (text == "1" || text == "true") return true;
      if (text == "0" || text == "false") return false;
      return Json(Json::value_t::discarded);
    case FlagType::kInt: {
      int64_t out = 0;
      const auto [stop, error] = std::from_chars(text.data(), end, out);
      return error == std::errc() && stop == end ? Json(out) : Json(Json::value_t::discarded);
    }
    case FlagType::kFloat: {
      double out = 0;
      const auto [stop, error] = std::from_chars(text.data(), end, out);
      return error == std::errc() && stop == end ? Json(out) : Json(Json::value_t::discarded);
    }
    case FlagType::kString:
      return text;
    case FlagType::kJson:
      return Json::parse(text, nullptr, false);
  }
  return Json(Json::value_t::discarded);
}

// The value as one of `type`, or discarded. Text from YAML or the environment is read as the type
// asks.
Json coerced(FlagType type, const Json& value) {
  if (type == FlagType::kJson)
    return value.is_string() ? from_text(type, value.get<std::string>()) : value;
  if (type == FlagType::kString && !value.is_string() && !value.is_structured())
    return dump_json(value);
  if (value.is_string()) return from_text(type, value.get<std::string>());
  if (type == FlagType::kSwitch && value.is_boolean()) return value;
  if (type == FlagType::kInt && value.is_number_integer()) return value;
  if (type == FlagType::kFloat && value.is_number()) return value.get<double>();
  return Json(Json::value_t::discarded);
}

bool is_flag(const std::string& word) {
  return word.size() > 2 && word.starts_with("--");
}

}  // namespace

FlagSet::FlagSet(std::vector<FlagSpec> table) : table_(std::move(table)) {
  for (size_t i = 0; i < table_.size(); ++i) {
    const bool fresh = index_.emplace(table_[i].name, i).second;
    LAPIDARY_CHECK(fresh, "flag ", table_[i].name, " is in the table twice");
    for (const std::string& alias : table_[i].aliases) {
      LAPIDARY_CHECK(index_.emplace(alias, i).second, "alias ", alias, " is in the table twice");
    }
    slots_.push_back({i, table_[i].default_value, "default"});
  }
}

FlagSet::Slot& FlagSet::slot(const std::string& name) {
  const auto found = index_.find(name);
  LAPIDARY_CHECK(found != index_.end(), "flag ", name, " is not in the table");
  return slots_[found->second];
}
const FlagSet::Slot& FlagSet::slot(const std::string& name) const {
  return const_cast<FlagSet*>(this)->slot(name);
}

std::string FlagSet::unknown(const std::string& name) const {
  std::vector<std::string> known;
  for (const auto& entry : index_) known.push_back(entry.first);
  const std::string guess = nearest(name, known);
  return cat("unknown flag ", name, guess.empty() ? "" : "; did you mean " + guess + "?");
}

std::string FlagSet::set(const std::string& name, const Json& value, const std::string& origin) {
  const auto found = index_.find(name);
  if (found == index_.end()) return unknown(name);
  const FlagSpec& spec = table_[found->second];
  if (value.is_null()) return "";
  const bool is_list = spec.arity == FlagArity::kList;
  const Json items =
      value.is_array() && spec.type != FlagType::kJson ? value : Json::array({value});
  if (!is_list && items.size() != 1)
    return cat(spec.name, " takes one value, found ", dump_json(value));
  Json out = Json::array();
  for (const Json& item : items) {
    const Json one = coerced(spec.type, item);
    if (one.is_discarded()) {
      return cat(spec.name, " takes ", allowed_values(spec.type), ", found ",
                 quoted(dump_json(item)));
    }
    if (!spec.choices.empty() && std::find(spec.choices.begin(), spec.choices.end(),
                                           one.get<std::string>()) == spec.choices.end()) {
      return cat(spec.name, " takes one of ", join(spec.choices), ", found ", dump_json(one));
    }
    out.push_back(one);
  }
  Json final_value = is_list ? out : out[0];
  if (spec.use == FlagUse::kNotYet && final_value != spec.default_value) {
    return cat(spec.name, " is not supported yet: ", spec.meaning);
  }
  slots_[found->second].value = std::move(final_value);
  slots_[found->second].origin = origin;
  return "";
}

void FlagSet::apply(const Json& values, const std::string& origin) {
  if (!values.is_object()) {
    fail(ErrorKind::kInvalidArgument, origin, ": expected a map of flags, found ",
         json_type(values));
  }
  std::vector<std::string> problems;
  for (const auto& [key, value] : values.items()) {
    const std::string problem = set(dashed(key), value, origin);
    if (!problem.empty()) problems.push_back(problem);
  }
  if (!problems.empty()) fail(ErrorKind::kInvalidArgument, origin, ": ", join(problems, "; "));
}

void FlagSet::apply_yaml(const std::string& path) {
  apply(read_yaml_file(path), path);
}

void FlagSet::apply_environment(char** environment) {
  Json values = Json::object();
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string entry = *environment;
    const size_t equals = entry.find('=');
    if (!entry.starts_with(kEnvironmentPrefix) || equals == std::string::npos) continue;
    std::string name = entry.substr(kEnvironmentPrefix.size(), equals - kEnvironmentPrefix.size());
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto found = index_.find(dashed(name));
    if (found == index_.end()) continue;  // LAPIDARY_* also names paths and the like
    const std::string text = entry.substr(equals + 1);
    if (table_[found->second].arity == FlagArity::kList) {
      std::istringstream words(text);
      Json list = Json::array();
      for (std::string word; words >> word;) list.push_back(word);
      values[name] = list;
    } else {
      values[name] = text;
    }
  }
  apply(values, "environment");
}

void FlagSet::apply_command_line(const std::vector<std::string>& words) {
  Json values = Json::object();
  std::vector<std::string> problems;
  for (size_t i = 0; i < words.size();) {
    const std::string word = words[i++];
    if (!is_flag(word)) {
      problems.push_back(cat("unexpected argument ", quoted(word)));
      continue;
    }
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const auto found = index_.find(name);
    if (found == index_.end()) {
      problems.push_back(unknown(name));
      while (i < words.size() && !is_flag(words[i])) ++i;
      continue;
    }
    const FlagSpec& spec = table_[found->second];
    const std::string key = spec.name.substr(2);
    if (equals != std::string::npos) {
      values[key] = word.substr(equals + 1);
    } else if (spec.type == FlagType::kSwitch) {
      values[key] = true;
    } else if (spec.arity == FlagArity::kList) {
      Json list = Json::array();
      while (i < words.size() && !is_flag(words[i])) list.push_back(words[i++]);
      values[key] = list;
    } else if (i < words.size() && !is_flag(words[i])) {
      values[key] = words[i++];
    } else {
      problems.push_back(cat(name, " needs a value: ", allowed_values(spec.type)));
    }
  }
  if (!problems.empty()) fail(ErrorKind::kInvalidArgument, join(problems, "; "));
  apply(values, "command line");
}

bool FlagSet::has(const std::string& name) const {
  return !slot(name).value.is_null();
}
bool FlagSet::is_set(const std::string& name) const {
  return slot(name).origin != "default";
}
const Json& FlagSet::value(const std::string& name) const {
  return slot(name).value;
}
const std::string& FlagSet::origin(const std::string& name) const {
  return slot(name).origin;
}

bool FlagSet::get_bool(const std::string& name) const {
  return has(name) && value(name).get<bool>();
}

int64_t FlagSet::get_int(const std::string& name) const {
  if (!has(name)) fail(ErrorKind::kInvalidArgument, name, " is needed and was not given");
  return value(name).get<int64_t>();
}

double FlagSet::get_double(const std::string& name) const {
  if (!has(name)) fail(ErrorKind::kInvalidArgument, name, " is needed and was not given");
  return value(name).get<double>();
}

std::string FlagSet::get_string(const std::string& name) const {
  return has(name) ? value(name).get<std::string>() : std::string();
}

std::vector<std::string> FlagSet::get_strings(const std::string& name) const {
  return has(name) ? value(name).get<std::vector<std::string>>() : std::vector<std::string>();
}

std::vector<std::string> FlagSet::without_effect() const {
  std::vector<std::string> out;
  for (const Slot& each : slots_) {
    const FlagSpec& spec = table_[each.spec];
    if (spec.use == FlagUse::kNoEffect && each.origin != "default") out.push_back(spec.name);
  }
  return out;
}

Json FlagSet::resolved() const {
  Json out = Json::object();
  for (const Slot& each : slots_) {
    const FlagSpec& spec = table_[each.spec];
    if (spec.use == FlagUse::kUsed && !each.value.is_null()) out[spec.name.substr(2)] = each.value;
  }
  return out;
}

std::string FlagSet::help() const {
  std::vector<std::string> groups;
  for (const FlagSpec& spec : table_) {
    if (std::find(groups.begin(), groups.end(), spec.group) == groups.end())
      groups.push_back(spec.group);
  }
  std::string out;
  for (const std::string& group : groups) {
    if (!group.empty()) out += "\n" + group + "\n";
    for (const FlagSpec& spec : table_) {
      if (spec.group != group || spec.use != FlagUse::kUsed) continue;
      std::string left = "  " + spec.name;
      if (spec.type != FlagType::kSwitch) left += spec.arity == FlagArity::kList ? " V.." : " V";
      left.resize(std::max<size_t>(left.size() + 2, 38), ' ');
      out += left + spec.meaning;
      if (!spec.choices.empty()) out += " (" + join(spec.choices, "|") + ")";
      if (!spec.default_value.is_null() && spec.type != FlagType::kSwitch) {
        out += " [" + dump_json(spec.default_value) + "]";
      }
      out += "\n";
    }
  }
  return out;
}

}  // namespace lapidary
