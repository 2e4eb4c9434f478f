#include "tokenizer/bpe_model.h"

#include <algorithm>

#include "base/check.h"
#include "tokenizer/byte_tokens.h"
#include "tokenizer/hash.h"
#include "tokenizer/utf8.h"

namespace lapidary::tokenizer {
namespace {

constexpr size_t kMaxShortSymbols = 48;  // above, the heap is faster than looking at every pair
constexpr uint32_t kNone = 0xFFFFFFFFu;

}  // namespace

void BpeModel::AtomTable::set(uint32_t code_point, int32_t id) {
  uint16_t& page = page_of_[code_point >> 8];
  if (page == 0) {
    page = static_cast<uint16_t>(entries_.size() / 256);
    entries_.resize(entries_.size() + 256, -1);
  }
  entries_[size_t{page} * 256 + (code_point & 255)] = id;
}

BpeModel::BpeModel(const Vocabulary& vocabulary, const BpeOptions& options)
    : fuse_unknown_(options.fuse_unknown) {
  merges_.reserve(static_cast<size_t>(vocabulary.size()));  // Gemma has twice as many
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    const std::string& text = vocabulary.text(id);
    if (text.empty() || text.size() > 4) continue;
    const CodePoint first = code_point_at(text, 0);
    if (first.num_bytes == text.size()) atoms_.set(first.value, id);
  }
  byte_atoms_.fill(-1);
  if (options.byte_fallback) find_byte_atoms(vocabulary);
  if (options.unknown_token) {
    const std::optional<int32_t> id = vocabulary.find(*options.unknown_token);
    if (!id) {
      fail(ErrorKind::kCorrupt, "unk_token ", lapidary::quoted(*options.unknown_token),
           " is not in the vocabulary");
    }
    unknown_ = *id;
  } else if (!has_byte_fallback()) {
    fail(ErrorKind::kUnsupported,
         "neither byte tokens nor an unk_token: a character outside the vocabulary would vanish");
  }
}

void BpeModel::find_byte_atoms(const Vocabulary& vocabulary) {
  int count = 0;
  for (size_t byte = 0; byte < 256; ++byte) {
    byte_atoms_[byte] = vocabulary.find(byte_token(static_cast<uint8_t>(byte))).value_or(-1);
    if (byte_atoms_[byte] >= 0) ++count;
  }
  if (count > 0 && count < 256) {
    fail(ErrorKind::kUnsupported, "byte_fallback with ", count,
         " of the 256 tokens \"<0x00>\" to \"<0xFF>\"; all or none are supported");
  }
}

// The atoms that a sequence merged into `token` may begin or end with: those whose text is a
// prefix (suffix) of it. Nearly always that is the first (last) character alone.
BpeModel::AtomList BpeModel::atoms_at(Side side, std::string_view token,
                                      const Vocabulary& vocabulary) const {
  AtomList out{-1, -1, -1};
  if (token.empty()) return out;
  const bool at_start = side == Side::kStart;
  out[0] = atoms_.find(at_start ? code_point_at(token, 0).value : last_code_point(token).value);
  if (has_byte_fallback() && token.size() >= kByteTokenSize) {
    const size_t begin = at_start ? 0 : token.size() - kByteTokenSize;
    const std::optional<uint8_t> byte = byte_of_token(token.substr(begin, kByteTokenSize));
    if (byte) out[1] = byte_atoms_[*byte];
  }
  if (unknown_ >= 0) {
    const std::string& text = vocabulary.text(unknown_);
    if (at_start ? token.starts_with(text) : token.ends_with(text)) out[2] = unknown_;
  }
  return out;
}

void MergeBatch::add(const Vocabulary& vocabulary, std::string_view left, std::string_view right) {
  const size_t begin = texts_.size();
  const size_t middle = begin + left.size();
  Item item{begin, middle, middle + right.size(), {}};
  texts_ += left;
  texts_ += right;
  for (const size_t part : {kLeft, kRight, kBoth}) {
    item.hashes[part] = Vocabulary::hash_of(text(item, part));
    vocabulary.prefetch_slot(item.hashes[part]);
  }
  items_.push_back(item);
}

