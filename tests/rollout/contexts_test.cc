// Attention over the cache against attention over the whole sequence.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include <vector>

#include "ops/attention.h"
#include "rollout/decode_context.h"
#include "rollout/kv_cache.h"
#include "rollout/prefill_context.h"
#include "rollout/toy_decoders.h"

namespace lapidary::rollout {
namespace {

// Random queries, keys and values of a sequence for every toy layer, and what attention over the
// whole of it gives.
class Sequence {
 public:
  Sequence(Dim length, uint64_t seed) : length_(length) {
    at::Generator generator = at::detail::createCPUGenerator(seed);
    // Small enough for scores that do not amplify rounding.
    const auto random = [&](Dim heads, Dim head_dim) {
      return at::empty({length, heads, head_dim}, at::TensorOptions(at::kFloat))
          .normal_(0.0, 0.5, generator);
    };
    for (const model::AttentionLayer& layer : layers_) {
      const auto source = static_cast<size_t>(layer.kv_source);
      const bool owns = layer.kv_source == layer.index;
      query.push_back(random(layer.num_heads, layer.head_dim));
      key.push_back(owns ? random(layer.num_kv_heads, layer.head_dim) : key[source]);
      value.push_back(owns ? random(layer.num_kv_heads, layer.head_dim) : value[source]);
      expected.push_back(ops::packed_attention(query.back(), key.back(), value.back(),
                                               ops::PackedRows::self({0, length}), layer.window));
    }
  }
  Dim length() const { return length_; }

  std::vector<at::Tensor> query, key, value, expected;  // [layers]: [length, heads, head_dim]

