#include "rollout/engine_plan.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "rollout/toy_decoders.h"

namespace lapidary::rollout {
namespace {

// What an engine with these options allocates.
int64_t allocated(const Decoder& decoder, const EngineOptions& options) {
  test::ScriptedDecoder copy([](int64_t id) { return id; });
  const Engine engine(copy, options);
  EXPECT_EQ(copy.layers().size(), decoder.layers().size());
  return engine.cache().allocated_bytes();
}

TEST(EnginePlan, TakesNoMoreThanThereIsToDo) {
  const test::ScriptedDecoder decoder([](int64_t id) { return id; });
  const EngineOptions options = plan_engine(
      decoder,
      {.num_answers = 3, .max_sequence_tokens = 70, .max_running = 32, .memory_bytes = 1 << 30});
  EXPECT_EQ(options.max_running, 3);
  EXPECT_EQ(options.max_sequence_tokens, 70);
  EXPECT_EQ(options.cache_tokens, 3 * 96);  // three pages of 32 each
  EXPECT_EQ(plan_engine(decoder, {.num_answers = 99,
                                  .max_sequence_tokens = 5000,
                                  .max_running = 4,
                                  .memory_bytes = 1 << 30})
                .max_sequence_tokens,
            1000);  // the model's positions
}

TEST(EnginePlan, FitsTheMemoryThereIs) {
  const test::ScriptedDecoder decoder([](int64_t id) { return id; });
  int64_t least = 0;
  for (int64_t memory = 1 << 14; memory < (1 << 22); memory = memory * 5 / 4) {
    try {
      const EngineOptions options = plan_engine(decoder, {.num_answers = 100,
                                                          .max_sequence_tokens = 300,
                                                          .max_running = 16,
                                                          .memory_bytes = memory});
      EXPECT_LE(allocated(decoder, options), memory);
      EXPECT_GE(options.cache_tokens, 300);
      EXPECT_GE(options.max_running, 1);
      if (least == 0) least = memory;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kExhausted);
      EXPECT_EQ(least, 0) << "fits " << least << " and not " << memory;
    }
  }
  EXPECT_GT(least, 1 << 14);
}

}  // namespace
}  // namespace lapidary::rollout
