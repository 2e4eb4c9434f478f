// Gemma 4's own form of a tool call.
#include <algorithm>

#include "tokenizer/tool_call_parser_blocks.h"

namespace lapidary::tokenizer {
namespace {

constexpr std::string_view kPrefix = "call:";
constexpr std::string_view kEndMarker = "<tool_call|>";
constexpr std::string_view kQuote = "<|\"|>";

class Gemma4Reader {
 public:
  Gemma4Reader(std::string_view text, size_t at) : text_(text), at_(at) {}

  ToolCall run() {
    read_prefix();
    ToolCall call;
    call.name = read_name();
    call.arguments = read_object(1);
    skip_space();
    if (!take(kEndMarker)) fail(ToolCallFault::kNoEndMarker);
    return call;
  }
  size_t at() const { return at_; }

 private:
  [[noreturn]] void fail(ToolCallFault fault) const { throw ToolCallFailure{fault, at_}; }
  bool is_at_end() const { return at_ == text_.size(); }
  std::string_view rest() const { return text_.substr(at_); }
  bool take(std::string_view wanted) {
    if (!rest().starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }
  void skip_space() {
    while (!is_at_end() && is_tool_call_space(text_[at_])) ++at_;
  }
  void require_more() const {
    if (is_at_end()) fail(ToolCallFault::kUnterminated);
  }

  void read_prefix() {
    if (take(kPrefix)) return;
    fail(kPrefix.starts_with(rest()) ? ToolCallFault::kUnterminated : ToolCallFault::kNoCallPrefix);
  }

  std::string read_name() {
    const size_t start = at_;
    while (!is_at_end() && is_tool_name_character(text_[at_])) ++at_;
    require_more();
    if (at_ > start && rest().starts_with(kEndMarker)) fail(ToolCallFault::kNoArguments);
    if (at_ == start || text_[at_] != '{') fail(ToolCallFault::kBadName);
    return std::string(text_.substr(start, at_ - start));
  }

  // At its opening brace.
  Json read_object(int depth) {
    enter(depth);
    ObjectBuilder object;
    skip_space();
    require_more();
    if (take("}")) return object.take();
    while (true) {
      skip_space();
      std::string key = read_key();
      if (object.has(key)) fail(ToolCallFault::kDuplicateKey);
      object.add(std::move(key), read_value(depth));
      if (is_closed_by('}')) return object.take();
    }
  }

  Json read_list(int depth) {
    enter(depth);
    Json list = Json::array();
    skip_space();
    require_more();
    if (take("]")) return list;
    while (true) {
      list.push_back(read_value(depth));
      if (is_closed_by(']')) return list;
    }
  }

  void enter(int depth) {
    if (depth > kMaxToolCallDepth) fail(ToolCallFault::kTooDeep);
    ++at_;
  }

  // Behind a value: takes the closing bracket, or the comma before the next value.
  bool is_closed_by(char bracket) {
    skip_space();
    require_more();
    if (text_[at_] != bracket && text_[at_] != ',') fail(ToolCallFault::kBadSeparator);
    return text_[at_++] == bracket;
  }

  // The key and the colon behind it.
  std::string read_key() {
    require_more();
    std::string key = rest().starts_with(kQuote) ? read_string() : read_bare_key();
    skip_space();
    require_more();
    if (!take(":")) fail(ToolCallFault::kBadKey);
    return key;
  }

  std::string read_bare_key() {
    constexpr std::string_view kStops = ":,{}[]<\"";
    const size_t start = at_;
    at_ = std::min(text_.find_first_of(kStops, at_), text_.size());
    size_t end = at_;
    while (end > start && is_tool_call_space(text_[end - 1])) --end;
    const std::string_view key = text_.substr(start, end - start);
    if (key.find_first_of("\r\n") != std::string_view::npos) fail(ToolCallFault::kBadKey);
    require_more();
    if (key.empty() || text_[at_] != ':') fail(ToolCallFault::kBadKey);
    return std::string(key);
  }

  std::string read_string() {
    const size_t start = at_ + kQuote.size();
    const size_t end = text_.find(kQuote, start);
    if (end == std::string_view::npos) {
      at_ = text_.size();
      fail(ToolCallFault::kUnterminatedString);
    }
    at_ = end + kQuote.size();
    return std::string(text_.substr(start, end - start));
  }

  Json read_value(int depth) {
    skip_space();
    require_more();
    if (rest().starts_with(kQuote)) return Json(read_string());
    if (text_[at_] == '{') return read_object(depth + 1);
    if (text_[at_] == '[') return read_list(depth + 1);
    return read_word();
  }

  // A literal or a number, up to what can follow one.
  Json read_word() {
    const size_t start = at_;
    while (!is_at_end() && !is_tool_call_space(text_[at_]) &&
           std::string_view(",]}<").find(text_[at_]) == std::string_view::npos) {
      ++at_;
    }
    require_more();
    const std::string_view word = text_.substr(start, at_ - start);
    if (word == "true") return Json(true);
    if (word == "false") return Json(false);
    if (word == "null") return Json(nullptr);
    auto number = number_of(word);
    if (!number) {
      at_ = start;
      fail(ToolCallFault::kBadValue);
    }
    return std::move(*number);
  }

  std::string_view text_;
  size_t at_;
};

}  // namespace

ToolCall read_gemma4_block(std::string_view text, size_t& at) {
  Gemma4Reader reader(text, at);
  ToolCall call = reader.run();
  at = reader.at();
  return call;
}

}  // namespace lapidary::tokenizer
