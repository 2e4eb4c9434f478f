#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/api/attention.h"
#include "kernels/api/parallel.h"
#include "kernels/cpu/dispatch.h"
#include "kernels/cpu/dot_panel.h"

namespace lapidary::kernels {
namespace {

// Keys are taken in chunks counted from a sequence's first key, each with its own softmax, and the
// chunks are merged in order: neither runs nor threads can change a bit.
constexpr Dim kChunkKeys = 256;
constexpr double kNanosecondsPerProduct = 0.05;

// Softmax attention of the query heads of one kv head over some keys, not yet divided by the sum:
// [heads] largest score, [heads] sum of exp(score - largest), [heads, head_dim] weighted values.
struct Partial {
  float* largest;
  float* sum;
  float* values;

  static Dim size(Dim heads, Dim head_dim) { return heads * (head_dim + 2); }
  static Partial at(float* memory, Dim heads) {
    return {memory, memory + heads, memory + 2 * heads};
  }
};

template <typename T>
class Decode {
 public:
  Decode(const DecodeArrays& arrays, const HeadCounts& heads)
      : table_(kernel_table()),
        arrays_(arrays),
        heads_(heads),
        group_(heads.num_heads / heads.num_kv_heads),
        partial_size_(Partial::size(group_, heads.head_dim)) {
    const size_t num_sequences = arrays.run_starts.size() - 1;
    for (size_t i = 0; i < num_sequences; ++i) {
      Dim keys = 0;
      for (const KeyRun& run : runs_of(i)) keys += run.num_rows;
      num_keys_.push_back(keys);
      total_keys_ += keys;
      most_chunks_ = std::max(most_chunks_, (keys + kChunkKeys - 1) / kChunkKeys);
    }
  }

  void run() const {
    const auto num_items = static_cast<Dim>(num_keys_.size()) * heads_.num_kv_heads;
    const double cost = kNanosecondsPerProduct * static_cast<double>(2 * group_ * heads_.head_dim) *
                        static_cast<double>(total_keys_) / static_cast<double>(num_keys_.size());
    if (num_items < parallel_runner().num_threads() && most_chunks_ > 1) {
      for (Dim item = 0; item < num_items; ++item) attend_in_parallel(item);
      return;
    }
    parallel_for(num_items, grain_of(cost), [&](Dim begin, Dim end) {
      for (Dim item = begin; item < end; ++item) attend(item);
    });
  }

 private:
  std::span<const KeyRun> runs_of(size_t sequence) const {
    const Dim first = arrays_.run_starts[sequence];
    return arrays_.runs.subspan(static_cast<size_t>(first),
                                static_cast<size_t>(arrays_.run_starts[sequence + 1] - first));
  }
  Dim num_chunks(size_t sequence) const {
    return (num_keys_[sequence] + kChunkKeys - 1) / kChunkKeys;
  }

  // One kv head of one sequence, chunk after chunk.
  void attend(Dim item) const {
    float* memory = scratch(ScratchSlot::kOutput, 2 * partial_size_);
    const Partial total = Partial::at(memory, group_);
    const Dim chunks = num_chunks(static_cast<size_t>(item / heads_.num_kv_heads));
    for (Dim chunk = 0; chunk < chunks; ++chunk) {
      const Partial part = chunk == 0 ? total : Partial::at(memory + partial_size_, group_);
      attend_chunk(item, chunk, part);
      if (chunk > 0) merge(total, part);
    }
    write(item, chunks, total);
  }

  // The same, the chunks spread over the threads.
  void attend_in_parallel(Dim item) const {
    const Dim chunks = num_chunks(static_cast<size_t>(item / heads_.num_kv_heads));
    float* memory = scratch(ScratchSlot::kShared, std::max<Dim>(1, chunks) * partial_size_);
    parallel_for(chunks, 1, [&](Dim begin, Dim end) {
      for (Dim chunk = begin; chunk < end; ++chunk) {
        attend_chunk(item, chunk, Partial::at(memory + chunk * partial_size_, group_));
      }
    });
    const Partial total = Partial::at(memory, group_);
    for (Dim chunk = 1; chunk < chunks; ++chunk) {
      merge(total, Partial::at(memory + chunk * partial_size_, group_));
    }
    write(item, chunks, total);
  }

