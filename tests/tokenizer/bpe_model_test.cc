// The fast encoder against the obvious one, on many small random models.
#include "tokenizer/bpe_model.h"

#include <gtest/gtest.h>

#include <map>

#include "base/rng.h"
#include "base/text.h"
#include "tokenizer/byte_tokens.h"
#include "tokenizer/utf8.h"

namespace lapidary::tokenizer {
namespace {

using Ids = std::vector<int32_t>;
using Merges = std::vector<std::pair<std::string, std::string>>;

class Random {
 public:
  explicit Random(uint64_t seed) : seed_(seed) {}
  size_t below(size_t bound) {
    return static_cast<size_t>(philox_uniform(seed_, 0, position_++) * static_cast<double>(bound));
  }
  const std::string& pick(const std::vector<std::string>& choices) {
    return choices[below(choices.size())];
  }

 private:
  uint64_t seed_;
  uint64_t position_ = 0;
};

struct RandomModel {
  Vocabulary vocabulary;
  BpeOptions options;
  Merges merges;
  std::unique_ptr<BpeModel> model;

  void add_token(const std::string& token) {
    if (!vocabulary.find(token)) vocabulary.add(token, vocabulary.size(), 1000);
  }

  // Merges of merges over three letters; with `markup` also over a byte token and the unknown
  // token, whose texts can arise from characters too.
  RandomModel(uint64_t seed, bool markup) {
    Random random(seed);
    options.byte_fallback = random.below(2) == 0;
    options.fuse_unknown = random.below(2) == 0;
    options.unknown_token = "<u>";
    add_token("<u>");
    for (uint32_t byte = 0; byte < 256; ++byte) add_token(byte_token(static_cast<uint8_t>(byte)));
    for (const char* letter : {"a", "b", "c", "<", "u", ">", "0", "x", "6", "4"}) add_token(letter);
    std::vector<std::string> parts = {"a", "b", "c"};
    if (markup) parts.insert(parts.end(), {"<0x64>", "<u>", "<", "0", "x", "6"});
    std::map<std::pair<std::string, std::string>, bool> seen;
    for (size_t i = 3 + random.below(40); i > 0; --i) {
      const std::pair<std::string, std::string> merge(random.pick(parts), random.pick(parts));
      const std::string both = merge.first + merge.second;
      if (both.size() > 20 || seen[merge]) continue;
      seen[merge] = true;
      add_token(both);
      parts.push_back(both);
      merges.push_back(merge);
    }
    model = std::make_unique<BpeModel>(vocabulary, options);
    MergeBatch batch;
    for (const auto& [left, right] : merges) {
      if (batch.is_full()) model->add_merges(vocabulary, batch);
      batch.add(vocabulary, left, right);
    }
    model->add_merges(vocabulary, batch);
  }

  Ids atoms(const std::string& text) const {
    Ids out;
    bool after_unknown = false;
    for (size_t at = 0; at < text.size();) {
      const size_t size = first_character(std::string_view(text).substr(at)).num_bytes;
      const std::string character = text.substr(at, size);
      at += size;
      const std::optional<int32_t> id = vocabulary.find(character);
      if (id) {
        out.push_back(*id);
      } else if (options.byte_fallback) {
        for (const char byte : character) {
          out.push_back(*vocabulary.find(byte_token(static_cast<uint8_t>(byte))));
        }
      } else if (!after_unknown || !options.fuse_unknown) {
        out.push_back(*vocabulary.find("<u>"));
      }
      after_unknown = !id;
    }
    return out;
  }

  // Merge by merge over the whole text, in rank order, each time the first of lowest rank.
  Ids encode_slowly(const std::string& text) const {
    Ids ids = atoms(text);
    while (true) {
      size_t best_rank = merges.size();
      size_t best_at = 0;
      for (size_t at = 0; at + 1 < ids.size(); ++at) {
        for (size_t rank = 0; rank < best_rank; ++rank) {
          if (vocabulary.text(ids[at]) == merges[rank].first &&
              vocabulary.text(ids[at + 1]) == merges[rank].second) {
            best_rank = rank;
            best_at = at;
          }
        }
      }
      if (best_rank == merges.size()) return ids;
      ids[best_at] = *vocabulary.find(merges[best_rank].first + merges[best_rank].second);
      ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(best_at) + 1);
    }
  }
};

std::string random_text(Random& random) {
  static const std::vector<std::string> kParts = {"a", "b", "c", "ab", "<0x64>",   "<u>",
                                                  "d", "<", "0", "x6", "\xC3\xA9", "\xE4\xB8\xAD"};
  const bool letters_only = random.below(2) == 0;
  std::string out;
  for (size_t i = random.below(letters_only ? 120 : 30); i > 0; --i) {
    out += letters_only ? kParts[random.below(3)] : random.pick(kParts);
  }
  return out;
}

void expect_equal_to_slow(bool markup) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const RandomModel random_model(seed, markup);
    BpeScratch scratch;  // kept over the texts: its cache must not change anything
    Random random(1000 + seed);
    for (int i = 0; i < 25; ++i) {
      const std::string text = random_text(random);
      Ids ids;
      random_model.model->encode(text, scratch, ids);
      ASSERT_EQ(ids, random_model.encode_slowly(text)) << "seed " << seed << " text " << text;
    }
  }
}

TEST(BpeModel, EqualsTheObviousAlgorithm) {
  expect_equal_to_slow(false);
}

TEST(BpeModel, EqualsTheObviousAlgorithmWithMergesOfByteAndUnknownTokens) {
  expect_equal_to_slow(true);
}

TEST(BpeModel, AMergeGivenTwiceHasItsLaterRank) {
  Vocabulary vocabulary;
  for (const char* token : {"<u>", "a", "b", "ab", "ba"}) {
    vocabulary.add(token, vocabulary.size(), 10);
  }
  BpeModel model(vocabulary, {false, false, "<u>"});
  MergeBatch batch;
  batch.add(vocabulary, "a", "b");
  batch.add(vocabulary, "b", "a");
  batch.add(vocabulary, "a", "b");
  model.add_merges(vocabulary, batch);
  BpeScratch scratch;
  Ids ids;
  model.encode("aba", scratch, ids);
  EXPECT_EQ(ids, (Ids{1, 4}));
  EXPECT_EQ(model.num_merges(), 2);
}

}  // namespace
}  // namespace lapidary::tokenizer
