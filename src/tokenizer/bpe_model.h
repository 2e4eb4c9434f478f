// Byte-pair encoding as Hugging Face tokenizers' BPE model does it (models/bpe: merge_word and
// Word::merge_all): a piece of text becomes atoms, then the adjacent pair of lowest rank merges,
// leftmost first, until no pair has a rank.
//
// An atom is what merging starts from: a character that is a token, the byte token "<0xNN>" of
// each byte of one that is not (byte_fallback), or the unknown token.
//
// Where two atoms are such that no merge has the one at the end of its left side and the other at
// the start of its right side, nothing ever merges across them. The piece is cut there into words
// that are encoded alone, most of them from a cache: the same ids, at many times the speed. In
// Gemma's files those places are nearly all the starts of words, of numbers and of lines.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/dim.h"
#include "tokenizer/merge_table.h"
#include "tokenizer/vocabulary.h"
#include "tokenizer/word_cache.h"

namespace lapidary::tokenizer {

struct BpeOptions {
  bool byte_fallback = false;
  bool fuse_unknown = false;  // neighbouring unknown characters become one unknown token
  std::optional<std::string> unknown_token;
};

// Buffers of one caller, kept between calls because of the cache. Belongs to one model.
struct BpeScratch {
  struct Candidate {
    uint32_t rank;
    uint32_t at;  // the left symbol
    int32_t id;
  };
  WordCache cache;
  std::vector<int32_t> symbols;
  std::vector<uint32_t> next;
  std::vector<uint32_t> previous;
  std::vector<Candidate> heap;
};

// Merges as they are read from a file, a few dozen at a time: the look-ups of one batch wait for
// memory together.
class MergeBatch {
 public:
  void add(const Vocabulary& vocabulary, std::string_view left, std::string_view right);
  void clear();
  bool is_full() const { return items_.size() == kMaxMerges; }

 private:
  friend class BpeModel;
  static constexpr size_t kMaxMerges = 64;
  enum Part : size_t { kLeft, kRight, kBoth };
  struct Item {
    size_t begin, middle, end;  // of left and right, side by side in texts_
    std::array<uint32_t, 3> hashes;
    std::array<int32_t, 3> ids{};
  };
  std::string_view text(const Item& item, size_t part) const;
  int32_t find(const Vocabulary& vocabulary, const Item& item, size_t part) const;

  std::string texts_;
  std::vector<Item> items_;
};

class BpeModel {
 public:
  // Throws Error{kCorrupt} when the unknown token is no token, Error{kUnsupported} when the byte
  // tokens are incomplete or when a character could end up as nothing.
  BpeModel(const Vocabulary& vocabulary, const BpeOptions& options);

  // Adds the next merges in rank order; `vocabulary` is the one given at construction. Throws
  // Error{kCorrupt} when a side or the result is no token. Empties the batch.
  void add_merges(const Vocabulary& vocabulary, MergeBatch& batch);

  // Appends the ids of `piece`, well-formed UTF-8. Time is n log n at worst. Throws
  // Error{kInvalidArgument} for 2^31 bytes or more.
  void encode(std::string_view piece, BpeScratch& scratch, std::vector<int32_t>& out) const;

  Dim num_merges() const { return static_cast<Dim>(merges_.size()); }
  bool has_byte_fallback() const { return byte_atoms_[0] >= 0; }

 private:
  // Which pairs of atoms may ever be joined, as a set that may hold too much (a needless join
  // only makes a word longer) but never too little.
  class JoinFilter {
   public:
    void add(int32_t left, int32_t right) { word_of(left, right) |= bit_of(left, right); }
    bool may_join(int32_t left, int32_t right) const {
      return (bits_[hash_of(left, right) >> 6] & bit_of(left, right)) != 0;
    }

   private:
    static constexpr int kBits = 20;  // 128 KiB; Gemma 3 has 33,695 pairs
    static uint64_t hash_of(int32_t left, int32_t right) {
      const uint64_t pair =
          uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
      return (pair * 0x9E3779B97F4A7C15u + (pair >> 32)) * 0xD6E8FEB86659FD93u >> (64 - kBits);
    }
    static uint64_t bit_of(int32_t left, int32_t right) {
      return uint64_t{1} << (hash_of(left, right) & 63);
    }
    uint64_t& word_of(int32_t left, int32_t right) { return bits_[hash_of(left, right) >> 6]; }
    std::vector<uint64_t> bits_ = std::vector<uint64_t>(size_t{1} << (kBits - 6));
  };

  // Code point to atom in pages of 256, page 0 being empty.
  class AtomTable {
   public:
    void set(uint32_t code_point, int32_t id);
    int32_t find(uint32_t code_point) const {  // -1: no token
      return entries_[size_t{page_of_[code_point >> 8]} * 256 + (code_point & 255)];
    }

   private:
    std::vector<uint16_t> page_of_ = std::vector<uint16_t>(0x1100);
    std::vector<int32_t> entries_ = std::vector<int32_t>(256, -1);
  };

  enum class Side { kStart, kEnd };
  using AtomList = std::array<int32_t, 3>;  // -1 where there is none
  void find_byte_atoms(const Vocabulary& vocabulary);
  AtomList atoms_at(Side side, std::string_view token, const Vocabulary& vocabulary) const;
  void add_join(const Vocabulary& vocabulary, std::string_view left, std::string_view right);
  void encode_word(std::string_view word, BpeScratch& scratch, std::vector<int32_t>& out) const;
  size_t merge_short(std::span<int32_t> symbols) const;
  size_t merge_long(BpeScratch& scratch) const;

  AtomTable atoms_;
  std::array<int32_t, 256> byte_atoms_;  // -1 without byte_fallback
  int32_t unknown_ = -1;
  bool fuse_unknown_ = false;
  MergeTable merges_;
  uint32_t num_merges_added_ = 0;  // with pairs that were given twice
  JoinFilter joins_;
};

}  // namespace lapidary::tokenizer
