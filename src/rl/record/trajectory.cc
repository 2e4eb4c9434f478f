#include "rl/record/trajectory.h"

#include "base/check.h"

namespace lapidary::rl {

std::string_view to_string(Status status) {
  switch (status) {
    case Status::kPending:
      return "pending";
    case Status::kCompleted:
      return "completed";
    case Status::kTruncated:
      return "truncated";
    case Status::kAborted:
      return "aborted";
    case Status::kFailed:
      return "failed";
  }
  return "";
}

Dim Trajectory::response_length() const {
  Dim length = 0;
  for (const Turn& turn : turns) {
    length += static_cast<Dim>(turn.tokens.size());
  }
  return length;
}

std::vector<int64_t> Trajectory::response_tokens() const {
  std::vector<int64_t> tokens;
  for (const Turn& turn : turns) {
    tokens.insert(tokens.end(), turn.tokens.begin(), turn.tokens.end());
  }
  return tokens;
}

std::vector<int64_t> Trajectory::loss_mask() const {
  std::vector<int64_t> mask;
  for (const Turn& turn : turns) {
    mask.insert(mask.end(), turn.tokens.size(), turn.author == Author::kModel ? 1 : 0);
  }
  return mask;
}

std::vector<float> Trajectory::response_log_probs() const {
  std::vector<float> log_probs;
  for (const Turn& turn : turns) {
    if (turn.author == Author::kModel) {
      LAPIDARY_CHECK(turn.log_probs.size() == turn.tokens.size(), "a model turn of ",
                     turn.tokens.size(), " tokens has ", turn.log_probs.size(), " log-probs");
      log_probs.insert(log_probs.end(), turn.log_probs.begin(), turn.log_probs.end());
    } else {
      log_probs.insert(log_probs.end(), turn.tokens.size(), 0.0F);
    }
  }
  return log_probs;
}

std::string Trajectory::response_text() const {
  std::string text;
  for (const Turn& turn : turns) {
    text += turn.text;
  }
  return text;
}

const Json& reward_field(const Json& reward, const std::string& key) {
  if (!reward.is_object()) {
    return reward;
  }
  if (key.empty()) {
    fail(ErrorKind::kInvalidArgument, "the reward is an object, ",
         lapidary::quoted(dump_json(reward)), "; say which field is the score with --reward-key");
  }
  if (!reward.contains(key)) {
    fail(ErrorKind::kInvalidArgument, "--reward-key ", lapidary::quoted(key),
         " is no field of the reward ", lapidary::quoted(dump_json(reward)));
  }
  return reward[key];
}

double reward_value(const Json& reward, const std::string& key) {
  const Json& value = reward_field(reward, key);
  if (value.is_boolean()) {
    return value.get<bool>() ? 1.0 : 0.0;
  }
  if (!value.is_number()) {
    fail(ErrorKind::kInvalidArgument, "a reward must be a number, found ", json_type(value), " ",
         lapidary::quoted(dump_json(value)));
  }
  return value.get<double>();
}

}  // namespace lapidary::rl
