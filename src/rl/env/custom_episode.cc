#include "rl/env/custom_episode.h"

#include "base/check.h"

namespace lapidary::rl {

namespace {

constexpr size_t kShownBytes = 200;

std::string shown(const Json& value) {
  const std::string text = dump_json(value);
  return lapidary::quoted(text.size() > kShownBytes ? text.substr(0, kShownBytes) + ".." : text);
}

// What is wrong with an object that a step function returned, or "".
std::string object_problem(const Json& value) {
  for (const auto& item : value.items()) {
    const std::string& key = item.key();
    const Json& found = item.value();
    const bool is_known = (key == "observation" && (found.is_string() || found.is_null())) ||
                          (key == "done" && found.is_boolean()) ||
                          (key == "tool_calls" && found.is_number_unsigned()) ||
                          (key == "status" && (found == "completed" || found == "truncated"));
    if (!is_known) {
      return cat("\"", key, "\": ", shown(found));
    }
  }
  return "";
}

}  // namespace

CustomEpisode::CustomEpisode(std::vector<int64_t> prompt_tokens, const EpisodeLimits& limits,
                             TextCodec codec, Prompt prompt)
    : Episode(std::move(prompt_tokens), limits, std::move(codec)), prompt_(std::move(prompt)) {}

Step CustomEpisode::judge(const Turn&) {
  Json turns = Json::array();
  for (const Turn& turn : trajectory().turns) {
    turns.push_back(Json{{"author", turn.author == Author::kModel ? "model" : "environment"},
                         {"text", turn.text}});
  }
  Step step;
  step.kind = Step::Kind::kCallTools;
  step.calls.push_back({kCustomStep, Json{{"state",
                                           {{"prompt", prompt_.content},
                                            {"label", prompt_.label},
                                            {"metadata", prompt_.metadata},
                                            {"turns", std::move(turns)},
                                            {"response", trajectory().response_text()}}}}});
  return step;
}

Step CustomEpisode::resume(const std::vector<std::string>& outputs) {
  LAPIDARY_CHECK(outputs.size() == 1, "one call has ", outputs.size(), " results");
  const Json result = parse_json(outputs[0], "the result of the step function");
  if (result.contains("error")) {
    return fail_episode(cat("the step function failed: ", result["error"].get<std::string>()));
  }
  return obey(result.at("value"));
}

Step CustomEpisode::obey(const Json& value) {
  if (value.is_null()) {
    return finish(Status::kCompleted);
  }
  if (value.is_string()) {
    return observe(value.get<std::string>());
  }
  const std::string problem = value.is_object() ? object_problem(value) : shown(value);
  if (!problem.empty()) {
    return fail_episode(
        cat("the step function returned ", problem,
            "; allowed are None, a text, or {\"observation\": text, \"done\": bool, "
            "\"tool_calls\": count, \"status\": \"completed\" or \"truncated\"}"));
  }
  const JsonObject fields(value, "the step function's result");
  count_tool_calls(fields.get_int_or("tool_calls", 0));
  const std::string observation = fields.get_string_or("observation", "");
  const bool is_done = fields.get_bool_or("done", observation.empty());
  if (!is_done) {
    return observe(observation);
  }
  if (!observation.empty() && observe(observation).kind == Step::Kind::kDone) {
    return Step{};
  }
  return finish(fields.get_string_or("status", "completed") == "truncated" ? Status::kTruncated
                                                                           : Status::kCompleted);
}

}  // namespace lapidary::rl
