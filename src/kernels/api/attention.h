// Softmax attention with scale 1.0, softmax and sums in fp32.
#pragma once

#include <span>

#include "base/dim.h"
#include "kernels/api/dtype.h"

namespace lapidary::kernels {

struct HeadCounts {
  Dim num_heads;  // a multiple of num_kv_heads; head h reads kv head h / (their ratio)
  Dim num_kv_heads;
  Dim head_dim;
};

// Cached rows that lie one after another: key and value at [num_rows, num_kv_heads, head_dim].
struct KeyRun {
  const void* key;
  const void* value;
  Dim num_rows;
};

struct DecodeArrays {
  const void* query;             // [sequences, num_heads, head_dim]
  std::span<const KeyRun> runs;  // of all sequences
  std::span<const Dim>
      run_starts;  // [sequences + 1]: sequence i has runs [starts[i], starts[i + 1])
  void* output;    // [sequences, num_heads, head_dim]
};

// One query a sequence against exactly the keys of its runs; without any the output is 0. A
// sequence's bits depend neither on the others nor on how its keys are cut into runs.
void decode_attention(Dtype dtype, const DecodeArrays& arrays, const HeadCounts& heads);

// Sequence i has query rows [query_starts[i], query_starts[i + 1]) and key rows [key_starts[i],
// key_starts[i + 1]), at least as many; its queries are the last of its keys.
struct PackedSequences {
  std::span<const Dim> query_starts;
  std::span<const Dim> key_starts;
  Dim window;  // keys a query sees, itself included; 0: all before it
};

struct PackedArrays {
  const void* query;  // [query rows, num_heads, head_dim]
  const void* key;    // [key rows, num_kv_heads, head_dim]
  const void* value;  // [key rows, num_kv_heads, head_dim]
  void* output;       // [query rows, num_heads, head_dim]
  float* log_sum;     // [query rows, num_heads] log of the sum of exp(score), or null
};

// Causal attention inside each sequence. A sequence's bits do not depend on the others.
void packed_attention(Dtype dtype, const PackedArrays& arrays, const PackedSequences& sequences,
                      const HeadCounts& heads);

namespace reference {
void decode_attention(Dtype dtype, const DecodeArrays& arrays, const HeadCounts& heads);
void packed_attention(Dtype dtype, const PackedArrays& arrays, const PackedSequences& sequences,
                      const HeadCounts& heads);
}  // namespace reference

}  // namespace lapidary::kernels
