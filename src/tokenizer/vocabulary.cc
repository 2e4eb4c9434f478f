#include "tokenizer/vocabulary.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace lapidary::tokenizer {
Vocabulary::Vocabulary() : slots_(1024, Slot{0, -1}) {}

size_t Vocabulary::slot_of(std::string_view token, uint32_t hash) const {
  size_t at = hash & mask();
  while (slots_[at].id >= 0 && (slots_[at].hash != hash || text(slots_[at].id) != token)) {
    at = (at + 1) & mask();
  }
  return at;
}

void Vocabulary::resize_slots(size_t num_slots) {
  std::vector<Slot> old(num_slots, Slot{0, -1});
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.id < 0) continue;
    size_t at = slot.hash & mask();
    while (slots_[at].id >= 0) at = (at + 1) & mask();
    slots_[at] = slot;
  }
}

void Vocabulary::reserve(size_t num_tokens) {
  texts_.reserve(num_tokens);
  const size_t num_slots = std::bit_ceil(num_tokens + num_tokens / 2);
  if (num_slots > slots_.size()) resize_slots(num_slots);
}

void Vocabulary::add(std::string_view token, int64_t id, int64_t max_ids) {
  if (id < 0 || id >= max_ids) {
    fail(ErrorKind::kCorrupt, "token ", lapidary::quoted(token), " has the id ", id,
         ", which is out of range: ids are 0 to the number of tokens less one");
  }
  const auto index = static_cast<size_t>(id);
  const uint32_t hash = hash_of(token);
  const size_t slot = slot_of(token, hash);
  if (slots_[slot].id >= 0) {
    fail(ErrorKind::kCorrupt, "token ", lapidary::quoted(token), " appears twice, with the ids ",
         slots_[slot].id, " and ", id);
  }
  if (index < texts_.size() && is_taken_[index]) {
    fail(ErrorKind::kCorrupt, "the id ", id, " is given to two tokens, ",
         lapidary::quoted(texts_[index]), " and ", lapidary::quoted(token));
  }
  if (index >= texts_.size()) {
    texts_.resize(index + 1);
    is_taken_.resize(index + 1);
  }
  texts_[index] = token;
  is_taken_[index] = true;
  slots_[slot] = {hash, static_cast<int32_t>(id)};
  if (++num_tokens_ * 4 > slots_.size() * 3) resize_slots(slots_.size() * 2);
}

void Vocabulary::check_without_holes() const {
  if (num_tokens_ == texts_.size()) return;
  const auto hole = std::find(is_taken_.begin(), is_taken_.end(), false);
  fail(ErrorKind::kCorrupt, "no token has the id ", hole - is_taken_.begin(), ", but ",
       lapidary::quoted(texts_.back()), " has the id ", texts_.size() - 1,
       "; ids must be 0 to the number of tokens less one");
}

std::optional<int32_t> Vocabulary::find(std::string_view token, uint32_t hash) const {
  const Slot& slot = slots_[slot_of(token, hash)];
  if (slot.id < 0) return std::nullopt;
  return slot.id;
}

}  // namespace lapidary::tokenizer
