// The ids of words met lately. Direct-mapped: a word has one place, and a newer word takes it
// over, so memory is fixed and no text can make it slow. A place is one cache line.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace lapidary::tokenizer {

class WordCache {
 public:
  static constexpr size_t kMaxWordBytes = 40;
  static constexpr size_t kMaxIds = 5;

  WordCache() : places_(size_t{1} << kPlaceBits) {}

  // The ids of `word` (not longer than kMaxWordBytes), or none. They last until store().
  std::span<const int32_t> find(std::string_view word, uint64_t hash) const {
    const Place& place = places_[hash >> (64 - kPlaceBits)];
    if (place.num_bytes != word.size() ||
        std::memcmp(place.word.data(), word.data(), word.size()) != 0) {
      return {};
    }
    return {place.ids.data(), place.num_ids};
  }

  void store(std::string_view word, uint64_t hash, std::span<const int32_t> ids) {
    if (ids.size() > kMaxIds) return;
    Place& place = places_[hash >> (64 - kPlaceBits)];
    place.num_bytes = static_cast<uint8_t>(word.size());
    place.num_ids = static_cast<uint8_t>(ids.size());
    std::memcpy(place.word.data(), word.data(), word.size());
    std::memcpy(place.ids.data(), ids.data(), ids.size() * sizeof(int32_t));
  }

 private:
  static constexpr int kPlaceBits = 15;  // 2 MiB
  struct alignas(64) Place {
    std::array<char, kMaxWordBytes> word{};
    std::array<int32_t, kMaxIds> ids{};
    uint8_t num_bytes = 0;
    uint8_t num_ids = 0;
  };
  static_assert(sizeof(Place) == 64);

  std::vector<Place> places_;
};

}  // namespace lapidary::tokenizer
