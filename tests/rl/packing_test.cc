#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/rng.h"
#include "rl/packing/balance.h"
#include "rl/packing/bins.h"
#include "rl/packing/context_slice.h"
#include "rl/packing/flops.h"
#include "rl/packing/schedule.h"

namespace lapidary::rl {
namespace {

std::vector<Dim> random_lengths(uint64_t seed, size_t count, Dim longest) {
  std::vector<Dim> lengths;
  for (size_t i = 0; i < count; ++i) {
    lengths.push_back(1 +
                      static_cast<Dim>(philox_uniform(seed, 0, i) * static_cast<double>(longest)));
  }
  return lengths;
}

std::vector<Dim> iota(size_t count) {
  std::vector<Dim> numbers(count);
  std::iota(numbers.begin(), numbers.end(), Dim{0});
  return numbers;
}

ScheduleOptions schedule_options(Dim batch, Dim ranks, Dim max_tokens) {
  ScheduleOptions options;
  options.global_batch_size = batch;
  options.num_ranks = ranks;
  options.max_tokens = max_tokens;
  options.flops = [](Dim length) { return static_cast<double>(length * (length + 100)); };
  return options;
}

TEST(Schedule, PlacesEverySampleOnceUnderTheCapAndAlikeOnEveryRank) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<Dim> lengths = random_lengths(seed, 64, 300);
    const Dim ranks = 1 + static_cast<Dim>(seed % 4);
    ScheduleOptions options = schedule_options(16, ranks, 256);
    options.balance = seed % 2 == 0 ? StepBalance::kMicroBatches : StepBalance::kNone;
    const Schedule schedule = build_schedule(lengths, iota(64), options);
    std::vector<Dim> placed;
    const Dim micro_batches = std::accumulate(schedule.num_micro_batches.begin(),
                                              schedule.num_micro_batches.end(), Dim{0});
    for (size_t rank = 0; rank < schedule.partitions.size(); ++rank) {
      const std::vector<Dim>& partition = schedule.partitions[rank];
      EXPECT_EQ(static_cast<Dim>(schedule.micro_batches[rank].size()), micro_batches);
      for (const std::vector<Dim>& micro_batch : schedule.micro_batches[rank]) {
        Dim tokens = 0;
        for (const Dim position : micro_batch) {
          placed.push_back(partition[static_cast<size_t>(position)]);
          tokens += lengths[static_cast<size_t>(placed.back())];
        }
        EXPECT_TRUE(tokens <= 256 || micro_batch.size() == 1);
      }
    }
    std::sort(placed.begin(), placed.end());
    EXPECT_EQ(placed, iota(64));
  }
}

TEST(Schedule, SaysWhichFlagToChange) {
  const std::vector<Dim> lengths(6, 10);
  ScheduleOptions options = schedule_options(6, 4, 100);
  options.filling = BinFilling::kFixedCount;
  options.micro_batch_size = 2;
  try {
    build_schedule(lengths, iota(6), options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("--micro-batch-size"), std::string::npos);
  }
  options.global_batch_size = 7;
  EXPECT_THROW(build_schedule(lengths, iota(6), options), Error);
}

TEST(Balance, IsNoWorseThanDealingOutInOrderOfWeight) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    const size_t parts = 2 + seed % 5;
    std::vector<double> weights;
    for (const Dim length : random_lengths(seed, 8 * parts, 1000)) {
      weights.push_back(static_cast<double>(length));
    }
    std::vector<double> sorted = weights;
    std::sort(sorted.begin(), sorted.end());
    std::vector<double> dealt(parts);
    for (size_t i = 0; i < sorted.size(); ++i) {
      dealt[i % parts] += sorted[i];
    }
    std::vector<double> sums;
    for (const std::vector<Dim>& part :
         balance(weights, static_cast<Dim>(parts), PartSize::kEqual)) {
      EXPECT_EQ(part.size(), 8U);
      double sum = 0;
      for (const Dim item : part) {
        sum += weights[static_cast<size_t>(item)];
      }
      sums.push_back(sum);
    }
    EXPECT_LE(*std::max_element(sums.begin(), sums.end()),
              *std::max_element(dealt.begin(), dealt.end()));
  }
}

TEST(Flops, WindowedPairsAreThoseOfTheMask) {
  for (Dim length = 1; length < 20; ++length) {
    for (Dim window = 0; window < 22; ++window) {
      Dim pairs = 0;
      for (Dim query = 0; query < length; ++query) {
        for (Dim key = 0; key <= query; ++key) {
          pairs += window == 0 || query - key < window ? 1 : 0;
        }
      }
      EXPECT_EQ(attended_pairs(length, window), static_cast<double>(pairs))
          << length << " " << window;
    }
  }
}

TEST(Flops, SlidingLayersGrowLinearlyBeyondTheirWindow) {
  ModelShape shape;
  shape.hidden_size = 8;
  LayerShape layer;
  layer.window = 16;
  layer.num_heads = 2;
  layer.num_kv_heads = 1;
  layer.head_dim = 4;
  layer.dense_size = 32;
  shape.layers.assign(3, layer);
  const double step = forward_flops(shape, 200) - forward_flops(shape, 100);
  EXPECT_DOUBLE_EQ(forward_flops(shape, 300) - forward_flops(shape, 200), step);
  shape.layers[2].window = 0;
  EXPECT_GT(forward_flops(shape, 300) - forward_flops(shape, 200), step);
}

TEST(ContextSlice, RanksShareOutEveryPositionAndEveryResponseToken) {
  for (Dim total = 1; total < 40; ++total) {
    for (const Dim ranks : {1, 2, 3, 4, 8}) {
      for (Dim response = 0; response < total; response += 3) {
        std::vector<Dim> positions;
        std::vector<Dim> responses;
        for (Dim rank = 0; rank < ranks; ++rank) {
          const ContextSlice slice = context_slice(total, response, ranks, rank);
          for (const Dim position : slice.positions(total)) {
            if (position >= 0) {
              positions.push_back(position);
            }
          }
          responses.insert(responses.end(), slice.response_indices.begin(),
                           slice.response_indices.end());
        }
        std::sort(positions.begin(), positions.end());
        std::sort(responses.begin(), responses.end());
        EXPECT_EQ(positions, iota(static_cast<size_t>(total)));
        EXPECT_EQ(responses, iota(static_cast<size_t>(response)));
      }
    }
  }
}

TEST(PackBatch, MasksStandAtTheRowsThatPredict) {
  const std::vector<int64_t> tokens = {5, 6, 7, 8};
  const std::vector<int64_t> mask = {1, 0};
  const std::vector<PackedSequence> sequences = {{tokens, mask}};
  const PackedBatch batch = pack_batch(sequences, 1, 0, 8);
  EXPECT_EQ(batch.tokens, (std::vector<int64_t>{5, 6, 7, 8, 0, 0, 0, 0}));
  EXPECT_EQ(batch.loss_mask, (std::vector<int64_t>{0, 1, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(batch.sequence_starts, (std::vector<Dim>{0, 4, 8}));
}

}  // namespace
}  // namespace lapidary::rl
