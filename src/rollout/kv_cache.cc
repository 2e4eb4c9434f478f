#include "rollout/kv_cache.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace lapidary::rollout {
namespace {

bool owns_keys(const model::AttentionLayer& layer) {
  return layer.kv_source == layer.index;
}

Dim rows_of_unit(const model::AttentionLayer& layer, const KvCacheOptions& options) {
  if (layer.window == 0) return options.page_tokens;
  if (options.max_sequence_tokens == 0) return layer.window;
  return std::min(layer.window, options.max_sequence_tokens);
}

int64_t unit_bytes(const model::AttentionLayer& layer, const KvCacheOptions& options) {
  return 2 * rows_of_unit(layer, options) * layer.num_kv_heads * layer.head_dim *
         static_cast<int64_t>(c10::elementSize(options.dtype));
}

}  // namespace

KvCacheCost kv_cache_cost(std::span<const model::AttentionLayer> layers,
                          const KvCacheOptions& options) {
  KvCacheCost cost;
  for (const model::AttentionLayer& layer : layers) {
    if (!owns_keys(layer)) continue;
    (layer.window > 0 ? cost.slot_bytes : cost.page_bytes) += unit_bytes(layer, options);
  }
  return cost;
}

KvCache::KvCache(std::vector<model::AttentionLayer> layers, const KvCacheOptions& options)
    : layers_(std::move(layers)),
      options_(options),
      storage_(layers_.size()),
      is_donor_(layers_.size(), false),
      pages_(options.num_pages),
      sequences_(static_cast<size_t>(options.num_slots)) {
  LAPIDARY_CHECK(options.num_slots > 0 && options.num_pages >= 0 && options.page_tokens > 0,
                 options.num_slots, " slots, ", options.num_pages, " pages of ",
                 options.page_tokens);
  const KvCacheCost cost = kv_cache_cost(layers_, options_);
  slot_bytes_ = cost.slot_bytes;
  page_bytes_ = cost.page_bytes;
  const auto tensor_options = at::TensorOptions().dtype(options.dtype).device(options.device);
  for (size_t i = 0; i < layers_.size(); ++i) {
    const model::AttentionLayer& layer = layers_[i];
    LAPIDARY_CHECK(layer.index == static_cast<Dim>(i), "layer ", layer.index, " at place ", i);
    if (!owns_keys(layer)) {
      is_donor_.at(static_cast<size_t>(layer.kv_source)) = true;
      continue;
    }
    Storage& storage = storage_[i];
    storage.is_ring = layer.window > 0;
    storage.rows = rows_of_unit(layer, options_);
    has_pages_ |= !storage.is_ring;
    const Dim units = storage.is_ring ? options.num_slots : options.num_pages;
    const std::vector<Dim> shape{units, storage.rows, layer.num_kv_heads, layer.head_dim};
    storage.key = at::empty(shape, tensor_options);
    storage.value = at::empty(shape, tensor_options);
  }
  for (Slot slot = options.num_slots - 1; slot >= 0; --slot) free_slots_.push_back(slot);
}

KvCache::Sequence& KvCache::sequence(Slot slot) {
  return const_cast<Sequence&>(static_cast<const KvCache*>(this)->sequence(slot));
}

const KvCache::Sequence& KvCache::sequence(Slot slot) const {
  LAPIDARY_CHECK(slot >= 0 && slot < options_.num_slots, "slot ", slot, " of ", options_.num_slots);
  const Sequence& found = sequences_[static_cast<size_t>(slot)];
  LAPIDARY_CHECK(found.is_open, "slot ", slot, " is not open");
  return found;
}

const KvCache::Storage& KvCache::storage(Dim layer) const {
  const Storage& found = storage_[static_cast<size_t>(layer)];
  LAPIDARY_CHECK(found.rows > 0, "layer ", layer, " uses the keys of another layer");
  return found;
}

Dim KvCache::pages_for(Dim tokens) const {
  return has_pages_ ? (tokens + options_.page_tokens - 1) / options_.page_tokens : 0;
}

Dim KvCache::max_tokens() const {
  const Dim in_pages =
      has_pages_ ? options_.num_pages * options_.page_tokens : std::numeric_limits<Dim>::max();
  return options_.max_sequence_tokens > 0 ? std::min(in_pages, options_.max_sequence_tokens)
                                          : in_pages;
}

Slot KvCache::take_slot(Dim max_pages) {
  const Slot slot = free_slots_.back();
  free_slots_.pop_back();
  sequences_[static_cast<size_t>(slot)] = Sequence{true, 0, max_pages, {}};
  return slot;
}

std::optional<Slot> KvCache::open(Dim max_tokens) {
  LAPIDARY_CHECK(max_tokens > 0, max_tokens, " tokens");
  const Dim pages = pages_for(max_tokens);
  if (free_slots_.empty() || !can_set_aside(pages)) return std::nullopt;
  set_aside_ += pages;
  return take_slot(pages);
}

std::optional<Slot> KvCache::fork(Slot parent, Dim max_tokens) {
  const Sequence& source = sequence(parent);
  LAPIDARY_CHECK(max_tokens >= source.num_tokens, "room for ", max_tokens, " of ",
                 source.num_tokens, " tokens");
  const Dim pages = pages_for(max_tokens);
  const Dim full = has_pages_ ? source.num_tokens / options_.page_tokens : 0;
  if (free_slots_.empty() || !can_set_aside(pages - full)) return std::nullopt;
  set_aside_ += pages - full;
  const Slot slot = take_slot(pages);
  Sequence& copy = sequence(slot);
  for (size_t i = 0; i < static_cast<size_t>(full); ++i) {
    pages_.share(source.blocks[i]);
    copy.blocks.push_back(source.blocks[i]);
  }
  take_pages(copy, source.num_tokens);
  if (full < pages_for(source.num_tokens)) {
    const Dim from = source.blocks[static_cast<size_t>(full)];
    const Dim to = copy.blocks.back();
    for (Storage& storage : storage_) {
      if (storage.rows == 0 || storage.is_ring) continue;
      storage.key.select(0, to).copy_(storage.key.select(0, from));
      storage.value.select(0, to).copy_(storage.value.select(0, from));
    }
  }
  copy.num_tokens = source.num_tokens;
  copy_rings(parent, slot, source.num_tokens);
  return slot;
}

