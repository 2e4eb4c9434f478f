#include "rl/env/single_turn.h"

#include "base/check.h"

namespace lapidary::rl {

Step SingleTurnEpisode::judge(const Turn& /*turn*/) {
  return finish(Status::kCompleted);
}

Step SingleTurnEpisode::resume(const std::vector<std::string>& outputs) {
  LAPIDARY_CHECK(false, "a single turn calls no tools, yet there are ", outputs.size(), " results");
  return finish(Status::kAborted);
}

}  // namespace lapidary::rl
