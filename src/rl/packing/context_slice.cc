#include "rl/packing/context_slice.h"

#include <algorithm>

#include "base/check.h"

namespace lapidary::rl {

Dim context_chunk_size(Dim total_length, Dim num_ranks) {
  return (total_length + 2 * num_ranks - 1) / (2 * num_ranks);
}

std::vector<Dim> ContextSlice::positions(Dim total_length) const {
  std::vector<Dim> out;
  for (const PositionRange& chunk : chunks) {
    for (Dim position = chunk.begin; position < chunk.end; ++position) {
      out.push_back(position < total_length ? position : -1);
    }
  }
  return out;
}

ContextSlice context_slice(Dim total_length, Dim response_length, Dim num_ranks, Dim rank) {
  LAPIDARY_CHECK(rank >= 0 && rank < num_ranks, "rank ", rank, " of ", num_ranks);
  LAPIDARY_CHECK(response_length >= 0 && response_length <= total_length, "a response of ",
                 response_length, " tokens in ", total_length);
  ContextSlice slice;
  if (num_ranks == 1) {
    slice.chunks[0] = {0, total_length};
  } else {
    const Dim chunk = context_chunk_size(total_length, num_ranks);
    slice.chunks[0] = {rank * chunk, (rank + 1) * chunk};
    const Dim mirrored = 2 * num_ranks - 1 - rank;
    slice.chunks[1] = {mirrored * chunk, (mirrored + 1) * chunk};
  }
  const Dim prompt_length = total_length - response_length;
  for (size_t i = 0; i < slice.chunks.size(); ++i) {
    // Without a prompt the first response token has no row that predicts it.
    const Dim begin = std::max(slice.chunks[i].begin, prompt_length - 1);
    const Dim end = std::min(slice.chunks[i].end, total_length - 1);
    if (begin >= end) {
      continue;
    }
    slice.logit_rows[i] = {begin, end};
    slice.predicted[i] = {begin + 1, end + 1};
    for (Dim token = begin + 1; token < end + 1; ++token) {
      slice.response_indices.push_back(token - prompt_length);
    }
  }
  return slice;
}

PackedBatch pack_batch(std::span<const PackedSequence> sequences, Dim num_ranks, Dim rank,
                       Dim multiple) {
  LAPIDARY_CHECK(multiple > 0, "padding to a multiple of ", multiple);
  PackedBatch batch;
  batch.sequence_starts.push_back(0);
  const auto close_sequence = [&batch, num_ranks] {
    batch.sequence_starts.push_back(static_cast<Dim>(batch.tokens.size()) * num_ranks);
    const size_t count = batch.sequence_starts.size();
    batch.max_sequence_length =
        std::max(batch.max_sequence_length,
                 batch.sequence_starts[count - 1] - batch.sequence_starts[count - 2]);
  };
  for (const PackedSequence& sequence : sequences) {
    const auto length = static_cast<Dim>(sequence.tokens.size());
    const auto response = static_cast<Dim>(sequence.loss_mask.size());
    const Dim first_row = length - response - 1;  // the row that predicts the first response token
    for (const Dim position : context_slice(length, response, num_ranks, rank).positions(length)) {
      batch.tokens.push_back(position < 0 ? 0 : sequence.tokens[static_cast<size_t>(position)]);
      const Dim masked = position - first_row;
      const bool predicts = position >= 0 && masked >= 0 && masked < response;
      batch.loss_mask.push_back(predicts ? sequence.loss_mask[static_cast<size_t>(masked)] : 0);
    }
    close_sequence();
  }
  const auto filled = static_cast<Dim>(batch.tokens.size());
  const Dim padded = (filled + multiple - 1) / multiple * multiple;
  if (padded != filled) {
    batch.tokens.resize(static_cast<size_t>(padded), 0);
    batch.loss_mask.resize(static_cast<size_t>(padded), 0);
    close_sequence();
  }
  return batch;
}

}  // namespace lapidary::rl
