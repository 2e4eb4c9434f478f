#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/api/attention.h"
#include "kernels/api/parallel.h"
#include "kernels/cpu/dispatch.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/sequence_rows.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {
namespace {

// Query rows [begin, end) of one sequence and one kv head.
struct Task {
  SequenceRows rows;
  Dim kv_head;
  Dim begin;
  Dim end;

  Dim first_key() const { return rows.first_key(begin); }
  Dim end_key() const { return end + rows.ahead(); }
};

// The softmax of a task's rows over the blocks so far.
struct Running {
  float* output;   // [rows, head_dim] weighted values, not yet divided by the sum
  float* largest;  // [rows]
  float* sum;      // [rows]
};

template <typename T>
class Packed {
 public:
  Packed(const PackedArrays& arrays, const PackedSequences& sequences, const HeadCounts& heads)
      : table_(kernel_table()),
        arrays_(arrays),
        sequences_(sequences),
        heads_(heads),
        group_(heads.num_heads / heads.num_kv_heads),
        block_queries_(block_queries(heads)) {}

  void run() const {
    std::vector<Task> tasks;
    for (size_t i = 0; i + 1 < sequences_.query_starts.size(); ++i) {
      const SequenceRows rows(sequences_, i);
      for (Dim h = 0; h < heads_.num_kv_heads; ++h) {
        for (Dim q = 0; q < rows.queries; q += block_queries_) {
          tasks.push_back({rows, h, q, std::min(rows.queries, q + block_queries_)});
        }
      }
    }
    // The longest first: the last ones to be handed out are short.
    std::stable_sort(tasks.begin(), tasks.end(), [](const Task& a, const Task& b) {
      return a.end_key() - a.first_key() > b.end_key() - b.first_key();
    });
    parallel_tasks(static_cast<Dim>(tasks.size()),
                   [&](Dim i) { attend(tasks[static_cast<size_t>(i)]); });
  }

 private:
  void attend(const Task& task) const {
    const Dim dim = heads_.head_dim;
    const Dim rows = (task.end - task.begin) * group_;
    float* query = scratch(ScratchSlot::kRows, rows * dim);
    read_queries(task, query);
    float* memory = scratch(ScratchSlot::kOutput, rows * (dim + 2));
    const Running running = {memory, memory + rows * dim, memory + rows * dim + rows};
    std::fill_n(running.output, rows * dim, 0.0F);
    std::fill_n(running.largest, rows, -std::numeric_limits<float>::infinity());
    std::fill_n(running.sum, rows, 0.0F);
    const Dim end = task.end_key();
    for (Dim key = task.first_key(); key < end; key += kBlockKeys) {
      add_block(task, query, key, std::min(kBlockKeys, end - key), running);
    }
    write(task, running);
  }

  // Row r of a task is query begin + r / group, query head r % group of the kv head.
  void read_queries(const Task& task, float* query) const {
    const Dim dim = heads_.head_dim;
    for (Dim q = task.begin; q < task.end; ++q) {
      const Dim row = task.rows.query_start + q;
      const auto* from = static_cast<const T*>(arrays_.query) +
                         (row * heads_.num_heads + task.kv_head * group_) * dim;
      table_.of<T>().read_row(from, query + (q - task.begin) * group_ * dim, group_ * dim);
    }
  }

  void add_block(const Task& task, const float* query, Dim key, Dim keys,
                 const Running& running) const {
    const Dim dim = heads_.head_dim;
    const Dim rows = (task.end - task.begin) * group_;
    const Dim stride = heads_.num_kv_heads * dim;
    const Dim at = (task.rows.key_start + key) * stride + task.kv_head * dim;
    float* turned = scratch(ScratchSlot::kKeys, 2 * kBlockKeys * dim);
    table_.of<T>().transpose(static_cast<const T*>(arrays_.key) + at, stride, keys, dim, turned,
                             kBlockKeys);
    float* scores = scratch(ScratchSlot::kScores, rows * (kBlockKeys + 2));
    table_.outer_product(
        {query, dim, 1, turned, kBlockKeys, scores, kBlockKeys, rows, keys, dim, true});
    auto* first = reinterpret_cast<int32_t*>(scores + rows * kBlockKeys);
    auto* last = first + rows;
    task.rows.visible_keys({task.begin, task.end, group_}, key, keys, first, last);
    table_.online_softmax({scores, rows, kBlockKeys, keys, first, last, running.largest,
                           running.sum, running.output, dim});
    const auto* value = static_cast<const T*>(arrays_.value) + at;
    const float* values = nullptr;
    Dim values_stride = stride;
    if constexpr (sizeof(T) == sizeof(float)) {
      values = value;
    } else {
      float* read = turned + kBlockKeys * dim;
      for (Dim k = 0; k < keys; ++k)
        table_.of<T>().read_row(value + k * stride, read + k * dim, dim);
      values = read;
      values_stride = dim;
    }
    table_.outer_product({scores, kBlockKeys, 1, values, values_stride, running.output, dim, rows,
                          dim, keys, false});
  }

  void write(const Task& task, const Running& running) const {
    const Dim dim = heads_.head_dim;
    for (Dim r = 0; r < (task.end - task.begin) * group_; ++r) {
      const Dim row = task.rows.query_start + task.begin + r / group_;
      const Dim head = row * heads_.num_heads + task.kv_head * group_ + r % group_;
      table_.of<T>().write_row(running.output + r * dim, 1.0F / running.sum[r],
                               static_cast<T*>(arrays_.output) + head * dim, dim);
      if (arrays_.log_sum != nullptr) {
        arrays_.log_sum[head] = running.largest[r] + std::log(running.sum[r]);
      }
    }
  }

  const KernelTable& table_;
  const PackedArrays& arrays_;
  const PackedSequences& sequences_;
  const HeadCounts& heads_;
  const Dim group_;          // query heads of a kv head
  const Dim block_queries_;  // queries of a task
};

}  // namespace

void packed_attention(Dtype dtype, const PackedArrays& arrays, const PackedSequences& sequences,
                      const HeadCounts& heads) {
  with_type(dtype, [&]<typename T>() { Packed<T>(arrays, sequences, heads).run(); });
}

}  // namespace lapidary::kernels
