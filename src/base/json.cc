#include "base/json.h"

#include <cmath>
#include <fstream>
#include <iostream>
#include <limits>

#include "base/check.h"
#include "base/file.h"

namespace lapidary {
namespace {

constexpr int kMaxDepth = 512;

// Stops at kMaxDepth before the parser's own recursion (in destructors and dumps) can exhaust the
// stack.
void refuse_deep_nesting(std::string_view text, std::string_view what) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) {
        fail(ErrorKind::kCorrupt, what, ": JSON nested deeper than ", kMaxDepth, " levels");
      }
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
}

}  // namespace

Json parse_json(std::string_view text, std::string_view what) {
  refuse_deep_nesting(text, what);
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const nlohmann::json::parse_error& error) {
    // nlohmann's text after "[json.exception...] parse error at line 1, column 2: ".
    const std::string full = error.what();
    const size_t at = full.find("parse error");
    fail(ErrorKind::kCorrupt, what,
         ": not valid JSON: ", at == std::string::npos ? full : full.substr(at));
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::kCorrupt, what, ": not valid JSON: ", error.what());
  }
}

Json read_json_file(const std::string& path) {
  return parse_json(read_file(path), path);
}

const char* json_type(const Json& value) {
  if (value.is_number_integer()) return "integer";
  return value.type_name();
}

std::string dump_json(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

JsonObject::JsonObject(const Json& object, std::string what)
    : object_(&object), what_(std::move(what)) {
  if (!object.is_object()) {
    fail(ErrorKind::kInvalidArgument, what_, ": expected an object, found ", json_type(object));
  }
}

bool JsonObject::has(const std::string& key) const {
  const auto found = object_->find(key);
  return found != object_->end() && !found->is_null();
}

const Json& JsonObject::at(const std::string& key) const {
  const auto found = object_->find(key);
  if (found == object_->end())
    fail(ErrorKind::kInvalidArgument, what_, ": \"", key, "\" is missing");
  return *found;
}

void JsonObject::wrong_type(const std::string& key, const Json& found, const char* allowed) const {
  fail(ErrorKind::kInvalidArgument, what_, ": \"", key, "\" must be ", allowed, ", found ",
       json_type(found), " ", quoted(dump_json(found), 60));
}

std::string JsonObject::get_string(const std::string& key) const {
  const Json& value = at(key);
  if (!value.is_string()) wrong_type(key, value, "a string");
  return value.get<std::string>();
}

int64_t JsonObject::get_int(const std::string& key) const {
  const Json& value = at(key);
  if (value.is_number_unsigned() &&
      value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    wrong_type(key, value, "an integer below 2^63");
  }
  if (!value.is_number_integer()) wrong_type(key, value, "an integer");
  return value.get<int64_t>();
}

double JsonObject::get_double(const std::string& key) const {
  const Json& value = at(key);
  if (!value.is_number()) wrong_type(key, value, "a number");
  return value.get<double>();
}

bool JsonObject::get_bool(const std::string& key) const {
  const Json& value = at(key);
  if (!value.is_boolean()) wrong_type(key, value, "true or false");
  return value.get<bool>();
}

std::string JsonObject::get_string_or(const std::string& key, std::string otherwise) const {
  return has(key) ? get_string(key) : otherwise;
}
int64_t JsonObject::get_int_or(const std::string& key, int64_t otherwise) const {
  return has(key) ? get_int(key) : otherwise;
}
double JsonObject::get_double_or(const std::string& key, double otherwise) const {
  return has(key) ? get_double(key) : otherwise;
}
bool JsonObject::get_bool_or(const std::string& key, bool otherwise) const {
  return has(key) ? get_bool(key) : otherwise;
}

JsonObject JsonObject::get_object(const std::string& key) const {
  const Json& value = at(key);
  if (!value.is_object()) wrong_type(key, value, "an object");
  return JsonObject(value, what_ + "." + key);
}

std::vector<int64_t> JsonObject::get_ints(const std::string& key) const {
  const Json& value = at(key);
  if (!value.is_array()) wrong_type(key, value, "an array of integers");
  std::vector<int64_t> out;
  out.reserve(value.size());
  for (const Json& item : value) {
    if (!item.is_number_integer()) wrong_type(key, item, "an array of integers");
    out.push_back(item.get<int64_t>());
  }
  return out;
}

std::vector<std::string> JsonObject::get_strings(const std::string& key) const {
  const Json& value = at(key);
  if (!value.is_array()) wrong_type(key, value, "an array of strings");
  std::vector<std::string> out;
  out.reserve(value.size());
  for (const Json& item : value) {
    if (!item.is_string()) wrong_type(key, item, "an array of strings");
    out.push_back(item.get<std::string>());
  }
  return out;
}

void for_each_json_line(const std::string& path,
                        const std::function<void(const Json& line, int64_t number)>& each) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) fail(ErrorKind::kNotFound, "cannot open ", path, ": ", last_os_error());
  }
  std::istream& in = path == "-" ? std::cin : file;
  std::string text;
  for (int64_t number = 1; std::getline(in, text); ++number) {
    if (!text.empty() && text.back() == '\r') text.pop_back();
    if (text.find_first_not_of(" \t") == std::string::npos) continue;
    const std::string what = cat(path == "-" ? "standard input" : path, " line ", number);
    const Json line = parse_json(text, what);
    if (!line.is_object()) {
      fail(ErrorKind::kCorrupt, what, ": expected a JSON object, found ", json_type(line));
    }
    each(line, number);
  }
}

}  // namespace lapidary
