// The JSON form of a tool call. An own reader, since models write raw newlines into strings and the
// kind of a fault matters.
#include <algorithm>

#include "tokenizer/tool_call_parser_blocks.h"
#include "tokenizer/utf8.h"

namespace lapidary::tokenizer {
namespace {

constexpr std::string_view kEndMarker = "</tool_call>";

// JSON, except that control characters may stand raw in strings.
class JsonReader {
 public:
  JsonReader(std::string_view text, size_t at) : text_(text), at_(at) {}

  Json read_value(int depth) {
    skip_space();
    require_more();
    switch (text_[at_]) {
      case '{':
        return read_object(depth + 1);
      case '[':
        return read_list(depth + 1);
      case '"':
        return Json(read_string());
      default:
        return read_word();
    }
  }
  void skip_space() {
    while (!is_at_end() && is_tool_call_space(text_[at_])) ++at_;
  }
  bool is_at_end() const { return at_ == text_.size(); }
  size_t at() const { return at_; }

 private:
  [[noreturn]] void fail(ToolCallFault fault) const { throw ToolCallFailure{fault, at_}; }
  void require_more() const {
    if (is_at_end()) fail(ToolCallFault::kUnterminated);
  }
  void require_more_string() const {
    if (is_at_end()) fail(ToolCallFault::kUnterminatedString);
  }
  bool take(char wanted) {
    if (is_at_end() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  void enter(int depth) {
    if (depth > kMaxToolCallDepth) fail(ToolCallFault::kTooDeep);
    ++at_;
    skip_space();
    require_more();
  }

  Json read_object(int depth) {
    enter(depth);
    ObjectBuilder object;
    if (take('}')) return object.take();
    while (true) {
      skip_space();
      require_more();
      if (text_[at_] != '"') fail(ToolCallFault::kBadJson);
      std::string key = read_string();
      skip_space();
      require_more();
      if (!take(':')) fail(ToolCallFault::kBadJson);
      if (object.has(key)) fail(ToolCallFault::kDuplicateKey);
      object.add(std::move(key), read_value(depth));
      if (is_closed_by('}')) return object.take();
    }
  }

  Json read_list(int depth) {
    enter(depth);
    Json list = Json::array();
    if (take(']')) return list;
    while (true) {
      list.push_back(read_value(depth));
      if (is_closed_by(']')) return list;
    }
  }

  bool is_closed_by(char bracket) {
    skip_space();
    require_more();
    if (take(bracket)) return true;
    if (!take(',')) fail(ToolCallFault::kBadJson);
    return false;
  }

  std::string read_string() {
    ++at_;
    std::string out;
    while (true) {
      const size_t stop = std::min(text_.find_first_of("\"\\", at_), text_.size());
      out += text_.substr(at_, stop - at_);
      at_ = stop;
      require_more_string();
      if (take('"')) return out;
      ++at_;
      read_escape(out);
    }
  }

  void read_escape(std::string& out) {
    require_more_string();
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    const char name = text_[at_];
    if (name == 'u') {
      ++at_;
      append_code_point(out, read_code_point());
      return;
    }
    const size_t known = kNames.find(name);
    if (known == std::string_view::npos) fail(ToolCallFault::kBadJson);
    out += kValues[known];
    ++at_;
  }

  // Behind "\u": one code point, of two escapes if they are surrogates.
  uint32_t read_code_point() {
    const uint32_t first = read_hexadecimal();
    if (first >= 0xDC00 && first < 0xE000) fail(ToolCallFault::kBadJson);
    if (first < 0xD800 || first >= 0xE000) return first;
    require_more_string();
    if (!take('\\')) fail(ToolCallFault::kBadJson);
    require_more_string();
    if (!take('u')) fail(ToolCallFault::kBadJson);
    const uint32_t second = read_hexadecimal();
    if (second < 0xDC00 || second >= 0xE000) fail(ToolCallFault::kBadJson);
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
  }

  uint32_t read_hexadecimal() {
    uint32_t out = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      require_more_string();
      const char c = text_[at_];
      const char lower = static_cast<char>(c | 0x20);
      if (c >= '0' && c <= '9') {
        out = out * 16 + static_cast<uint32_t>(c - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        out = out * 16 + static_cast<uint32_t>(lower - 'a' + 10);
      } else {
        fail(ToolCallFault::kBadJson);
      }
    }
    return out;
  }

  Json read_word() {
    constexpr std::string_view kEnds = ",]}:\"[{<";
    const size_t start = at_;
    while (!is_at_end() && !is_tool_call_space(text_[at_]) &&
           kEnds.find(text_[at_]) == std::string_view::npos) {
      ++at_;
    }
    const std::string_view word = text_.substr(start, at_ - start);
    if (word == "true") return Json(true);
    if (word == "false") return Json(false);
    if (word == "null") return Json(nullptr);
    if (auto number = number_of(word)) return std::move(*number);
    if (is_at_end() && may_go_on(word)) fail(ToolCallFault::kUnterminated);
    at_ = start;
    fail(ToolCallFault::kBadJson);
  }

  // Whether the text was cut in a literal or number.
  static bool may_go_on(std::string_view word) {
    for (const std::string_view literal : {"true", "false", "null"}) {
      if (literal.starts_with(word)) return true;
    }
    return number_of(std::string(word) + "0").has_value();
  }

  std::string_view text_;
  size_t at_;
};

bool is_tool_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_tool_name_character);
}

// The object that a string of JSON holds; nothing for another string.
std::optional<Json> object_in(const std::string& text) {
  try {
    JsonReader reader(text, 0);
    Json value = reader.read_value(0);
    reader.skip_space();
    if (!reader.is_at_end() || !value.is_object()) return std::nullopt;
    return value;
  } catch (const ToolCallFailure&) {
    return std::nullopt;
  }
}

}  // namespace

ToolCall read_json_block(std::string_view text, size_t& at) {
  const size_t start = at;
  JsonReader reader(text, at);
  Json value = reader.read_value(0);
  reader.skip_space();
  at = reader.at();
  if (!text.substr(at).starts_with(kEndMarker)) {
    throw ToolCallFailure{ToolCallFault::kNoEndMarker, at};
  }
  at += kEndMarker.size();
  if (!value.is_object()) throw ToolCallFailure{ToolCallFault::kNotObject, start};
  const auto name = value.find("name");
  if (name == value.end() || !name->is_string() || !is_tool_name(name->get<std::string>())) {
    throw ToolCallFailure{ToolCallFault::kBadName, start};
  }
  const auto arguments = value.find("arguments");
  std::optional<Json> object;
  if (arguments != value.end() && arguments->is_object()) object = std::move(*arguments);
  if (arguments != value.end() && arguments->is_string()) {
    object = object_in(arguments->get<std::string>());
  }
  if (!object) throw ToolCallFailure{ToolCallFault::kBadArguments, start};
  return {name->get<std::string>(), std::move(*object)};
}

}  // namespace lapidary::tokenizer