 private:
  Dim length_;
  std::vector<model::AttentionLayer> layers_ = test::toy_layers();
};

double difference(const at::Tensor& a, const at::Tensor& b) {
  return a.sub(b).abs().max().item<double>();
}

// Prefills [begin, begin + count) and compares every layer's output.
void prefill(KvCache& cache, Slot slot, const Sequence& sequence, Dim count) {
  const Dim begin = cache.num_tokens(slot);
  PrefillContext context(cache, slot, count);
  EXPECT_EQ(context.end_position(), begin + count);
  for (const model::AttentionLayer& layer : test::toy_layers()) {
    const auto i = static_cast<size_t>(layer.index);
    const auto rows = [&](const at::Tensor& all) { return all.narrow(0, begin, count); };
    const at::Tensor out = context.attend(layer, rows(sequence.query[i]), rows(sequence.key[i]),
                                          rows(sequence.value[i]));
    EXPECT_LT(difference(out, rows(sequence.expected[i])), 2e-6)
        << "layer " << i << ", " << count << " tokens from " << begin;
  }
  context.finish();
}

at::Tensor stacked_rows(const std::vector<const Sequence*>& sequences,
                        const std::vector<Dim>& places, std::vector<at::Tensor> Sequence::*member,
                        size_t layer) {
  const at::Tensor& first = (sequences[0]->*member)[layer];
  at::Tensor out =
      at::empty({static_cast<Dim>(places.size()), first.size(1), first.size(2)}, first.options());
  for (size_t i = 0; i < places.size(); ++i) {
    out.select(0, static_cast<Dim>(i)).copy_((sequences[i]->*member)[layer].select(0, places[i]));
  }
  return out;
}

// One decode forward for all slots together. -> the outputs of every layer.
std::vector<at::Tensor> decode(KvCache& cache, const std::vector<Slot>& slots,
                               const std::vector<const Sequence*>& sequences, CacheAccess access) {
  std::vector<Dim> places;
  for (const Slot slot : slots) places.push_back(cache.num_tokens(slot));
  DecodeContext context(cache, slots, access);
  std::vector<at::Tensor> outputs;
  for (const model::AttentionLayer& layer : test::toy_layers()) {
    const auto i = static_cast<size_t>(layer.index);
    outputs.push_back(context.attend(layer, stacked_rows(sequences, places, &Sequence::query, i),
                                     stacked_rows(sequences, places, &Sequence::key, i),
                                     stacked_rows(sequences, places, &Sequence::value, i)));
    EXPECT_LT(difference(outputs.back(), stacked_rows(sequences, places, &Sequence::expected, i)),
              2e-6)
        << "layer " << i << " at position " << places[0];
  }
  context.finish();
  return outputs;
}

KvCache make() {
  return KvCache(test::toy_layers(), {.num_slots = 4, .num_pages = 60, .page_tokens = 4});
}

TEST(PrefillContext, EqualsTheWholeSequenceInChunksOfAnySize) {
  const Sequence sequence(41, 1);
  for (const Dim chunk : {1, 3, 4, 5, 8, 9, 16, 41}) {
    KvCache cache = make();
    const Slot slot = *cache.open(41);
    while (cache.num_tokens(slot) < 41) {
      prefill(cache, slot, sequence, std::min(chunk, 41 - cache.num_tokens(slot)));
    }
    cache.check_integrity();
  }
}

TEST(DecodeContext, EqualsTheWholeSequencePastSeveralWindows) {
  const Sequence sequence(41, 2);
  for (const CacheAccess access : {CacheAccess::kRuns, CacheAccess::kGather}) {
    for (const Dim prompt : {1, 5, 11}) {
      KvCache cache = make();
      const Slot slot = *cache.open(41);
      prefill(cache, slot, sequence, prompt);
      while (cache.num_tokens(slot) < 41) decode(cache, {slot}, {&sequence}, access);
      cache.check_integrity();
    }
  }
}

TEST(DecodeContext, SequencesOfDifferentLengthsDecodeTogether) {
  const Sequence a(41, 3);
  const Sequence b(41, 4);
  const Sequence c(41, 5);
  for (const CacheAccess access : {CacheAccess::kRuns, CacheAccess::kGather}) {
    KvCache cache = make();
    const std::vector<Slot> slots{*cache.open(41), *cache.open(41), *cache.open(41)};
    prefill(cache, slots[0], a, 3);
    prefill(cache, slots[1], b, 17);
    prefill(cache, slots[2], c, 9);
    for (int i = 0; i < 24; ++i) decode(cache, slots, {&a, &b, &c}, access);
    cache.check_integrity();
  }
}

TEST(DecodeContext, ARowHasTheSameBitsAloneAndInABatch) {
  const Sequence a(41, 3);
  const Sequence b(41, 4);
  KvCache together = make();
  KvCache alone = make();
  const std::vector<Slot> slots{*together.open(41), *together.open(41)};
  const Slot slot = *alone.open(41);
  prefill(together, slots[0], b, 6);
  prefill(together, slots[1], a, 10);
  prefill(alone, slot, a, 10);
  for (int i = 0; i < 20; ++i) {
    const auto both = decode(together, slots, {&b, &a}, CacheAccess::kRuns);
    const auto one = decode(alone, {slot}, {&a}, CacheAccess::kRuns);
    for (size_t layer = 0; layer < one.size(); ++layer) {
      EXPECT_TRUE(both[layer].select(0, 1).equal(one[layer].select(0, 0))) << layer;
    }
  }
}

TEST(DecodeContext, AForkGoesOnFromTheSharedPrompt) {
  // a and b agree on the first 14 positions.
  const Sequence a(41, 6);
  Sequence b(41, 7);
  const Sequence own = b;
  for (size_t i = 0; i < b.key.size(); ++i) {
    for (auto member : {&Sequence::query, &Sequence::key, &Sequence::value}) {
      (b.*member)[i] = (own.*member)[i].clone();
      (b.*member)[i].narrow(0, 0, 14).copy_((a.*member)[i].narrow(0, 0, 14));
    }
    const model::AttentionLayer layer = test::toy_layers()[i];
    const auto source = static_cast<size_t>(layer.kv_source);
    b.expected[i] = ops::packed_attention(b.query[i], b.key[source], b.value[source],
                                          ops::PackedRows::self({0, 41}), layer.window);
  }
  KvCache cache = make();
  const Slot parent = *cache.open(41);
  prefill(cache, parent, a, 14);
  const Slot child = *cache.fork(parent, 41);
  prefill(cache, child, b, 3);  // the child reads on while the parent decodes
  for (int i = 0; i < 20; ++i) {
    decode(cache, {parent, child}, {&a, &b}, CacheAccess::kRuns);
    cache.check_integrity();
  }
}

}  // namespace
}  // namespace lapidary::rollout
