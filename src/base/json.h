// The one door to nlohmann-json. Objects keep the order of the text (templates and tool calls
// depend on it). The getters below replace at()/get<>() wherever the JSON comes from outside: their
// errors name the document, the key, what was found and what is allowed.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lapidary {

using Json = nlohmann::ordered_json;

// Throws Error{kCorrupt} "what: not valid JSON at byte 12: ...". Nesting deeper than 512 is
// refused.
Json parse_json(std::string_view text, std::string_view what);
Json read_json_file(const std::string& path);

// "object", "array", "string", "integer", "number", "boolean", "null"
const char* json_type(const Json& value);

// Serialises without throwing: invalid UTF-8 becomes U+FFFD.
std::string dump_json(const Json& value, int indent = -1);

// A view of one JSON object with the name to use in messages. Throws Error{kInvalidArgument} for a
// missing key or a wrong type; the *_or forms take an absent key or null as the default.
class JsonObject {
 public:
  JsonObject(const Json& object, std::string what);

  bool has(const std::string& key) const;  // present and not null
  const Json& at(const std::string& key) const;
  std::string get_string(const std::string& key) const;
  int64_t get_int(const std::string& key) const;
  double get_double(const std::string& key) const;
  bool get_bool(const std::string& key) const;
  std::string get_string_or(const std::string& key, std::string otherwise) const;
  int64_t get_int_or(const std::string& key, int64_t otherwise) const;
  double get_double_or(const std::string& key, double otherwise) const;
  bool get_bool_or(const std::string& key, bool otherwise) const;
  JsonObject get_object(const std::string& key) const;
  std::vector<int64_t> get_ints(const std::string& key) const;
  std::vector<std::string> get_strings(const std::string& key) const;

  const Json& json() const { return *object_; }
  const std::string& what() const { return what_; }

 private:
  [[noreturn]] void wrong_type(const std::string& key, const Json& found,
                               const char* allowed) const;
  const Json* object_;
  std::string what_;
};

// Calls `each` with every line's object and its number (from 1); blank lines are skipped. path "-"
// is standard input. Throws Error{kCorrupt} that names the file and line for a line that is not a
// JSON object.
void for_each_json_line(const std::string& path,
                        const std::function<void(const Json& line, int64_t number)>& each);

}  // namespace lapidary
