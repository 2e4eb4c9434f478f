// Which prompt is asked next: rows in file order or shuffled anew each epoch, groups that came back
// first, numbered without gaps. The whole state is PromptCursor and the returned groups, so that a
// run continues where it stopped.
//
// Worked example. Ten rows, seed 42, shuffled, two samples a prompt: take(2) gives rows 7 and 3 as
//   {.group_id = 0, .first_sample_id = 0, .prompt = 7}, {.group_id = 1, .first_sample_id = 2,
//    .prompt = 3}
// and leaves PromptCursor{.epoch = 0, .offset = 2, .next_group_id = 2, .next_sample_id = 4}.
#pragma once

#include <deque>
#include <vector>

#include "base/dim.h"
#include "base/json.h"

namespace lapidary::rl {

enum class RowOrder { kFile, kShuffled };

struct PromptSourceOptions {
  RowOrder order = RowOrder::kFile;  // --rollout-shuffle
  int64_t seed = 42;                 // --rollout-seed; the epoch is added
  Dim samples_per_prompt = 1;        // --n-samples-per-prompt
};

struct PromptCursor {
  int64_t epoch = 0;
  Dim offset = 0;  // rows of this epoch that are given out
  Dim next_group_id = 0;
  Dim next_sample_id = 0;
};

// A prompt given out for one group of samples; samples are first_sample_id, +1, ...
struct PromptTicket {
  Dim group_id = 0;
  Dim first_sample_id = 0;
  Dim prompt = 0;  // index into the rows read
};

class PromptSource {
 public:
  // Throws Error{kInvalidArgument} for no rows or no samples.
  PromptSource(Dim num_prompts, const PromptSourceOptions& options);

  // `count` tickets: those given back first, in the order in which they came back, then new ones. A
  // count beyond the end of an epoch goes on in the next, as often as needed.
  std::vector<PromptTicket> take(Dim count);
  // A group that was not finished: it keeps its numbers and is asked again.
  void give_back(const PromptTicket& ticket) { returned_.push_back(ticket); }

  const PromptCursor& cursor() const { return cursor_; }
  const std::deque<PromptTicket>& returned() const { return returned_; }

  // {"epoch", "offset", "next_group_id", "next_sample_id", "num_prompts", "returned": [[group,
  // sample, prompt], ..]}. restore throws Error{kCorrupt} for a state that does not fit the rows.
  Json save() const;
  void restore(const Json& state);

 private:
  PromptTicket next();
  void open_epoch(int64_t epoch);

  Dim num_prompts_;
  PromptSourceOptions options_;
  PromptCursor cursor_;
  std::vector<Dim> permutation_;  // empty in file order
  std::deque<PromptTicket> returned_;
};

}  // namespace lapidary::rl
