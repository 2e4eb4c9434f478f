// Gradients of packed attention, block by block: the scores are computed again from queries and
// keys, nothing of their size is kept.
#include <algorithm>
#include <memory>
#include <vector>

#include "kernels/api/attention.h"
#include "kernels/api/parallel.h"
#include "kernels/cpu/dispatch.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/sequence_rows.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {
namespace {

// The keys of a sequence and kv head are cut into at most kMostSegments segments, which run at the
// same time. Each has its own sum for the gradient of the queries; they are added in order.
constexpr Dim kMostSegments = 4;
constexpr Dim kFewestKeys = 512;

struct Segment {
  SequenceRows rows;
  Dim kv_head;
  Dim begin;  // keys
  Dim end;
  Dim first_query;  // queries that see them
  Dim end_query;
  Dim grad_queries;  // offset of [queries, group, head_dim] in the partial sums

  Dim num_pairs() const { return (end - begin) * (end_query - first_query); }
};

// All rows of a segment, as fp32.
struct SegmentRows {
  float* query;    // [rows, head_dim]
  float* grad;     // [rows, head_dim]
  float* log_sum;  // [rows]
  float* mean;     // [rows] sum of output * grad
};

// A block of keys, as fp32.
struct KeyBlock {
  float* key;           // [keys, head_dim]
  float* key_turned;    // [head_dim, kBlockKeys]
  float* value_turned;  // [head_dim, kBlockKeys]
  float* grad_key;      // [keys, head_dim]
  float* grad_value;    // [keys, head_dim]
};

template <typename T>
class Backward {
 public:
  Backward(const PackedBackward& arrays, const PackedSequences& sequences, const HeadCounts& heads)
      : table_(kernel_table()),
        arrays_(arrays),
        heads_(heads),
        group_(heads.num_heads / heads.num_kv_heads),
        block_queries_(block_queries(heads)) {
    for (size_t i = 0; i + 1 < sequences.query_starts.size(); ++i) {
      const SequenceRows rows(sequences, i);
      for (Dim h = 0; h < heads.num_kv_heads; ++h) add_segments(rows, h);
    }
    grad_queries_ = std::make_unique_for_overwrite<float[]>(static_cast<size_t>(num_partial_));
  }

  void run() {
    std::vector<size_t> order(segments_.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return segments_[a].num_pairs() > segments_[b].num_pairs();
    });
    parallel_tasks(static_cast<Dim>(order.size()),
                   [&](Dim i) { add_segment(segments_[order[static_cast<size_t>(i)]]); });
    parallel_tasks(static_cast<Dim>(units_.size()),
                   [&](Dim i) { sum_queries(units_[static_cast<size_t>(i)]); });
  }

 private:
  // The segments of one sequence and kv head.
  struct Unit {
    size_t begin;
    size_t end;
  };

  void add_segments(const SequenceRows& rows, Dim kv_head) {
    const Dim count = std::clamp<Dim>(rows.keys / kFewestKeys, 1, kMostSegments);
    const Dim size = ((rows.keys + count - 1) / count + kBlockKeys - 1) / kBlockKeys * kBlockKeys;
    const size_t first_segment = segments_.size();
    for (Dim begin = 0; begin < rows.keys; begin += size) {
      const Dim end = std::min(rows.keys, begin + size);
      const Dim first = rows.first_query(begin);
      const Dim last = std::max(first, rows.end_query(end));
      segments_.push_back({rows, kv_head, begin, end, first, last, num_partial_});
      num_partial_ += (last - first) * group_ * heads_.head_dim;
    }
    units_.push_back({first_segment, segments_.size()});
  }

  // The first of the group's query heads at query q, counted over all rows.
  Dim query_head(const Segment& segment, Dim q) const {
    return (segment.rows.query_start + q) * heads_.num_heads + segment.kv_head * group_;
  }

  SegmentRows read_rows(const Segment& segment) const {
    const Dim dim = heads_.head_dim;
    const Dim count = (segment.end_query - segment.first_query) * group_;
    float* memory = scratch(ScratchSlot::kRows, count * (2 * dim + 2) + dim);
    const SegmentRows out = {memory, memory + count * dim, memory + 2 * count * dim,
                             memory + 2 * count * dim + count};
    float* output = memory + count * (2 * dim + 2);
    const auto& typed = table_.of<T>();
    for (Dim q = segment.first_query; q < segment.end_query; ++q) {
      for (Dim g = 0; g < group_; ++g) {
        const Dim row = (q - segment.first_query) * group_ + g;
        const Dim head = query_head(segment, q) + g;
        typed.read_row(as(arrays_.query) + head * dim, out.query + row * dim, dim);
        typed.read_row(as(arrays_.grad) + head * dim, out.grad + row * dim, dim);
        typed.read_row(as(arrays_.output) + head * dim, output, dim);
        out.log_sum[row] = arrays_.log_sum[head];
        out.mean[row] = table_.dot_rows(output, out.grad + row * dim, dim);
      }
    }
    return out;
  }

