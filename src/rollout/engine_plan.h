// How much an engine can take on in the memory that there is.
#pragma once

#include <cstdint>

#include "base/dim.h"
#include "rollout/engine.h"

namespace lapidary::rollout {

struct EngineDemand {
  Dim num_answers = 1;          // there is no use for more sequences at a time
  Dim max_sequence_tokens = 1;  // prompt and answer of the longest
  Dim max_running = 32;
  int64_t memory_bytes = 0;  // for the cache
};

// As many sequences as asked for, all at full length, when that fits; else fewer pages (sequences
// then wait for room), else fewer sequences. Throws Error{kExhausted} when not even one fits, with
// what it needs.
EngineOptions plan_engine(const Decoder& decoder, const EngineDemand& demand);

}  // namespace lapidary::rollout