void KvCache::copy_rings(Slot from, Slot to, Dim num_tokens) {
  for (Storage& storage : storage_) {
    if (!storage.is_ring) continue;
    const Dim rows = std::min(storage.rows, num_tokens);
    for (at::Tensor* side : {&storage.key, &storage.value}) {
      side->select(0, to).narrow(0, 0, rows).copy_(side->select(0, from).narrow(0, 0, rows));
    }
  }
}

bool KvCache::reserve(Slot slot, Dim max_tokens) {
  Sequence& reserved = sequence(slot);
  const Dim more = pages_for(max_tokens) - reserved.max_pages;
  if (more <= 0) return true;
  if (!can_set_aside(more)) return false;
  reserved.max_pages += more;
  set_aside_ += more;
  return true;
}

void KvCache::close(Slot slot) {
  Sequence& closed = sequence(slot);
  for (const Dim page : closed.blocks) pages_.release(page);
  set_aside_ -= closed.max_pages - static_cast<Dim>(closed.blocks.size());
  closed = Sequence{};
  const auto place = std::upper_bound(free_slots_.begin(), free_slots_.end(), slot,
                                      [](Slot a, Slot b) { return a > b; });
  free_slots_.insert(place, slot);
}

void KvCache::take_pages(Sequence& grown, Dim tokens) {
  const Dim needed = pages_for(tokens);
  LAPIDARY_CHECK(needed <= grown.max_pages, tokens, " tokens need ", needed, " pages, ",
                 grown.max_pages, " are set aside");
  while (static_cast<Dim>(grown.blocks.size()) < needed) {
    grown.blocks.push_back(pages_.acquire());
    --set_aside_;
  }
}

void KvCache::begin_append(Slot slot, Dim count) {
  Sequence& grown = sequence(slot);
  const Dim tokens = grown.num_tokens + count;
  LAPIDARY_CHECK(options_.max_sequence_tokens == 0 || tokens <= options_.max_sequence_tokens,
                 "slot ", slot, ": ", tokens, " tokens of ", options_.max_sequence_tokens);
  take_pages(grown, tokens);
}

void KvCache::finish_append(Slot slot, Dim count) {
  Sequence& grown = sequence(slot);
  grown.num_tokens += count;
  LAPIDARY_CHECK(pages_for(grown.num_tokens) <= static_cast<Dim>(grown.blocks.size()), "slot ",
                 slot, ": ", grown.num_tokens, " tokens in ", grown.blocks.size(), " pages");
}

int64_t KvCache::allocated_bytes() const {
  return slot_bytes_ * options_.num_slots + page_bytes_ * options_.num_pages;
}

int64_t KvCache::used_bytes() const {
  return slot_bytes_ * (options_.num_slots - num_free_slots()) +
         page_bytes_ * (options_.num_pages - num_free_pages());
}

void KvCache::check_integrity() const {
  pages_.check_integrity();
  std::vector<Dim> references(static_cast<size_t>(options_.num_pages), 0);
  std::vector<bool> is_free(static_cast<size_t>(options_.num_slots), false);
  for (const Slot slot : free_slots_) {
    LAPIDARY_CHECK(!is_free[static_cast<size_t>(slot)], "slot ", slot, " is free twice");
    is_free[static_cast<size_t>(slot)] = true;
  }
  Dim set_aside = 0;
  for (size_t i = 0; i < sequences_.size(); ++i) {
    const Sequence& found = sequences_[i];
    LAPIDARY_CHECK(found.is_open != is_free[i], "slot ", i, " is open and free, or neither");
    const auto blocks = static_cast<Dim>(found.blocks.size());
    LAPIDARY_CHECK(blocks <= found.max_pages, "slot ", i, ": ", blocks, " pages, ", found.max_pages,
                   " were set aside");
    LAPIDARY_CHECK(pages_for(found.num_tokens) <= blocks, "slot ", i, ": ", found.num_tokens,
                   " tokens in ", blocks, " pages");
    set_aside += found.max_pages - blocks;
    for (size_t block = 0; block < found.blocks.size(); ++block) {
      const Dim page = found.blocks[block];
      LAPIDARY_CHECK(page >= 0 && page < options_.num_pages, "slot ", i, ": page ", page);
      const bool is_full = static_cast<Dim>(block + 1) * options_.page_tokens <= found.num_tokens;
      LAPIDARY_CHECK(is_full || pages_.references(page) == 1, "slot ", i, ": page ", page,
                     " is still being filled and shared");
      ++references[static_cast<size_t>(page)];
    }
  }
  for (Dim page = 0; page < options_.num_pages; ++page) {
    LAPIDARY_CHECK(pages_.references(page) == references[static_cast<size_t>(page)], "page ", page,
                   ": counted ", pages_.references(page), ", used by ",
                   references[static_cast<size_t>(page)]);
  }
  LAPIDARY_CHECK(set_aside == set_aside_ && set_aside_ <= pages_.num_free(), set_aside_,
                 " pages set aside, sequences say ", set_aside, ", free are ", pages_.num_free());
}

}  // namespace lapidary::rollout
