// What a context-parallel rank holds of a sequence. A sequence is padded to 2 x ranks equal chunks;
// rank r owns chunk r and chunk 2 x ranks - 1 - r, so that causal work is even.
//
// Worked example. 16 tokens, the last 8 a response, 2 ranks: chunks of 4; rank 0 owns positions 0-3
// and 12-15, of the response the tokens whose predicting rows lie there: {5, 6, 7}.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/dim.h"

namespace lapidary::rl {

struct PositionRange {
  Dim begin = 0;
  Dim end = 0;
};

struct ContextSlice {
  std::array<PositionRange, 2> chunks;  // may reach beyond the sequence: padding
  // Rows of each chunk that predict a response token, and the tokens they predict; {0, 0} for none.
  std::array<PositionRange, 2> logit_rows;
  std::array<PositionRange, 2> predicted;
  std::vector<Dim> response_indices;  // the predicted tokens, counted from the response's first

  // Sequence positions in the rank's order; -1 is padding.
  std::vector<Dim> positions(Dim total_length) const;
};

// One rank has the whole sequence unpadded.
Dim context_chunk_size(Dim total_length, Dim num_ranks);
ContextSlice context_slice(Dim total_length, Dim response_length, Dim num_ranks, Dim rank);

// A packed micro-batch on one rank.
struct PackedBatch {
  std::vector<int64_t> tokens;       // each sequence's slice, padded with 0, then 0 to the multiple
  std::vector<int64_t> loss_mask;    // [tokens] at the row that predicts the token it masks
  std::vector<Dim> sequence_starts;  // in units of the full sequences, [num_sequences (+ 1) + 1]
  Dim max_sequence_length = 0;
};
struct PackedSequence {
  std::span<const int64_t> tokens;
  std::span<const int64_t> loss_mask;  // [response]
};
// `multiple` pads the rank's tokens (--data-pad-size-multiplier x tensor-parallel size); the
// padding is one more sequence.
PackedBatch pack_batch(std::span<const PackedSequence> sequences, Dim num_ranks, Dim rank,
                       Dim multiple);

}  // namespace lapidary::rl
