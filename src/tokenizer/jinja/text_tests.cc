// The is... methods of str.
#include <unordered_map>

#include "tokenizer/jinja/arguments.h"
#include "tokenizer/jinja/text_methods.h"
#include "tokenizer/jinja/unicode.h"

namespace lapidary::tokenizer::jinja {
namespace {

bool is_cased(CodePoint code) {
  return is_upper(code) || is_lower(code) || is_title(code);
}

template <bool (*holds)(CodePoint)>
bool all_are(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (!holds(next_code_point(text, at))) return false;
  }
  return true;
}

template <bool (*holds)(CodePoint)>
bool some_and_all_are(std::string_view text) {
  return !text.empty() && all_are<holds>(text);
}

// Every letter with a case has this one, and there is one.
template <bool (*holds)(CodePoint)>
bool has_case(std::string_view text) {
  bool found = false;
  for (size_t at = 0; at < text.size();) {
    const CodePoint code = next_code_point(text, at);
    if (!is_cased(code)) continue;
    if (!holds(code)) return false;
    found = true;
  }
  return found;
}

bool is_title_text(std::string_view text) {
  bool found = false;
  bool in_word = false;
  for (size_t at = 0; at < text.size();) {
    const CodePoint code = next_code_point(text, at);
    if (is_cased(code) && is_lower(code) != in_word) return false;
    in_word = is_cased(code);
    found = found || in_word;
  }
  return found;
}

bool is_ascii(CodePoint code) {
  return code < 0x80;
}

bool is_identifier(std::string_view text) {
  size_t at = 0;
  return !text.empty() && is_name_start(next_code_point(text, at)) &&
         all_are<is_name_part>(text.substr(at));
}

template <bool (*holds)(std::string_view)>
Value test(Runtime& run, const Value& self, Arguments& arguments) {
  match_none("method", arguments);
  run.step_bytes(self.text()->bytes.size());
  return Value(holds(self.text()->bytes));
}

}  // namespace

bool is_upper_text(std::string_view text) {
  return has_case<is_upper>(text);
}
bool is_lower_text(std::string_view text) {
  return has_case<is_lower>(text);
}

Function::Body find_text_test(std::string_view name) {
  static const std::unordered_map<std::string_view, Function::Body> kTests = {
      {"isalnum", test<some_and_all_are<is_alnum>>},
      {"isalpha", test<some_and_all_are<is_alpha>>},
      {"isascii", test<all_are<is_ascii>>},
      {"isdecimal", test<some_and_all_are<is_decimal>>},
      {"isdigit", test<some_and_all_are<is_digit>>},
      {"isidentifier", test<is_identifier>},
      {"islower", test<is_lower_text>},
      {"isnumeric", test<some_and_all_are<is_numeric>>},
      {"isprintable", test<all_are<is_printable>>},
      {"isspace", test<some_and_all_are<is_space>>},
      {"istitle", test<is_title_text>},
      {"isupper", test<is_upper_text>}};
  const auto found = kTests.find(name);
  return found == kTests.end() ? nullptr : found->second;
}

}  // namespace lapidary::tokenizer::jinja
