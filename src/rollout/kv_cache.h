// Keys and values of the sequences in flight. Sliding layers keep a ring of the window for each
// slot; full layers keep pages, which sequences share when one is forked from another; layers that
// use another layer's keys own nothing.
//
// Position p of a slot lies in ring row p % ring_rows, or in page blocks[p / page_tokens], row
// p % page_tokens. A block table serves all full layers. Full pages are never written again, so a
// fork shares them and copies only the last, part-filled page and the rings.
//
// Room is set aside when a sequence is opened (max_tokens): once open it never runs out.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/dim.h"
#include "model/attention_context.h"
#include "ops/attention.h"
#include "rollout/page_pool.h"

namespace lapidary::rollout {

using Slot = Dim;

struct KvCacheOptions {
  Dim num_slots = 1;
  Dim num_pages = 1;
  Dim page_tokens = 32;
  Dim max_sequence_tokens = 0;  // no sequence is longer: rings need no more rows. 0: no limit
  c10::ScalarType dtype = c10::ScalarType::Float;
  c10::Device device = c10::kCPU;
};

class KvCache {
 public:
  // Memory is allocated here, all of it; on the CPU the system hands it out when first touched.
  KvCache(std::vector<model::AttentionLayer> layers, const KvCacheOptions& options);

  // An empty sequence that may grow to max_tokens, or none when no slot is free or too few pages
  // are.
  std::optional<Slot> open(Dim max_tokens);
  // A sequence with the tokens of `parent`, whose full pages it shares.
  std::optional<Slot> fork(Slot parent, Dim max_tokens);
  // Sets room aside for max_tokens in all, when it is more than before. False: too few pages.
  bool reserve(Slot slot, Dim max_tokens);
  void close(Slot slot);
  Dim num_tokens(Slot slot) const { return sequence(slot).num_tokens; }

  // A forward over `count` new tokens of a slot: begin_append makes room at positions
  // [num_tokens, num_tokens + count), the layers write them, finish_append counts them. Without
  // finish_append the sequence is as it was.
  void begin_append(Slot slot, Dim count);
  void finish_append(Slot slot, Dim count);

  // Rows [count, kv_heads, head_dim] of an owning layer at the slot's next positions. Of a ring
  // only the last ring_rows are kept.
  void write(Dim layer, Slot slot, const at::Tensor& key, const at::Tensor& value);
  // The rows of positions [begin, end), begin < end, in order, copied together: {key, value}, each
  // [end - begin, kv_heads, head_dim]. They must still be in the ring.
  std::pair<at::Tensor, at::Tensor> read(Dim layer, Slot slot, Dim begin, Dim end) const;

  // The rows of positions [begin, end) as they lie, in order, appended to `runs`. CPU only.
  void append_runs(Dim layer, Slot slot, Dim begin, Dim end,
                   std::vector<ops::CacheRun>& runs) const;
  // One row a slot at its next position: key, value [slots, kv_heads, head_dim]. Needs begin_append
  // for each.
  void write_rows(Dim layer, std::span<const Slot> slots, const at::Tensor& key,
                  const at::Tensor& value);

  // Where position p of a slot lies in storage(layer) flattened to [rows, kv_heads, head_dim].
  int64_t row_of(Dim layer, Slot slot, Dim position) const;
  struct Storage {
    at::Tensor key;  // [slots or pages, rows, kv_heads, head_dim]
    at::Tensor value;
    Dim rows = 0;          // in a ring or a page
    bool is_ring = false;  // else pages
  };
  const Storage& storage(Dim layer) const;
  // Whether later layers use this layer's keys and values.
  bool is_donor(Dim layer) const { return is_donor_[static_cast<size_t>(layer)]; }

  const KvCacheOptions& options() const { return options_; }
  Dim num_free_slots() const { return static_cast<Dim>(free_slots_.size()); }
  Dim num_free_pages() const { return pages_.num_free(); }
  // The tokens that one sequence can hold at most.
  Dim max_tokens() const;

  // What a slot's rings and a page take, over all layers, keys and values.
  int64_t slot_bytes() const { return slot_bytes_; }
  int64_t page_bytes() const { return page_bytes_; }
  int64_t allocated_bytes() const;
  int64_t used_bytes() const;  // rings of open slots and pages in use; shared pages once

  // Throws Error{kInternal} when slots, block tables, reference counts or reservations contradict
  // each other.
  void check_integrity() const;

 private:
  struct Sequence {
    bool is_open = false;
    Dim num_tokens = 0;
    Dim max_pages = 0;        // set aside at open
    std::vector<Dim> blocks;  // pages, in the order of positions
  };
  Sequence& sequence(Slot slot);
  const Sequence& sequence(Slot slot) const;
  Dim pages_for(Dim tokens) const;
  bool can_set_aside(Dim pages) const { return pages <= pages_.num_free() - set_aside_; }
  Slot take_slot(Dim max_pages);
  void take_pages(Sequence& grown, Dim tokens);  // so that `tokens` fit
  void copy_rings(Slot from, Slot to, Dim num_tokens);

  std::vector<model::AttentionLayer> layers_;
  KvCacheOptions options_;
  std::vector<Storage> storage_;  // [layers]; undefined for layers that own nothing
  std::vector<bool> is_donor_;    // [layers]
  bool has_pages_ = false;
  int64_t slot_bytes_ = 0;
  int64_t page_bytes_ = 0;
  PagePool pages_;
  Dim set_aside_ = 0;                // pages promised to open sequences and not yet taken
  std::vector<Sequence> sequences_;  // [num_slots]
  std::vector<Slot> free_slots_;     // the lowest number last
};

// What one slot's rings and one page would take, before anything is allocated.
struct KvCacheCost {
  int64_t slot_bytes = 0;
  int64_t page_bytes = 0;
};
KvCacheCost kv_cache_cost(std::span<const model::AttentionLayer> layers,
                          const KvCacheOptions& options);

}  // namespace lapidary::rollout
