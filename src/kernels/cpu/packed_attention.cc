#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/api/attention.h"
#include "kernels/api/parallel.h"
#include "kernels/cpu/dispatch.h"
#include "kernels/cpu/scratch.h"
#include "kernels/cpu/table.h"

namespace lapidary::kernels {
namespace {

constexpr Dim kKeys = 64;  // of a block of scores
// Rows (queries times query heads of a kv head) of a block, by what the second-level cache holds.
constexpr Dim kMostRows = 96;
constexpr Dim kMostRowElements = 16384;

// Query rows [begin, end) of one sequence and one kv head.
struct Task {
  size_t sequence;
  Dim kv_head;
  Dim begin;
  Dim end;
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
        block_queries_(
            std::max<Dim>(1, std::min(kMostRows, kMostRowElements / heads.head_dim) / group_)) {}

  void run() const {
    std::vector<Task> tasks;
    for (size_t i = 0; i + 1 < sequences_.query_starts.size(); ++i) {
      const Dim queries = sequences_.query_starts[i + 1] - sequences_.query_starts[i];
      for (Dim h = 0; h < heads_.num_kv_heads; ++h) {
        for (Dim q = 0; q < queries; q += block_queries_) {
          tasks.push_back({i, h, q, std::min(queries, q + block_queries_)});
        }
      }
    }
    // The longest first: the last ones to be handed out are short.
    std::stable_sort(tasks.begin(), tasks.end(),
                     [&](const Task& a, const Task& b) { return num_keys(a) > num_keys(b); });
    parallel_tasks(static_cast<Dim>(tasks.size()),
                   [&](Dim i) { attend(tasks[static_cast<size_t>(i)]); });
  }

 private:
  // How many more keys than queries the sequence has.
  Dim offset(const Task& task) const {
    const size_t i = task.sequence;
    return sequences_.key_starts[i + 1] - sequences_.key_starts[i] -
           (sequences_.query_starts[i + 1] - sequences_.query_starts[i]);
  }
  Dim first_key(Dim query, Dim ahead) const {
    return sequences_.window == 0 ? 0 : std::max<Dim>(0, query + ahead + 1 - sequences_.window);
  }
  Dim num_keys(const Task& task) const {
    const Dim ahead = offset(task);
    return task.end + ahead - first_key(task.begin, ahead);
  }

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
    const Dim ahead = offset(task);
    const Dim end = task.end + ahead;
    for (Dim key = first_key(task.begin, ahead); key < end; key += kKeys) {
      add_block(task, query, key, std::min(kKeys, end - key), running);
    }
    write(task, running);
  }

  // Row r of a task is query begin + r / group, query head r % group of the kv head.
  void read_queries(const Task& task, float* query) const {
    const Dim dim = heads_.head_dim;
    for (Dim q = task.begin; q < task.end; ++q) {
      const Dim row = sequences_.query_starts[task.sequence] + q;
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
    const Dim at = (sequences_.key_starts[task.sequence] + key) * stride + task.kv_head * dim;
    float* turned = scratch(ScratchSlot::kKeys, 2 * kKeys * dim);
    table_.of<T>().transpose(static_cast<const T*>(arrays_.key) + at, stride, keys, dim, turned,
                             kKeys);
    float* scores = scratch(ScratchSlot::kScores, rows * (kKeys + 2));
    table_.outer_product({query, dim, 1, turned, kKeys, scores, kKeys, rows, keys, dim, true});
    auto* first = reinterpret_cast<int32_t*>(scores + rows * kKeys);
    auto* last = first + rows;
    visible_keys(task, key, keys, first, last);
    table_.online_softmax({scores, rows, kKeys, keys, first, last, running.largest, running.sum,
                           running.output, dim});
    const auto* value = static_cast<const T*>(arrays_.value) + at;
    const float* values = nullptr;
    Dim values_stride = stride;
    if constexpr (sizeof(T) == sizeof(float)) {
      values = value;
    } else {
      float* read = turned + kKeys * dim;
      for (Dim k = 0; k < keys; ++k)
        table_.of<T>().read_row(value + k * stride, read + k * dim, dim);
      values = read;
      values_stride = dim;
    }
    table_.outer_product(
        {scores, kKeys, 1, values, values_stride, running.output, dim, rows, dim, keys, false});
  }

  // Row r sees keys [first[r], last[r]) of the block that starts at `key`.
  void visible_keys(const Task& task, Dim key, Dim keys, int32_t* first, int32_t* last) const {
    const Dim ahead = offset(task);
    for (Dim q = task.begin; q < task.end; ++q) {
      const Dim from = std::clamp<Dim>(first_key(q, ahead) - key, 0, keys);
      const Dim to = std::clamp<Dim>(q + ahead + 1 - key, 0, keys);
      std::fill_n(first + (q - task.begin) * group_, group_, static_cast<int32_t>(from));
      std::fill_n(last + (q - task.begin) * group_, group_, static_cast<int32_t>(to));
    }
  }

  void write(const Task& task, const Running& running) const {
    const Dim dim = heads_.head_dim;
    for (Dim r = 0; r < (task.end - task.begin) * group_; ++r) {
      const Dim row = sequences_.query_starts[task.sequence] + task.begin + r / group_;
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