int32_t MergeBatch::find(const Vocabulary& vocabulary, const Item& item, size_t part) const {
  const std::optional<int32_t> id = vocabulary.find(text(item, part), item.hashes[part]);
  if (id) return *id;
  constexpr std::array<const char*, 3> kNames = {"its left side", "its right side",
                                                 "what it makes"};
  fail(ErrorKind::kCorrupt, "the merge of ", lapidary::quoted(text(item, kLeft), 40), " and ",
       lapidary::quoted(text(item, kRight), 40), ": ", kNames[part], " is not in the vocabulary");
}

void MergeBatch::clear() {
  texts_.clear();
  items_.clear();
}

std::string_view MergeBatch::text(const Item& item, size_t part) const {
  const size_t begin = part == kRight ? item.middle : item.begin;
  const size_t end = part == kLeft ? item.middle : item.end;
  return std::string_view(texts_).substr(begin, end - begin);
}

void BpeModel::add_merges(const Vocabulary& vocabulary, MergeBatch& batch) {
  for (const MergeBatch::Item& item : batch.items_) {
    for (const uint32_t hash : item.hashes) vocabulary.prefetch_text(hash);
  }
  const MergeBatch::Item* previous = nullptr;
  for (MergeBatch::Item& item : batch.items_) {
    item.ids[MergeBatch::kLeft] = batch.find(vocabulary, item, MergeBatch::kLeft);
    item.ids[MergeBatch::kRight] = batch.find(vocabulary, item, MergeBatch::kRight);
    // The ways to make one token tend to stand together.
    const bool is_same = previous != nullptr && batch.text(*previous, MergeBatch::kBoth) ==
                                                    batch.text(item, MergeBatch::kBoth);
    item.ids[MergeBatch::kBoth] = is_same ? previous->ids[MergeBatch::kBoth]
                                          : batch.find(vocabulary, item, MergeBatch::kBoth);
    merges_.prefetch(item.ids[MergeBatch::kLeft], item.ids[MergeBatch::kRight]);
    previous = &item;
  }
  for (const MergeBatch::Item& item : batch.items_) {
    const auto [left, right, both] = item.ids;
    merges_.set(left, right, {num_merges_added_++, both});
    add_join(vocabulary, batch.text(item, MergeBatch::kLeft), batch.text(item, MergeBatch::kRight));
  }
  batch.clear();
}

// No atom of `left`'s end may be cut from one of `right`'s start.
void BpeModel::add_join(const Vocabulary& vocabulary, std::string_view left,
                        std::string_view right) {
  for (const int32_t a : atoms_at(Side::kEnd, left, vocabulary)) {
    for (const int32_t b : atoms_at(Side::kStart, right, vocabulary)) {
      if (a >= 0 && b >= 0) joins_.add(a, b);
    }
  }
}

void BpeModel::encode(std::string_view piece, BpeScratch& scratch,
                      std::vector<int32_t>& out) const {
  if (piece.size() >> 31 != 0) {  // positions are 32 bits wide
    fail(ErrorKind::kInvalidArgument, "cannot encode a text of ", piece.size(),
         " bytes (normalized) in one piece; it must have less than 2^31");
  }
  std::vector<int32_t>& symbols = scratch.symbols;
  symbols.clear();
  size_t word_begin = 0;
  const auto put = [&](int32_t atom, size_t at) {
    if (!symbols.empty() && !joins_.may_join(symbols.back(), atom)) {
      encode_word(piece.substr(word_begin, at - word_begin), scratch, out);
      symbols.clear();
      word_begin = at;
    }
    symbols.push_back(atom);
  };
  bool after_unknown = false;
  for (size_t at = 0; at < piece.size();) {
    const CodePoint character = code_point_at(piece, at);
    const int32_t atom = atoms_.find(character.value);
    if (atom >= 0) {
      put(atom, at);
    } else if (has_byte_fallback()) {
      for (size_t i = at; i < at + character.num_bytes; ++i) {
        put(byte_atoms_[static_cast<unsigned char>(piece[i])], i);
      }
    } else if (!(after_unknown && fuse_unknown_)) {
      put(unknown_, at);
    }
    after_unknown = atom < 0;
    at += character.num_bytes;
  }
  if (!symbols.empty()) encode_word(piece.substr(word_begin), scratch, out);
}

