// The engine's records of what it is working on.
#pragma once

#include <ATen/core/Tensor.h>

#include <deque>
#include <memory>
#include <vector>

#include "base/dim.h"
#include "rollout/kv_cache.h"
#include "rollout/request.h"

namespace lapidary::rollout {

enum class SequenceState {
  kWaiting,   // in a PromptGroup
  kRunning,   // one token a step
  kOpen,      // answered and kept open
  kExtended,  // kept open, with tokens to read
};

struct Sequence {
  RequestId id = 0;
  std::shared_ptr<const Request> request;
  uint64_t stream = 0;
  SequenceState state = SequenceState::kWaiting;
  Slot slot = -1;                // -1 while waiting
  Dim room = 0;                  // tokens it may have in all
  Dim num_tokens = 0;            // prompt and everything since
  Dim max_new_tokens = 0;        // of the answer being made
  std::vector<int64_t> pending;  // its last tokens, not yet in the cache
  Dim num_prefilled = 0;         // of pending, while extended
  Answer answer;                 // being made

  bool is_kept_open() const {
    return state == SequenceState::kOpen || state == SequenceState::kExtended;
  }
};

// Answers of one prompt that have not started. Once the prompt is in the cache, members start from
// it one by one; the last one takes its slot over.
struct PromptGroup {
  std::shared_ptr<const Request> request;
  std::deque<RequestId> members;
  Dim room = 0;              // of each member
  Slot slot = -1;            // of the prompt, from the start of its prefill
  Dim num_prefilled = 0;     // prompt tokens in the cache
  at::Tensor logits;         // [1, vocab_size] after the last prompt token, when all are
  bool has_started = false;  // a member has
};

}  // namespace lapidary::rollout
