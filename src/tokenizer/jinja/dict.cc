#include "tokenizer/jinja/dict.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

#include "tokenizer/jinja/failure.h"
#include "tokenizer/jinja/object.h"
#include "tokenizer/jinja/operators.h"

namespace lapidary::tokenizer::jinja {
namespace {

constexpr size_t kIndexFrom = 8;  // entries from which on there is an index
constexpr size_t kNotFound = static_cast<size_t>(-1);

uint64_t mix(uint64_t hash) {
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  return hash;
}

uint64_t hash_integer(Integer number) {
  return mix(static_cast<uint64_t>(number) ^ static_cast<uint64_t>(number >> 64));
}

uint64_t hash_float(double number) {
  constexpr double kLargest = 1e38;
  if (std::nearbyint(number) == number && std::fabs(number) < kLargest) {
    return hash_integer(static_cast<Integer>(number));
  }
  return mix(std::hash<double>()(number));
}

uint64_t hash_text(std::string_view text) {
  return mix(std::hash<std::string_view>()(text));
}

}  // namespace

uint64_t hash_value(Runtime& run, const Value& value) {
  run.step();
  switch (value.kind()) {
    case Value::Kind::kBool:
    case Value::Kind::kInteger:
      return hash_integer(value.integer());
    case Value::Kind::kFloat:
      return hash_float(value.floating());
    case Value::Kind::kText:
      run.step_bytes(value.text()->bytes.size());
      return hash_text(value.text()->bytes);
    case Value::Kind::kTuple: {
      uint64_t hash = 0x9e3779b97f4a7c15ULL;
      for (const Value& item : *value.items()) hash = mix(hash * 31 + hash_value(run, item));
      return hash;
    }
    case Value::Kind::kList:
    case Value::Kind::kDict:
      fail_type("unhashable type: '", type_name(value), "'");
    case Value::Kind::kObject:
      return mix(reinterpret_cast<uintptr_t>(value.object()));
    default:
      return mix(static_cast<uint64_t>(value.kind()));
  }
}

size_t Dict::slot_of(Runtime& run, const Value& key, uint64_t hash) const {
  const auto matches = [&](const Entry& entry) {
    return entry.hash == hash && equals(run, entry.key, key);
  };
  if (index_.empty()) {
    for (size_t i = 0; i < entries_.size(); ++i) {
      if (matches(entries_[i])) return i;
    }
    return kNotFound;
  }
  const size_t mask = index_.size() - 1;
  for (size_t at = hash & mask; index_[at] != 0; at = (at + 1) & mask) {
    run.step();
    if (matches(entries_[index_[at] - 1])) return index_[at] - 1;
  }
  return kNotFound;
}

void Dict::add_to_index(size_t entry) {
  const size_t mask = index_.size() - 1;
  size_t at = entries_[entry].hash & mask;
  while (index_[at] != 0) at = (at + 1) & mask;
  index_[at] = static_cast<uint32_t>(entry + 1);
}

void Dict::set(Runtime& run, Value key, Value value) {
  const uint64_t hash = hash_value(run, key);
  const int depth = std::max(key.depth(), value.depth());
  if (depth >= kMaxValueDepth) {
    fail_type("a value is nested deeper than ", kMaxValueDepth, " levels");
  }
  depth_ = std::max(depth_, depth + 1);
  const size_t found = slot_of(run, key, hash);
  if (found != kNotFound) {
    entries_[found].value = std::move(value);
    return;
  }
  charge_.grow(2 * sizeof(Entry));
  entries_.push_back({std::move(key), std::move(value), hash});
  if (entries_.size() <= kIndexFrom) return;
  if (entries_.size() * 2 <= index_.size()) {
    add_to_index(entries_.size() - 1);
    return;
  }
  index_.assign(std::bit_ceil(4 * entries_.size()), 0);
  for (size_t i = 0; i < entries_.size(); ++i) add_to_index(i);
}

void Dict::clear() noexcept {
  index_.clear();
  entries_.clear();
}

const Value* Dict::find(Runtime& run, const Value& key) const {
  const size_t found = slot_of(run, key, hash_value(run, key));
  return found == kNotFound ? nullptr : &entries_[found].value;
}

const Value* Dict::find(std::string_view key) const {
  const uint64_t hash = hash_text(key);
  const auto matches = [&](const Entry& entry) {
    return entry.hash == hash && entry.key.is_text() && entry.key.text()->bytes == key;
  };
  if (index_.empty()) {
    const auto found = std::find_if(entries_.begin(), entries_.end(), matches);
    return found == entries_.end() ? nullptr : &found->value;
  }
  const size_t mask = index_.size() - 1;
  for (size_t at = hash & mask; index_[at] != 0; at = (at + 1) & mask) {
    const Entry& entry = entries_[index_[at] - 1];
    if (matches(entry)) return &entry.value;
  }
  return nullptr;
}

}  // namespace lapidary::tokenizer::jinja