  void add_segment(const Segment& segment) const {
    const Dim dim = heads_.head_dim;
    const SegmentRows rows = read_rows(segment);
    float* grad_queries = grad_queries_.get() + segment.grad_queries;
    std::fill_n(grad_queries, (segment.end_query - segment.first_query) * group_ * dim, 0.0F);
    float* memory = scratch(ScratchSlot::kKeys, 5 * kBlockKeys * dim);
    const KeyBlock block = {memory, memory + kBlockKeys * dim, memory + 2 * kBlockKeys * dim,
                            memory + 3 * kBlockKeys * dim, memory + 4 * kBlockKeys * dim};
    for (Dim key = segment.begin; key < segment.end; key += kBlockKeys) {
      const Dim keys = std::min(kBlockKeys, segment.end - key);
      read_keys(segment, key, keys, block);
      const Dim last = segment.rows.end_query(key + keys);
      for (Dim q = segment.rows.first_query(key); q < last; q += block_queries_) {
        const QueryBlock queries = {q, std::min(last, q + block_queries_), group_};
        add_block(segment, rows, queries, block, key, keys);
      }
      write_keys(segment, key, keys, block);
    }
  }

  void read_keys(const Segment& segment, Dim key, Dim keys, const KeyBlock& block) const {
    const Dim dim = heads_.head_dim;
    const Dim stride = heads_.num_kv_heads * dim;
    const Dim at = (segment.rows.key_start + key) * stride + segment.kv_head * dim;
    const auto& typed = table_.of<T>();
    for (Dim k = 0; k < keys; ++k) {
      typed.read_row(as(arrays_.key) + at + k * stride, block.key + k * dim, dim);
    }
    typed.transpose(as(arrays_.key) + at, stride, keys, dim, block.key_turned, kBlockKeys);
    typed.transpose(as(arrays_.value) + at, stride, keys, dim, block.value_turned, kBlockKeys);
    std::fill_n(block.grad_key, kBlockKeys * dim, 0.0F);
    std::fill_n(block.grad_value, kBlockKeys * dim, 0.0F);
  }

  void add_block(const Segment& segment, const SegmentRows& rows, const QueryBlock& queries,
                 const KeyBlock& block, Dim key, Dim keys) const {
    const Dim dim = heads_.head_dim;
    const Dim count = (queries.end - queries.begin) * group_;
    const Dim row = (queries.begin - segment.first_query) * group_;
    const float* query = rows.query + row * dim;
    const float* grad = rows.grad + row * dim;
    float* scores = scratch(ScratchSlot::kScores, count * (2 * kBlockKeys + 2));
    float* grads = scores + count * kBlockKeys;
    auto* first = reinterpret_cast<int32_t*>(grads + count * kBlockKeys);
    auto* last = first + count;
    segment.rows.visible_keys(queries, key, keys, first, last);
    table_.outer_product(
        {query, dim, 1, block.key_turned, kBlockKeys, scores, kBlockKeys, count, keys, dim, true});
    table_.outer_product(
        {grad, dim, 1, block.value_turned, kBlockKeys, grads, kBlockKeys, count, keys, dim, true});
    table_.softmax_backward(
        {scores, grads, count, kBlockKeys, keys, first, last, rows.log_sum + row, rows.mean + row});
    table_.outer_product(
        {scores, 1, kBlockKeys, grad, dim, block.grad_value, dim, keys, dim, count, false});
    table_.outer_product(
        {grads, 1, kBlockKeys, query, dim, block.grad_key, dim, keys, dim, count, false});
    float* grad_query = grad_queries_.get() + segment.grad_queries + row * dim;
    table_.outer_product(
        {grads, kBlockKeys, 1, block.key, dim, grad_query, dim, count, dim, keys, false});
  }

  void write_keys(const Segment& segment, Dim key, Dim keys, const KeyBlock& block) const {
    const Dim dim = heads_.head_dim;
    for (Dim k = 0; k < keys; ++k) {
      const Dim at =
          ((segment.rows.key_start + key + k) * heads_.num_kv_heads + segment.kv_head) * dim;
      table_.of<T>().write_row(block.grad_key + k * dim, 1.0F,
                               static_cast<T*>(arrays_.grad_key) + at, dim);
      table_.of<T>().write_row(block.grad_value + k * dim, 1.0F,
                               static_cast<T*>(arrays_.grad_value) + at, dim);
    }
  }

  void sum_queries(const Unit& unit) const {
    if (unit.begin == unit.end) return;
    const Dim size = group_ * heads_.head_dim;
    float* sum = scratch(ScratchSlot::kOutput, size);
    for (Dim q = 0; q < segments_[unit.begin].rows.queries; ++q) {
      std::fill_n(sum, size, 0.0F);
      for (size_t i = unit.begin; i < unit.end; ++i) {
        const Segment& segment = segments_[i];
        if (q < segment.first_query || q >= segment.end_query) continue;
        const Dim at = segment.grad_queries + (q - segment.first_query) * size;
        table_.add_row(sum, grad_queries_.get() + at, size);
      }
      T* to = static_cast<T*>(arrays_.grad_query) +
              query_head(segments_[unit.begin], q) * heads_.head_dim;
      table_.of<T>().write_row(sum, 1.0F, to, size);
    }
  }

  static const T* as(const void* pointer) { return static_cast<const T*>(pointer); }

  const KernelTable& table_;
  const PackedBackward& arrays_;
  const HeadCounts& heads_;
  const Dim group_;          // query heads of a kv head
  const Dim block_queries_;  // queries of a block of scores
  std::vector<Segment> segments_;
  std::vector<Unit> units_;
  Dim num_partial_ = 0;
  std::unique_ptr<float[]> grad_queries_;  // partial sums of all segments
};

}  // namespace

void packed_attention_backward(Dtype dtype, const PackedBackward& arrays,
                               const PackedSequences& sequences, const HeadCounts& heads) {
  with_type(dtype, [&]<typename T>() { Backward<T>(arrays, sequences, heads).run(); });
}

}  // namespace lapidary::kernels
