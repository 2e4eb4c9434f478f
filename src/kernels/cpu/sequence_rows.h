// Which keys the queries of a packed sequence see, and how packed attention cuts both into blocks.
#pragma once

#include <algorithm>

#include "kernels/api/attention.h"

namespace lapidary::kernels {

constexpr Dim kBlockKeys = 64;  // of a block of scores

// Queries of a block. Its rows are queries times query heads of a kv head: as many as the
// second-level cache holds.
inline Dim block_queries(const HeadCounts& heads) {
  constexpr Dim kMostRows = 96;
  constexpr Dim kMostElements = 16384;
  const Dim group = heads.num_heads / heads.num_kv_heads;
  return std::max<Dim>(1, std::min(kMostRows, kMostElements / heads.head_dim) / group);
}

// Queries [begin, end) of a sequence, each with `group` heads.
struct QueryBlock {
  Dim begin;
  Dim end;
  Dim group;
};

// One sequence. Queries and keys are counted from its first.
struct SequenceRows {
  Dim query_start;
  Dim queries;
  Dim key_start;
  Dim keys;
  Dim window;  // 0: none

  SequenceRows(const PackedSequences& sequences, size_t i)
      : query_start(sequences.query_starts[i]),
        queries(sequences.query_starts[i + 1] - query_start),
        key_start(sequences.key_starts[i]),
        keys(sequences.key_starts[i + 1] - key_start),
        window(sequences.window) {}

  Dim ahead() const { return keys - queries; }  // the last key of query q is q + ahead
  Dim first_key(Dim query) const {
    return window == 0 ? 0 : std::max<Dim>(0, query + ahead() + 1 - window);
  }
  // The queries that see a key of [begin, end) are [first_query(begin), end_query(end)).
  Dim first_query(Dim begin) const { return std::clamp<Dim>(begin - ahead(), 0, queries); }
  Dim end_query(Dim end) const {
    return window == 0 ? queries : std::clamp<Dim>(end - 1 + window - ahead(), 0, queries);
  }

  // Row r of the block sees keys [key + first[r], key + last[r]) of [key, key + count).
  void visible_keys(const QueryBlock& block, Dim key, Dim count, int32_t* first,
                    int32_t* last) const {
    for (Dim q = block.begin; q < block.end; ++q) {
      const Dim row = (q - block.begin) * block.group;
      const Dim from = std::clamp<Dim>(first_key(q) - key, 0, count);
      const Dim to = std::clamp<Dim>(q + ahead() + 1 - key, 0, count);
      std::fill_n(first + row, block.group, static_cast<int32_t>(from));
      std::fill_n(last + row, block.group, static_cast<int32_t>(to));
    }
  }
};

}  // namespace lapidary::kernels
