// Reading and writing rows of the KV cache (kv_cache.h).
#include <ATen/ops/cat.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "rollout/kv_cache.h"

namespace lapidary::rollout {
namespace {

// A stretch of positions that lie one after another in one ring or page.
struct Stretch {
  Dim unit;   // slot or page
  Dim row;    // first row in it
  Dim count;  // rows
};

// Calls each(stretch, begin) for the stretches of positions [begin, end), in order.
template <typename Each>
void for_each_stretch(const KvCache::Storage& storage, Slot slot, std::span<const Dim> blocks,
                      Dim begin, Dim end, const Each& each) {
  while (begin < end) {
    const Dim row = begin % storage.rows;
    const Dim unit = storage.is_ring ? slot : blocks[static_cast<size_t>(begin / storage.rows)];
    const Dim count = std::min(end - begin, storage.rows - row);
    each(Stretch{unit, row, count}, begin);
    begin += count;
  }
}

at::Tensor rows_at(const at::Tensor& side, const Stretch& stretch) {
  return side.select(0, stretch.unit).narrow(0, stretch.row, stretch.count);
}

}  // namespace

void KvCache::write(Dim layer, Slot slot, const at::Tensor& key, const at::Tensor& value) {
  const Storage& to = storage(layer);
  const Sequence& written = sequence(slot);
  const Dim first = written.num_tokens;
  const Dim end = first + key.size(0);
  const Dim begin = to.is_ring ? std::max(first, end - to.rows) : first;
  for_each_stretch(to, slot, written.blocks, begin, end, [&](const Stretch& stretch, Dim at) {
    rows_at(to.key, stretch).copy_(key.narrow(0, at - first, stretch.count));
    rows_at(to.value, stretch).copy_(value.narrow(0, at - first, stretch.count));
  });
}

std::pair<at::Tensor, at::Tensor> KvCache::read(Dim layer, Slot slot, Dim begin, Dim end) const {
  const Storage& from = storage(layer);
  const Sequence& read = sequence(slot);
  LAPIDARY_CHECK(begin >= 0 && begin < end && end <= read.num_tokens, "slot ", slot, ": [", begin,
                 ", ", end, ") of ", read.num_tokens);
  LAPIDARY_CHECK(!from.is_ring || begin >= read.num_tokens - from.rows, "slot ", slot, ": ", begin,
                 " has left the ring of ", from.rows, " at ", read.num_tokens);
  std::vector<at::Tensor> keys;
  std::vector<at::Tensor> values;
  for_each_stretch(from, slot, read.blocks, begin, end, [&](const Stretch& stretch, Dim) {
    keys.push_back(rows_at(from.key, stretch));
    values.push_back(rows_at(from.value, stretch));
  });
  return {at::cat(keys), at::cat(values)};
}

int64_t KvCache::row_of(Dim layer, Slot slot, Dim position) const {
  const Storage& in = storage(layer);
  const Dim unit =
      in.is_ring ? slot : sequence(slot).blocks[static_cast<size_t>(position / in.rows)];
  return unit * in.rows + position % in.rows;
}

void KvCache::append_runs(Dim layer, Slot slot, Dim begin, Dim end,
                          std::vector<ops::CacheRun>& runs) const {
  const Storage& from = storage(layer);
  const Dim row_bytes =
      from.key.size(2) * from.key.size(3) * static_cast<Dim>(from.key.element_size());
  const auto* keys = static_cast<const char*>(from.key.const_data_ptr());
  const auto* values = static_cast<const char*>(from.value.const_data_ptr());
  for_each_stretch(from, slot, sequence(slot).blocks, begin, end, [&](const Stretch& stretch, Dim) {
    const Dim offset = (stretch.unit * from.rows + stretch.row) * row_bytes;
    runs.push_back({keys + offset, values + offset, stretch.count});
  });
}

void KvCache::write_rows(Dim layer, std::span<const Slot> slots, const at::Tensor& key,
                         const at::Tensor& value) {
  const Storage& to = storage(layer);
  const at::Tensor keys = key.contiguous();
  const at::Tensor values = value.contiguous();
  LAPIDARY_CHECK(keys.scalar_type() == to.key.scalar_type(), "keys of another dtype");
  const size_t row_bytes =
      static_cast<size_t>(to.key.size(2) * to.key.size(3)) * to.key.element_size();
  auto* key_rows = static_cast<char*>(to.key.mutable_data_ptr());
  auto* value_rows = static_cast<char*>(to.value.mutable_data_ptr());
  const auto* new_keys = static_cast<const char*>(keys.const_data_ptr());
  const auto* new_values = static_cast<const char*>(values.const_data_ptr());
  for (size_t i = 0; i < slots.size(); ++i) {
    const auto row = static_cast<size_t>(row_of(layer, slots[i], num_tokens(slots[i])));
    std::memcpy(key_rows + row * row_bytes, new_keys + i * row_bytes, row_bytes);
    std::memcpy(value_rows + row * row_bytes, new_values + i * row_bytes, row_bytes);
  }
}

}  // namespace lapidary::rollout
