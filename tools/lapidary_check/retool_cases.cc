#include "base/check.h"
#include "lapidary_check/case_values.h"
#include "lapidary_check/checks.h"
#include "rl/env/retool.h"
#include "rl/text/python_text.h"

namespace lapidary::check {

namespace {

// One token a code point.
rl::TextCodec toy_codec() {
  rl::TextCodec codec;
  codec.encode = [](const std::string& text) {
    const rl::Text codes = rl::decode_utf8(text);
    return std::vector<int64_t>(codes.begin(), codes.end());
  };
  codec.decode = [](std::span<const int64_t> tokens) {
    return rl::encode_utf8(rl::Text(tokens.begin(), tokens.end()));
  };
  return codec;
}

Json parse(const JsonObject& input) {
  const std::string text = input.get_string("text");
  const rl::TurnAction action = rl::parse_retool_turn(text);
  Json kind;
  if (action.kind != rl::TurnAction::Kind::kNone) {
    kind = action.kind == rl::TurnAction::Kind::kAnswer ? "answer" : "code";
  }
  return Json{{"action", kind},
              {"content", action.content},
              {"postprocessed", rl::cut_after_last_tag(text)}};
}

rl::EpisodeLimits roomy() {
  rl::EpisodeLimits limits;
  limits.max_context_tokens = 1 << 20;
  return limits;
}

// What a turn with this text makes of a tool that answers with `output`.
Json observation(const JsonObject& input) {
  rl::RetoolEpisode episode({}, roomy(), toy_codec());
  episode.begin();
  rl::GeneratedTurn turn;
  turn.tokens = toy_codec().encode(input.get_string("text"));
  turn.log_probs.resize(turn.tokens.size());
  const rl::Step step = episode.model_turn(turn);
  Json code;
  if (step.kind == rl::Step::Kind::kCallTools) {
    code = step.calls[0].arguments["code"];
    episode.tool_results({input.get_string("tool_output")});
  }
  const rl::Turn& last = episode.trajectory().turns.back();
  return Json{{"observation", last.author == rl::Author::kEnvironment ? last.text : ""},
              {"done", episode.is_done()},
              {"executed_code", code}};
}

// The scripted engine and tool of the cases; what they were asked.
class Script {
 public:
  explicit Script(const JsonObject& input) : input_(input) {}

  rl::GeneratedTurn generate(Dim input_tokens, Dim max_new_tokens) {
    requests_.push_back(Json{{"input_tokens", input_tokens}, {"max_new_tokens", max_new_tokens}});
    const Json& turns = input_.at("turns");
    const Json& given = element(turns, std::min(requests_.size(), turns.size()) - 1);
    rl::GeneratedTurn turn;
    turn.tokens = toy_codec().encode(given.at("text").get<std::string>());
    const std::string finish = given.value("finish", "stop");
    turn.end = finish == "abort"    ? rl::TurnEnd::kAbort
               : finish == "length" ? rl::TurnEnd::kLength
                                    : rl::TurnEnd::kStop;
    if (static_cast<Dim>(turn.tokens.size()) > max_new_tokens) {
      turn.tokens.resize(static_cast<size_t>(max_new_tokens));
      turn.end = rl::TurnEnd::kLength;
    }
    if (!given.value("no_logprobs", false)) {
      turn.log_probs.assign(turn.tokens.size(), -0.25F);
    }
    return turn;
  }

  std::vector<std::string> run(const std::vector<rl::ToolCall>& calls) {
    std::vector<std::string> outputs;
    for (const rl::ToolCall& call : calls) {
      const std::vector<std::string> scripted = input_.get_strings("tool_outputs");
      outputs.push_back(scripted.empty() ? "" : scripted[executed_.size() % scripted.size()]);
      executed_.push_back(call.arguments.at("code"));
    }
    return outputs;
  }

  const Json& requests() const { return requests_; }
  const Json& executed() const { return executed_; }

