// The two-way table of tokens and ids: texts in a vector, ids in a flat hash table that holds no
// text of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/dim.h"
#include "tokenizer/hash.h"

namespace lapidary::tokenizer {

class Vocabulary {
 public:
  Vocabulary();

  // Room for that many tokens, as a hint.
  void reserve(size_t num_tokens);

  // Throws Error{kCorrupt} when the token or the id is there already, or when the id is negative
  // or not below `max_ids`. Ids may come in any order.
  void add(std::string_view token, int64_t id, int64_t max_ids);

  // Throws Error{kCorrupt} unless the ids are 0 to size()-1, each once.
  void check_without_holes() const;

  Dim size() const { return static_cast<Dim>(texts_.size()); }
  const std::string& text(int32_t id) const { return texts_[static_cast<size_t>(id)]; }
  std::optional<int32_t> find(std::string_view token) const { return find(token, hash_of(token)); }

  // For many look-ups at a time, whose waits for memory then overlap: hash_of and prefetch_slot
  // for all, prefetch_text for all, find for all.
  static uint32_t hash_of(std::string_view token) {
    return static_cast<uint32_t>(hash_bytes(token));
  }
  void prefetch_slot(uint32_t hash) const { __builtin_prefetch(&slots_[hash & mask()]); }
  void prefetch_text(uint32_t hash) const {
    const int32_t id = slots_[hash & mask()].id;
    if (id >= 0) __builtin_prefetch(&texts_[static_cast<size_t>(id)]);
  }
  std::optional<int32_t> find(std::string_view token, uint32_t hash) const;

 private:
  struct Slot {
    uint32_t hash;
    int32_t id;  // -1: free
  };
  size_t mask() const { return slots_.size() - 1; }
  // The slot of `token`, or the free one where it belongs.
  size_t slot_of(std::string_view token, uint32_t hash) const;
  void resize_slots(size_t num_slots);

  std::vector<std::string> texts_;  // by id
  std::vector<bool> is_taken_;      // by id: an id below size() that no token has yet is a hole
  std::vector<Slot> slots_;         // a power of two, at most 3/4 full
  size_t num_tokens_ = 0;
};

}  // namespace lapidary::tokenizer
