// The merges of a byte-pair encoding as a flat hash table from a pair of ids to rank and result.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tokenizer/hash.h"

namespace lapidary::tokenizer {

inline constexpr uint32_t kNoRank = 0xFFFFFFFFu;

struct Merge {
  uint32_t rank = kNoRank;  // lower merges first; kNoRank: this pair does not merge
  int32_t id = -1;          // what the pair becomes
};

class MergeTable {
 public:
  MergeTable() : slots_(1024) {}

  // Room for that many merges, as a hint.
  void reserve(size_t num_merges) {
    const size_t num_slots = std::bit_ceil(2 * num_merges);
    if (num_slots > slots_.size()) resize(num_slots);
  }

  // A pair that is there already takes the new rank, as in Hugging Face's table.
  void set(int32_t left, int32_t right, Merge merge) {
    const uint64_t key = key_of(left, right);
    Slot& slot = slots_[slot_of(key)];
    const bool is_new = slot.key == kFree;
    slot = {key, merge};
    if (is_new && ++num_merges_ * 2 > slots_.size()) resize(slots_.size() * 2);
  }

  Merge find(int32_t left, int32_t right) const {
    return slots_[slot_of(key_of(left, right))].merge;
  }

  void prefetch(int32_t left, int32_t right) const {
    __builtin_prefetch(&slots_[mix_bits(key_of(left, right)) & (slots_.size() - 1)]);
  }
  size_t size() const { return num_merges_; }

 private:
  static constexpr uint64_t kFree = ~uint64_t{0};  // no pair: ids are not negative
  struct Slot {
    uint64_t key = kFree;
    Merge merge;
  };

  static uint64_t key_of(int32_t left, int32_t right) {
    return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
  }
  size_t slot_of(uint64_t key) const {
    const size_t mask = slots_.size() - 1;
    size_t at = mix_bits(key) & mask;
    while (slots_[at].key != key && slots_[at].key != kFree) at = (at + 1) & mask;
    return at;
  }
  void resize(size_t num_slots) {
    std::vector<Slot> old(num_slots);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.key != kFree) slots_[slot_of(slot.key)] = slot;
    }
  }

  std::vector<Slot> slots_;  // a power of two, at most half full
  size_t num_merges_ = 0;
};

}  // namespace lapidary::tokenizer