 private:
  JsonObject input_;
  Json requests_ = Json::array();
  Json executed_ = Json::array();
};

template <typename Value>
Json run_lengths(const std::vector<Value>& values) {
  Json runs = Json::array();
  for (const Value value : values) {
    if (runs.empty() || runs.back()[0] != Json(value)) {
      runs.push_back(Json::array({value, 0}));
    }
    runs.back()[1] = runs.back()[1].template get<Dim>() + 1;
  }
  return runs;
}

Json segments(const rl::Trajectory& trajectory) {
  Json list = Json::array();
  for (const rl::Turn& turn : trajectory.turns) {
    const bool is_model = turn.author == rl::Author::kModel;
    Json segment{{"mask", is_model ? 1 : 0}};
    if (!is_model && !turn.text.empty() &&
        std::string(rl::kInvalidActionObservation).starts_with(turn.text)) {
      segment["observation"] = "invalid_action";
      segment["length"] = turn.tokens.size();
    } else {
      segment["text"] = turn.text;
    }
    list.push_back(segment);
  }
  return list;
}

Json aborted_result(const rl::Trajectory& trajectory, const Script& script, bool is_stock) {
  // The sample is asked again from its prompt; what the reference leaves in it is its own.
  return Json{
      {"status", "aborted"},
      {"response_length", is_stock ? trajectory.response_length() : 0},
      {"tool_call_count", nullptr},
      {"requests", script.requests()},
      {"executed_code", script.executed()},
      {"note", "aborted samples go back to the prompt buffer; the partial fields are not used"}};
}

Json episode_result(const JsonObject& input, rl::RetoolOptions::Variant variant) {
  const bool is_stock = variant == rl::RetoolOptions::Variant::kStock;
  const Dim prompt_length = input.get_int("prompt_length");
  rl::EpisodeLimits limits;
  limits.max_context_tokens =
      input.has("rollout_max_context_len")
          ? input.get_int("rollout_max_context_len")
          : input.get_int("context_parallel_size") * input.get_int("max_tokens_per_gpu");
  limits.max_response_tokens = input.get_int_or("rollout_max_response_len", 0);
  rl::RetoolOptions options;
  options.variant = variant;
  rl::RetoolEpisode episode(std::vector<int64_t>(static_cast<size_t>(prompt_length), 'p'), limits,
                            toy_codec(), options);
  Script script(input);
  rl::Step step = episode.begin();
  while (step.kind != rl::Step::Kind::kDone) {
    step = step.kind == rl::Step::Kind::kGenerate
               ? episode.model_turn(script.generate(episode.num_tokens(), step.max_new_tokens))
               : episode.tool_results(script.run(step.calls));
  }
  const rl::Trajectory& found = episode.trajectory();
  if (found.status == rl::Status::kAborted) {
    return aborted_result(found, script, is_stock);
  }
  Json result{{"status", rl::to_string(found.status)},
              {"response_length", found.response_length()},
              {"tool_call_count", found.tool_calls},
              {"requests", script.requests()},
              {"executed_code", script.executed()},
              {"segments", segments(found)},
              {"loss_mask_rle", run_lengths(found.loss_mask())},
              {"rollout_log_probs_rle", Json()},
              {"response_text_equals_tokens",
               toy_codec().decode(found.response_tokens()) == found.response_text()}};
  if (!found.turns.empty()) {
    result["rollout_log_probs_rle"] = run_lengths(found.response_log_probs());
  } else if (!is_stock) {
    result["error"] = "UnboundLocalError";  // the reference reads a request that was never made
  }
  return result;
}

Json episode(const JsonObject& input) {
  return Json{{"retool", episode_result(input, rl::RetoolOptions::Variant::kStock)},
              {"retool_gemma4", episode_result(input, rl::RetoolOptions::Variant::kGemma4)}};
}

Json prompt_messages(const Json& input) {
  const Json tools = Json::array({rl::code_interpreter_declaration()});
  Json messages;
  try {
    messages = rl::retool_messages(input.at("prompt"), tools);
  } catch (const Error& error) {
    return refusal("TypeError", error);
  }
  if (messages[0]["content"] == rl::retool_system_text(tools)) {
    messages[0]["content"] = "<tool system prompt>";
  }
  return Json{{"messages", messages},
              {"template_arguments",
               {{"tokenize", false}, {"add_generation_prompt", true}, {"enable_thinking", true}}}};
}

}  // namespace

Json evaluate_retool_parse(const JsonObject& test_case) {
  const std::string kind = test_case.get_string("kind");
  if (kind == "parse") {
    return parse(test_case.get_object("input"));
  }
  if (kind == "observation") {
    return observation(test_case.get_object("input"));
  }
  fail(ErrorKind::kUnsupported, "retool-parse has no case of the kind ", kind);
}

Json evaluate_retool_episode(const JsonObject& test_case) {
  const std::string kind = test_case.get_string("kind");
  if (kind == "episode") {
    return episode(test_case.get_object("input"));
  }
  if (kind == "prompt_messages") {
    return prompt_messages(test_case.at("input"));
  }
  fail(ErrorKind::kUnsupported, "retool-episode has no case of the kind ", kind);
}

}  // namespace lapidary::check
