#include "tokenizer/tool_call_parser.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "tokenizer/tool_call_parser_blocks.h"

namespace lapidary::tokenizer {
namespace {

constexpr std::string_view kThoughtStart = "<|channel>";
constexpr std::string_view kThoughtEnd = "<channel|>";

// The places of one marker in a text, found once each as the reader moves on.
class MarkerFinder {
 public:
  MarkerFinder(std::string_view text, std::string_view marker) : text_(text), marker_(marker) {}
  // At or behind `from`, which never decreases; npos where there is none.
  size_t next(size_t from) {
    if (is_known_ && found_ >= from) return found_;
    is_known_ = true;
    found_ = text_.find(marker_, from);
    return found_;
  }

 private:
  std::string_view text_;
  std::string_view marker_;
  bool is_known_ = false;
  size_t found_ = 0;
};

void read_blocks(std::string_view text, ToolCallFormat format, ToolCallsInThought in_thought,
                 ParsedToolCalls& out) {
  const bool is_gemma4 = format == ToolCallFormat::kGemma4;
  const std::string_view start = is_gemma4 ? "<|tool_call>" : "<tool_call>";
  MarkerFinder starts(text, start);
  MarkerFinder thoughts(text, kThoughtStart);
  size_t kept = 0;  // up to where the text has been taken over
  size_t at = 0;
  while (true) {
    const size_t block = starts.next(at);
    if (block == std::string_view::npos) break;
    const size_t thought =
        in_thought == ToolCallsInThought::kSkip ? thoughts.next(at) : std::string_view::npos;
    if (thought < block) {
      const size_t end = text.find(kThoughtEnd, thought);
      if (end == std::string_view::npos) break;
      at = end + kThoughtEnd.size();
      continue;
    }
    out.remaining += text.substr(kept, block - kept);
    at = block + start.size();
    out.calls.push_back(is_gemma4 ? read_gemma4_block(text, at) : read_json_block(text, at));
    kept = at;
  }
  out.remaining += text.substr(kept);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Whether `text` is a JSON number, and whether it is written without fraction and exponent.
bool is_json_number(std::string_view text, bool& is_whole) {
  size_t at = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const size_t start = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - start;
  };
  const bool begins_with_zero = at < text.size() && text[at] == '0';
  const size_t whole = digits();
  if (whole == 0 || (begins_with_zero && whole > 1)) return false;
  is_whole = at == text.size();
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

}  // namespace

std::string_view to_string(ToolCallFault fault) {
  constexpr std::string_view kNames[] = {"no_call_prefix", "no_args",      "bad_name",
                                         "bad_key",        "bad_value",    "bad_separator",
                                         "bad_json",       "not_object",   "bad_arguments",
                                         "duplicate_key",  "too_deep",     "unterminated_string",
                                         "unterminated",   "no_end_marker"};
  return kNames[static_cast<size_t>(fault)];
}

bool is_tool_name_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
         c == '-';
}

bool is_tool_call_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::optional<Json> number_of(std::string_view text) {
  bool is_whole = false;
  if (!is_json_number(text, is_whole)) return std::nullopt;
  const char* begin = text.data();
  const char* end = begin + text.size();
  if (is_whole) {
    int64_t number = 0;
    if (std::from_chars(begin, end, number).ec == std::errc()) return Json(number);
    uint64_t large = 0;
    if (std::from_chars(begin, end, large).ec == std::errc()) return Json(large);
  }
  double number = 0;
  const auto result = std::from_chars(begin, end, number);
  if (result.ec == std::errc::result_out_of_range)
    number = std::strtod(std::string(text).c_str(), nullptr);
  if (!std::isfinite(number)) return std::nullopt;
  return Json(number);
}

void ObjectBuilder::add(std::string key, Json value) {
  keys_.insert(key);
  object_.get_ref<Json::object_t&>().emplace_back(std::move(key), std::move(value));
}

ParsedToolCalls parse_tool_calls(std::string_view text, ToolCallFormat format,
                                 ToolCallsInThought in_thought) {
  ParsedToolCalls out;
  try {
    read_blocks(text, format, in_thought, out);
  } catch (const ToolCallFailure& failure) {
    out.calls.clear();
    out.remaining = text;
    out.fault = failure.fault;
    out.fault_at = failure.at;
  }
  return out;
}

}  // namespace lapidary::tokenizer
