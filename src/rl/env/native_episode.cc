#include "rl/env/native_episode.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "rl/env/tool_arguments.h"
#include "tokenizer/tool_call_parser.h"

namespace lapidary::rl {

namespace {

constexpr std::array<std::string_view, 2> kTurnEnds = {"<turn|>", "<eos>"};
// The name under which a call is answered that has none that could be read.
constexpr const char* kUnreadable = "unknown";

bool is_closed(std::string_view turn) {
  return std::any_of(kTurnEnds.begin(), kTurnEnds.end(),
                     [turn](std::string_view end) { return turn.ends_with(end); });
}

std::string fault_text(const tokenizer::ParsedToolCalls& parsed) {
  return cat("Error: the tool call could not be read: ", to_string(*parsed.fault), " at byte ",
             parsed.fault_at, " of the turn");
}

}  // namespace

NativeToolEpisode::NativeToolEpisode(std::vector<int64_t> prompt_tokens,
                                     const EpisodeLimits& limits, TextCodec codec,
                                     const ToolResponseTexts& texts, const Json& tools)
    : Episode(std::move(prompt_tokens), limits, std::move(codec)), texts_(texts), tools_(tools) {}

Step NativeToolEpisode::judge(const Turn& turn) {
  const tokenizer::ParsedToolCalls parsed =
      tokenizer::parse_tool_calls(turn.text, tokenizer::ToolCallFormat::kGemma4);
  written_bytes_ = texts_.written_bytes(turn.text);
  const bool has_calls = parsed.fault || !parsed.calls.empty();
  if (!has_calls || (written_bytes_ == 0 && is_closed(turn.text))) {
    return finish(Status::kCompleted);
  }
  calls_.clear();
  outputs_.clear();
  if (parsed.fault) {
    calls_.push_back({kUnreadable, Json::object()});
    outputs_.emplace_back(fault_text(parsed));
    return observe_outputs();
  }
  Step step;
  step.kind = Step::Kind::kCallTools;
  Dim calls_left = limits().max_tool_calls - trajectory().tool_calls;
  for (const tokenizer::ToolCall& call : parsed.calls) {
    calls_.push_back({call.name, call.arguments});
    outputs_.push_back(call_problem(tools_, calls_.back()));
    if (calls_left-- <= 0) {
      outputs_.back() = cat("Error: no more than ", limits().max_tool_calls, " calls are allowed");
    }
    if (!outputs_.back()) {
      step.calls.push_back(calls_.back());
    }
  }
  count_tool_calls(static_cast<Dim>(calls_.size()));
  return step.calls.empty() ? observe_outputs() : step;
}

Step NativeToolEpisode::resume(const std::vector<std::string>& outputs) {
  size_t next = 0;
  for (std::optional<std::string>& output : outputs_) {
    if (!output) {
      LAPIDARY_CHECK(next < outputs.size(), "a call without a result");
      output = outputs[next++];
    }
  }
  LAPIDARY_CHECK(next == outputs.size(), next, " calls have ", outputs.size(), " results");
  return observe_outputs();
}

Step NativeToolEpisode::observe_outputs() {
  std::vector<std::string> outputs;
  for (std::optional<std::string>& output : outputs_) {
    outputs.push_back(std::move(*output));
  }
  return observe(texts_.after_calls(calls_, outputs).substr(written_bytes_));
}

}  // namespace lapidary::rl
