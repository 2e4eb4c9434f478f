// A Python dict: keys of any hashable kind, in the order of insertion.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tokenizer/jinja/value.h"

namespace lapidary::tokenizer::jinja {

class Dict {
 public:
  struct Entry {
    Value key;
    Value value;
    uint64_t hash;
  };

  explicit Dict(Runtime& run) : charge_(run, sizeof(Dict)) {}

  // Replaces the value of an equal key (the key stays as it is). Throws for an unhashable key.
  void set(Runtime& run, Value key, Value value);
  // Throws for an unhashable key.
  const Value* find(Runtime& run, const Value& key) const;
  const Value* find(std::string_view key) const;

  void clear() noexcept;

  const std::vector<Entry>& entries() const { return entries_; }
  int depth() const { return depth_; }

 private:
  size_t slot_of(Runtime& run, const Value& key, uint64_t hash) const;
  void add_to_index(size_t entry);
  std::vector<Entry> entries_;
  std::vector<uint32_t> index_;  // open addressing, entry number + 1; empty while small
  int depth_ = 1;
  Charge charge_;
};

// Equal values hash equally (1, 1.0 and true). Throws TypeError's message for lists and dicts.
uint64_t hash_value(Runtime& run, const Value& value);

}  // namespace lapidary::tokenizer::jinja
