// The answers to one prompt: the unit of advantage normalisation and of filtering. Members carry
// the group's id; order and number say nothing (a filter may have taken some away).
//
// Worked example. Group{.id = 4, .prompt = 17, .members = {trajectory 8, trajectory 9}} with
// rewards 1 and -1 has the normalised rewards 0.707 and -0.707.
#pragma once

#include <vector>

#include "rl/record/trajectory.h"

namespace lapidary::rl {

struct Group {
  Dim id = 0;
  Dim prompt = 0;  // index into the prompts read
  std::vector<Trajectory> members;
};

}  // namespace lapidary::rl