  // function(run, first row in it, first key in the chunk, number of keys) for each stretch.
  template <typename F>
  void over_stretches(size_t sequence, Dim chunk, F&& function) const {
    const Dim begin = chunk * kChunkKeys;
    const Dim end = std::min(begin + kChunkKeys, num_keys_[sequence]);
    Dim start = 0;
    for (const KeyRun& run : runs_of(sequence)) {
      const Dim first = std::max(begin, start);
      const Dim last = std::min(end, start + run.num_rows);
      if (first < last) function(run, first - start, first - begin, last - first);
      start += run.num_rows;
    }
  }

  void attend_chunk(Dim item, Dim chunk, const Partial& part) const {
    const auto sequence = static_cast<size_t>(item / heads_.num_kv_heads);
    const Dim kv_head = item % heads_.num_kv_heads;
    const Dim dim = heads_.head_dim;
    const Dim key_stride = heads_.num_kv_heads * dim;
    const auto* query = static_cast<const T*>(arrays_.query) + item * group_ * dim;
    const DotPanel<T> panel = make_panel(query, dim, group_, dim, ScratchSlot::kPanel);
    float* scores = scratch(ScratchSlot::kScores, group_ * kChunkKeys);
    const Dim keys = std::min(kChunkKeys, num_keys_[sequence] - chunk * kChunkKeys);
    over_stretches(sequence, chunk, [&](const KeyRun& run, Dim row, Dim key, Dim count) {
      multiply(panel, static_cast<const T*>(run.key) + row * key_stride + kv_head * dim, key_stride,
               count, scores + key, kChunkKeys);
    });
    for (Dim g = 0; g < group_; ++g) {
      part.largest[g] = table_.max_of_row(scores + g * kChunkKeys, keys);
      part.sum[g] = table_.exp_row(scores + g * kChunkKeys, keys, part.largest[g]);
    }
    std::memset(part.values, 0, static_cast<size_t>(group_ * dim) * sizeof(float));
    over_stretches(sequence, chunk, [&](const KeyRun& run, Dim row, Dim key, Dim count) {
      const auto* value = static_cast<const T*>(run.value) + row * key_stride + kv_head * dim;
      table_.of<T>().add_values(
          {scores + key, kChunkKeys, group_, value, key_stride, count, part.values, dim, dim});
    });
  }

  void merge(const Partial& total, const Partial& part) const {
    const Dim dim = heads_.head_dim;
    for (Dim g = 0; g < group_; ++g) {
      const float largest = std::max(total.largest[g], part.largest[g]);
      const float total_factor = std::exp(total.largest[g] - largest);
      const float part_factor = std::exp(part.largest[g] - largest);
      total.sum[g] = total.sum[g] * total_factor + part.sum[g] * part_factor;
      total.largest[g] = largest;
      table_.blend_row(total.values + g * dim, total_factor, part.values + g * dim, part_factor,
                       dim);
    }
  }

  void write(Dim item, Dim chunks, const Partial& total) const {
    const Dim dim = heads_.head_dim;
    T* output = static_cast<T*>(arrays_.output) + item * group_ * dim;
    if (chunks == 0) {
      std::memset(output, 0, static_cast<size_t>(group_ * dim) * sizeof(T));
      return;
    }
    for (Dim g = 0; g < group_; ++g) {
      table_.of<T>().write_row(total.values + g * dim, 1.0F / total.sum[g], output + g * dim, dim);
    }
  }

  const KernelTable& table_;
  const DecodeArrays& arrays_;
  const HeadCounts& heads_;
  const Dim group_;         // query heads of a kv head
  const Dim partial_size_;  // in floats
  std::vector<Dim> num_keys_;
  Dim total_keys_ = 0;
  Dim most_chunks_ = 0;
};

}  // namespace

void decode_attention(Dtype dtype, const DecodeArrays& arrays, const HeadCounts& heads) {
  if (arrays.run_starts.size() < 2) return;
  with_type(dtype, [&]<typename T>() { Decode<T>(arrays, heads).run(); });
}

}  // namespace lapidary::kernels
