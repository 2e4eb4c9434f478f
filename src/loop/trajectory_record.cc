#include "loop/trajectory_record.h"

#include "base/check.h"
#include "tokenizer/stream_decoder.h"

namespace lapidary::loop {
namespace {

// What each token adds to the text.
Json token_pieces(const std::vector<int64_t>& ids, const tokenizer::Tokenizer& tokenizer) {
  tokenizer::StreamDecoder decoder(tokenizer, tokenizer::SkipSpecial::kNo);
  std::vector<std::string> pieces;
  for (const int64_t id : ids) {
    const bool has_text = id >= 0 && id < tokenizer.vocab_size();
    pieces.push_back(has_text ? decoder.push(static_cast<int32_t>(id)) : "");
  }
  if (!pieces.empty()) pieces.back() += decoder.flush();
  return pieces;
}

// The tool calls behind each environment turn: the outputs that came after the model turn before
// it, or a turn that no tool made.
Json tool_notes(const rl::Trajectory& trajectory, const TrajectoryScript& script) {
  Json out = Json::array();
  size_t event = 0;
  for (const rl::Turn& turn : trajectory.turns) {
    if (turn.author == rl::Author::kModel) {
      ++event;  // behind the event of this turn
      continue;
    }
    const auto* outputs = event < script.events.size()
                              ? std::get_if<std::vector<ToolOutput>>(&script.events[event])
                              : nullptr;
    Json note = {{"status", "none"}, {"seconds", 0.0}};
    if (outputs != nullptr) {
      ++event;
      double seconds = 0;
      note["status"] = "ok";
      for (const ToolOutput& output : *outputs) {
        seconds += output.seconds;
        if (output.status != "ok") note["status"] = output.status;
      }
      note["seconds"] = seconds;
    }
    out.push_back(std::move(note));
  }
  return out;
}

Json turns_json(const rl::Trajectory& trajectory) {
  Json out = Json::array();
  for (const rl::Turn& turn : trajectory.turns) {
    const bool is_model = turn.author == rl::Author::kModel;
    out.push_back({{"role", is_model ? "model" : "tool"}, {"text", turn.text}});
  }
  return out;
}

Json version_list(const rl::Trajectory& trajectory) {
  Json out = Json::array();
  for (const rl::Turn& turn : trajectory.turns) {
    for (size_t i = 0; i < turn.tokens.size(); ++i) {
      out.push_back(i < turn.weight_versions.size() ? Json(turn.weight_versions[i])
                                                    : Json(nullptr));
    }
  }
  return out;
}

}  // namespace

Json trajectory_record(const RecordedTrajectory& recorded, const Environment& environment) {
  const rl::Trajectory& trajectory = recorded.trajectory;
  const std::vector<int64_t> ids = trajectory.response_tokens();
  Json tokens = {{"prompt_ids", trajectory.prompt_tokens},
                 {"ids", ids},
                 {"pieces", token_pieces(ids, environment.tokenizer())},
                 {"mask", recorded.sample != nullptr ? Json(recorded.sample->loss_mask)
                                                     : Json(trajectory.loss_mask())},
                 {"rollout_log_probs", trajectory.response_log_probs()},
                 {"weight_versions", version_list(trajectory)}};
  if (recorded.sample != nullptr) {
    if (!recorded.sample->old_log_probs.empty()) {
      tokens["log_probs"] = recorded.sample->old_log_probs;
    }
    if (!recorded.sample->ref_log_probs.empty()) {
      tokens["ref_log_probs"] = recorded.sample->ref_log_probs;
    }
    tokens["advantages"] = recorded.sample->advantages;
  }
  Json out = {{"rollout_id", recorded.rollout_id},
              {"group", trajectory.group_id},
              {"index", recorded.index},
              {"sample", trajectory.sample_id},
              {"status", rl::to_string(trajectory.status)},
              {"reward", recorded.score},
              {"reward_parts", trajectory.reward},
              {"label", recorded.prompt.label},
              {"prompt", recorded.prompt.content},
              {"metadata", recorded.prompt.metadata},
              {"response_length", ids.size()},
              {"tool_calls", trajectory.tool_calls},
              {"turns", turns_json(trajectory)},
              {"tools", tool_notes(trajectory, recorded.script)},
              {"tokens", std::move(tokens)}};
  if (!trajectory.error.empty()) out["error"] = trajectory.error;
  return out;
}

}  // namespace lapidary::loop