void BpeModel::encode_word(std::string_view word, BpeScratch& scratch,
                           std::vector<int32_t>& out) const {
  std::vector<int32_t>& symbols = scratch.symbols;
  if (symbols.size() == 1) {
    out.push_back(symbols[0]);
    return;
  }
  const bool fits_cache = word.size() <= WordCache::kMaxWordBytes;
  const uint64_t hash = fits_cache ? hash_bytes(word) : 0;
  if (fits_cache) {
    const std::span<const int32_t> known = scratch.cache.find(word, hash);
    if (!known.empty()) {
      out.insert(out.end(), known.begin(), known.end());
      return;
    }
  }
  const size_t num_ids =
      symbols.size() <= kMaxShortSymbols ? merge_short(symbols) : merge_long(scratch);
  const std::span<const int32_t> ids(symbols.data(), num_ids);
  out.insert(out.end(), ids.begin(), ids.end());
  if (fits_cache) scratch.cache.store(word, hash, ids);
}

// Merges in place and returns how many symbols are left. Looks at every pair each time: quadratic,
// for few symbols.
size_t BpeModel::merge_short(std::span<int32_t> symbols) const {
  std::array<Merge, kMaxShortSymbols> pairs;  // pairs[i] is of symbols i and i + 1
  size_t count = symbols.size();
  for (size_t i = 0; i + 1 < count; ++i) merges_.prefetch(symbols[i], symbols[i + 1]);
  for (size_t i = 0; i + 1 < count; ++i) pairs[i] = merges_.find(symbols[i], symbols[i + 1]);
  while (count > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < count; ++i) {
      if (pairs[i].rank < pairs[best].rank) best = i;
    }
    if (pairs[best].rank == kNoRank) break;
    symbols[best] = pairs[best].id;
    for (size_t i = best + 1; i + 1 < count; ++i) {
      symbols[i] = symbols[i + 1];
      pairs[i - 1] = pairs[i];
    }
    --count;
    if (best + 1 < count) pairs[best] = merges_.find(symbols[best], symbols[best + 1]);
    if (best > 0) pairs[best - 1] = merges_.find(symbols[best - 1], symbols[best]);
  }
  return count;
}

// The same by a linked list of symbols and a heap of candidate pairs, where a candidate whose
// symbols have changed since is dropped when it comes up.
size_t BpeModel::merge_long(BpeScratch& scratch) const {
  std::vector<int32_t>& symbols = scratch.symbols;
  std::vector<uint32_t>& next = scratch.next;
  std::vector<uint32_t>& previous = scratch.previous;
  std::vector<BpeScratch::Candidate>& heap = scratch.heap;
  const auto count = static_cast<uint32_t>(symbols.size());
  const auto later = [](const BpeScratch::Candidate& a, const BpeScratch::Candidate& b) {
    return a.rank != b.rank ? a.rank > b.rank : a.at > b.at;
  };
  next.resize(count);
  previous.resize(count);
  heap.clear();
  for (uint32_t i = 0; i < count; ++i) {
    next[i] = i + 1 < count ? i + 1 : kNone;
    previous[i] = i > 0 ? i - 1 : kNone;
    if (i + 1 == count) break;
    const Merge merge = merges_.find(symbols[i], symbols[i + 1]);
    if (merge.rank != kNoRank) heap.push_back({merge.rank, i, merge.id});
  }
  std::make_heap(heap.begin(), heap.end(), later);
  const auto offer = [&](uint32_t left) {
    const Merge merge = merges_.find(symbols[left], symbols[next[left]]);
    if (merge.rank == kNoRank) return;
    heap.push_back({merge.rank, left, merge.id});
    std::push_heap(heap.begin(), heap.end(), later);
  };
  constexpr int32_t kGone = -1;
  while (!heap.empty()) {
    const BpeScratch::Candidate top = heap.front();
    std::pop_heap(heap.begin(), heap.end(), later);
    heap.pop_back();
    const uint32_t left = top.at;
    if (symbols[left] == kGone || next[left] == kNone) continue;
    const uint32_t right = next[left];
    if (merges_.find(symbols[left], symbols[right]).rank != top.rank) continue;
    symbols[left] = top.id;
    symbols[right] = kGone;
    next[left] = next[right];
    if (next[left] != kNone) {
      previous[next[left]] = left;
      offer(left);
    }
    if (previous[left] != kNone) offer(previous[left]);
  }
  const auto end = std::remove(symbols.begin(), symbols.end(), kGone);
  return static_cast<size_t>(end - symbols.begin());
}

}  // namespace lapidary::tokenizer
