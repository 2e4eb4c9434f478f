// A run of tokens of one author: what the model wrote in one request, or what the environment put
// behind it.
//
// Worked example. The model calls a tool with three tokens, the answer of the tool takes two:
//   Turn{.author = kModel, .tokens = {40, 41, 1}, .log_probs = {-0.2, -1.5, -0.1},
//        .weight_versions = {3, 3, 3}, .text = "<code>2+3</code>"}
//   Turn{.author = kEnvironment, .tokens = {50, 51}, .text = "5"}
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lapidary::rl {

enum class Author {
  kModel,        // trained on: loss mask 1
  kEnvironment,  // given: loss mask 0, log-probability stored as 0
};

struct Turn {
  Author author = Author::kModel;
  std::vector<int64_t> tokens;
  std::vector<float> log_probs;          // [tokens] of a model turn, of the engine; else empty
  std::vector<int64_t> weight_versions;  // [tokens] of a model turn; else empty
  std::string text;                      // the tokens decoded, special ones kept
};

}  // namespace lapidary::rl
