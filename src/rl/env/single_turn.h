// One question, one answer, no tools.
#pragma once

#include "rl/env/episode.h"

namespace lapidary::rl {

class SingleTurnEpisode : public Episode {
 public:
  using Episode::Episode;

 protected:
  Step judge(const Turn& turn) override;
  Step resume(const std::vector<std::string>& outputs) override;
};

}  // namespace lapidary::rl
