#include "rl/env/retool_parser.h"

#include <optional>

#include "rl/text/python_json.h"
#include "rl/text/python_text.h"

namespace lapidary::rl {

namespace {

constexpr TextView kAnswer = U"Answer:";
constexpr TextView kBox = U"\\boxed{";
constexpr TextView kCallOpen = U"<tool_call>";
constexpr TextView kCallClose = U"</tool_call>";
constexpr TextView kCodeOpen = U"<code>";
constexpr TextView kCodeClose = U"</code>";
constexpr TextView kFenceOpen = U"```python";
constexpr TextView kFenceClose = U"```";
constexpr TextView kThoughtClose = U"<channel|>";

// [begin, end) of a whole match, and of what it holds.
struct Match {
  size_t begin = 0;
  size_t end = 0;
  TextView content;
};

// Behind the box whose content begins at `at`, or npos: characters that are no braces, and pairs of
// braces that hold none.
size_t end_of_box(TextView text, size_t at) {
  while (at < text.size() && text[at] != U'}') {
    if (text[at] == U'{') {
      at = text.find_first_of(U"{}", at + 1);
      if (at == TextView::npos || text[at] == U'{') {
        return TextView::npos;
      }
    }
    ++at;
  }
  return at < text.size() ? at + 1 : TextView::npos;
}

std::optional<Match> find_answer(TextView text, size_t from) {
  for (size_t at = text.find(kAnswer, from); at != TextView::npos;
       at = text.find(kAnswer, at + 1)) {
    const size_t box = skip_spaces(text, at + kAnswer.size());
    if (!text.substr(box).starts_with(kBox)) {
      continue;
    }
    const size_t content = box + kBox.size();
    const size_t end = end_of_box(text, content);
    if (end != TextView::npos) {
      return Match{at, end, text.substr(content, end - 1 - content)};
    }
  }
  return std::nullopt;
}

// "<tool_call>", "{", anything, "}", "</tool_call>", spaces around the braces; the shortest.
std::optional<Match> find_call(TextView text, size_t from) {
  for (size_t at = text.find(kCallOpen, from); at != TextView::npos;
       at = text.find(kCallOpen, at + 1)) {
    const size_t content = skip_spaces(text, at + kCallOpen.size());
    if (content == text.size() || text[content] != U'{') {
      continue;
    }
    for (size_t close = text.find(kCallClose, content); close != TextView::npos;
         close = text.find(kCallClose, close + 1)) {
      const TextView inside = strip(text.substr(content, close - content));
      if (inside.size() > 1 && inside.back() == U'}') {
        return Match{at, close + kCallClose.size(), inside};
      }
    }
  }
  return std::nullopt;
}

std::optional<Match> find_between(TextView text, TextView open, TextView close, size_t from) {
  const size_t at = text.find(open, from);
  if (at == TextView::npos) {
    return std::nullopt;
  }
  const size_t content = at + open.size();
  const size_t end = text.find(close, content);
  if (end == TextView::npos) {
    return std::nullopt;
  }
  return Match{at, end + close.size(), text.substr(content, end - content)};
}

std::optional<Match> find_code(TextView text, size_t from) {
  return find_between(text, kCodeOpen, kCodeClose, from);
}

std::optional<Match> find_fence(TextView text, size_t from) {
  return find_between(text, kFenceOpen, kFenceClose, from);
}

// The code of a call of code_interpreter, or none.
std::optional<std::string> called_code(TextView json, const RetoolParserOptions& options) {
  std::optional<Json> call = parse_python_json(encode_utf8(replace_all(json, U"\n", U"\\n")));
  if (!call && options.call_layout == RetoolParserOptions::CallLayout::kAnyLayout) {
    call = parse_python_json(encode_utf8(json));
  }
  if (!call || !call->is_object() || !call->contains("name") || !call->contains("arguments") ||
      (*call)["name"] != "code_interpreter") {
    return std::nullopt;
  }
  const Json& arguments = (*call)["arguments"];
  if (!arguments.is_object() || !arguments.contains("code") || !arguments["code"].is_string()) {
    return std::nullopt;
  }
  auto code = arguments["code"].get<std::string>();
  if (strip(decode_utf8(code)).empty()) {
    return std::nullopt;
  }
  return code;
}

// The end of the last of all matches, from left to right without overlap; 0 for none.
template <typename Find>
size_t end_of_last(TextView text, const Find& find) {
  size_t end = 0;
  for (auto match = find(text, 0); match; match = find(text, match->end)) {
    end = match->end;
  }
  return end;
}

}  // namespace

TurnAction parse_retool_turn(std::string_view bytes, const RetoolParserOptions& options) {
  const Text whole = decode_utf8(bytes);
  TextView text = whole;
  if (options.judged == RetoolParserOptions::Judged::kAfterThought) {
    const size_t close = text.rfind(kThoughtClose);
    if (close != TextView::npos) {
      text.remove_prefix(close + kThoughtClose.size());
    }
  }
  if (const auto answer = find_answer(text, 0)) {
    return {TurnAction::Kind::kAnswer, encode_utf8(strip(answer->content))};
  }
  if (const auto call = find_call(text, 0)) {
    if (auto code = called_code(call->content, options)) {
      return {TurnAction::Kind::kCode, *std::move(code)};
    }
  }
  if (const auto code = find_code(text, 0)) {
    return {TurnAction::Kind::kCode, encode_utf8(strip(code->content))};
  }
  if (const auto fence = find_fence(text, 0)) {
    return {TurnAction::Kind::kCode, encode_utf8(strip(fence->content))};
  }
  return {};
}

std::string cut_after_last_tag(std::string_view bytes) {
  const Text text = decode_utf8(bytes);
  size_t end = 0;
  if (contains(text, kCallOpen)) {
    end = end_of_last(text, find_call);
  }
  if (end == 0 && contains(text, kCodeClose)) {
    end = text.find(kCodeClose) + kCodeClose.size();
  }
  if (end == 0 && contains(text, kFenceOpen)) {
    end = end_of_last(text, find_fence);
  }
  if (end == 0 && contains(text, kAnswer) && contains(text, kBox)) {
    end = end_of_last(text, find_answer);
  }
  return end == 0 ? std::string(bytes) : encode_utf8(TextView(text).substr(0, end));
}

}  // namespace lapidary::rl
