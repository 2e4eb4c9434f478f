// The engine's bookkeeping, with decoders whose answers are known.
#include "rollout/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string>

#include "base/error.h"
#include "rollout/toy_decoders.h"

namespace lapidary::rollout {
namespace {

using test::AttendingDecoder;
using test::ScriptedDecoder;

constexpr SamplingOptions kGreedy{.temperature = 0.0};

Request ask(std::vector<int64_t> prompt, Dim max_new_tokens, std::vector<int64_t> stop_ids = {}) {
  Request request;
  request.prompt_ids = std::move(prompt);
  request.sampling = kGreedy;
  request.max_new_tokens = max_new_tokens;
  request.stop_ids = std::move(stop_ids);
  return request;
}

int64_t count_up(int64_t token) {
  return token + 1;
}

std::map<RequestId, Answer> run(Engine& engine) {
  std::map<RequestId, Answer> answers;
  for (int steps = 0; !engine.is_idle() && steps < 10000; ++steps) {
    engine.step();
    engine.check_integrity();
    for (Answer& answer : engine.poll()) answers.emplace(answer.request, std::move(answer));
  }
  EXPECT_TRUE(engine.is_idle());
  return answers;
}

TEST(Engine, EndsAtTheStopIdWhichIsPartOfTheOutput) {
  ScriptedDecoder decoder(count_up);
  Engine engine(decoder, {});
  const auto ids = engine.submit(ask({5, 10}, 20, {99, 13}), std::vector<uint64_t>{0});
  const auto answers = run(engine);
  ASSERT_EQ(answers.size(), 1U);
  const Answer& answer = answers.at(ids[0]);
  EXPECT_EQ(answer.output_ids, (std::vector<int64_t>{11, 12, 13}));
  EXPECT_EQ(answer.finish_reason, FinishReason::kStop);
  ASSERT_EQ(answer.log_probs.size(), 3U);
  EXPECT_NEAR(answer.log_probs[0], 0.0, 1e-6);
  EXPECT_EQ(engine.cache().used_bytes(), 0);
}

TEST(Engine, EndsAtTheLengthAskedFor) {
  ScriptedDecoder decoder(count_up);
  Engine engine(decoder, {});
  const auto one = engine.submit(ask({10}, 1), std::vector<uint64_t>{0});
  const auto four = engine.submit(ask({20}, 4), std::vector<uint64_t>{0});
  const auto answers = run(engine);
  EXPECT_EQ(answers.at(one[0]).output_ids, (std::vector<int64_t>{11}));
  EXPECT_EQ(answers.at(four[0]).output_ids, (std::vector<int64_t>{21, 22, 23, 24}));
  EXPECT_EQ(answers.at(four[0]).finish_reason, FinishReason::kLength);
}

TEST(Engine, EndsAtTheModelsPositionsAndAtTheCachesRoom) {
  ScriptedDecoder short_decoder([](int64_t) { return 7; }, 100, 12);
  Engine by_positions(short_decoder, {});
  auto ids = by_positions.submit(ask({1, 2, 3}, 50), std::vector<uint64_t>{0});
  EXPECT_EQ(run(by_positions).at(ids[0]).output_ids.size(), 9U);

  ScriptedDecoder decoder([](int64_t) { return 7; });
  Engine by_cache(decoder, {.cache_tokens = 64});
  ids = by_cache.submit(ask({1, 2, 3}, 500), std::vector<uint64_t>{0, 1});
  const auto answers = run(by_cache);
  for (const RequestId id : ids) {
    EXPECT_EQ(answers.at(id).output_ids.size(), 61U);
    EXPECT_EQ(answers.at(id).finish_reason, FinishReason::kLength);
  }
}

TEST(Engine, RefusesWhatCannotBeGenerated) {
  ScriptedDecoder decoder(count_up, 100, 12);
  Engine engine(decoder, {});
  const std::vector<uint64_t> streams{0};
  EXPECT_THROW(engine.submit(ask({}, 4), streams), Error);
  EXPECT_THROW(engine.submit(ask({1, 100}, 4), streams), Error);
  EXPECT_THROW(engine.submit(ask({-1}, 4), streams), Error);
  EXPECT_THROW(engine.submit(ask({1}, 0), streams), Error);
  EXPECT_THROW(engine.submit(ask(std::vector<int64_t>(12, 1), 4), streams), Error);
  EXPECT_NO_THROW(engine.submit(ask(std::vector<int64_t>(11, 1), 4), streams));
  Request request = ask({1}, 4);
  request.sampling.top_p = 0.0;
  EXPECT_THROW(engine.submit(request, streams), Error);
  try {
    engine.submit(ask({1, 2, 100}, 4), streams);
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("token 2"), std::string::npos) << error.what();
  }
}

TEST(Engine, AFreedPlaceIsTakenInTheSameStep) {
  ScriptedDecoder decoder(count_up);
  Engine engine(decoder, {.max_running = 2});
  const std::vector<uint64_t> streams{0};
  const RequestId a = engine.submit(ask({10}, 3), streams)[0];
  const RequestId b = engine.submit(ask({20}, 6), streams)[0];
  const RequestId c = engine.submit(ask({30}, 3), streams)[0];
  const auto made = [&] {
    std::vector<std::pair<RequestId, int64_t>> out;
    for (const TokenEvent& event : engine.step()) out.emplace_back(event.request, event.token);
    engine.check_integrity();
    return out;
  };
  using Made = std::vector<std::pair<RequestId, int64_t>>;
  EXPECT_EQ(made(), (Made{{a, 11}, {b, 21}}));
  EXPECT_EQ(made(), (Made{{a, 12}, {b, 22}}));
  EXPECT_EQ(engine.num_waiting(), 1);
  EXPECT_EQ(made(), (Made{{a, 13}, {b, 23}, {c, 31}}));
  EXPECT_EQ(engine.num_waiting(), 0);
  EXPECT_EQ(made(), (Made{{b, 24}, {c, 32}}));
}

TEST(Engine, AnswersOfOnePromptShareItsPrefill) {
  ScriptedDecoder decoder(count_up);
  Engine engine(decoder, {.prefill_chunk_tokens = 8});
  engine.submit(ask(std::vector<int64_t>(20, 10), 3), std::vector<uint64_t>{0, 1, 2, 3});
  EXPECT_EQ(run(engine).size(), 4U);
  Dim prefilled = 0;
  for (const ScriptedDecoder::Call& call : decoder.calls) {
    if (call.rows != LogitRows::kAll) prefilled += call.tokens;
  }
  EXPECT_EQ(prefilled, 20);
  EXPECT_EQ(engine.statistics().prompt_tokens, 20);
  EXPECT_EQ(engine.statistics().shared_prompt_tokens, 60);
  EXPECT_EQ(engine.statistics().generated_tokens, 12);
  EXPECT_EQ(decoder.calls.size(), 3U + 2U);  // 8 + 8 + 4 prompt tokens, then twice four rows
}

TEST(Engine, AGroupLargerThanTheBatchStartsOneByOne) {
  ScriptedDecoder decoder(count_up);
  Engine engine(decoder, {.max_running = 2});
  const auto ids = engine.submit(ask({10, 11}, 4), std::vector<uint64_t>{0, 1, 2, 3, 4, 5, 6});
  const auto after = engine.submit(ask({50}, 2), std::vector<uint64_t>{0});
  const auto answers = run(engine);
  ASSERT_EQ(answers.size(), 8U);
  for (const RequestId id : ids) {
    EXPECT_EQ(answers.at(id).output_ids, (std::vector<int64_t>{12, 13, 14, 15}));
  }
  EXPECT_EQ(answers.at(after[0]).output_ids, (std::vector<int64_t>{51, 52}));
  EXPECT_EQ(engine.statistics().prompt_tokens, 3);
}

TEST(Engine, APoolForOneSequenceStillFinishesAGroup) {
  ScriptedDecoder decoder([](int64_t) { return 7; });
  Engine engine(decoder, {.max_running = 8, .cache_tokens = 8, .page_tokens = 4});
  const auto ids = engine.submit(ask({1, 2, 3, 4, 5}, 3), std::vector<uint64_t>{0, 1, 2});
  const auto answers = run(engine);
  for (const RequestId id : ids) EXPECT_EQ(answers.at(id).output_ids.size(), 3U);
}

TEST(Engine, LongPromptsLeaveTurnsToTheRunning) {
  ScriptedDecoder decoder(count_up);
  Engine engine(decoder, {.prefill_chunk_tokens = 4, .prefill_step_tokens = 8});
  const std::vector<uint64_t> streams{0};
  const RequestId quick = engine.submit(ask({10}, 50), streams)[0];
  engine.step();
  const RequestId slow = engine.submit(ask(std::vector<int64_t>(30, 40), 2), streams)[0];
  for (int step = 0; step < 3; ++step) {  // 8 + 8 + 8 of 30
    const auto events = engine.step();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].request, quick);
  }
  const auto events = engine.step();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].request, quick);
  EXPECT_EQ(events[1].request, slow);
}

TEST(Engine, CancelEndsWhatWaitsWhatIsReadAndWhatRuns) {
  ScriptedDecoder decoder(count_up);
  Engine engine(decoder, {.max_running = 2, .prefill_chunk_tokens = 4, .prefill_step_tokens = 4});
  const std::vector<uint64_t> streams{0};
  const RequestId running = engine.submit(ask({10}, 50), streams)[0];
  engine.step();
  const auto reading =
      engine.submit(ask(std::vector<int64_t>(30, 40), 2), std::vector<uint64_t>{0, 1});
  engine.step();
  const RequestId waiting = engine.submit(ask({60}, 5), streams)[0];
  EXPECT_TRUE(engine.cancel(waiting));
  EXPECT_TRUE(engine.cancel(reading[0]));
  engine.check_integrity();
  EXPECT_TRUE(engine.cancel(reading[1]));
  engine.check_integrity();
  EXPECT_TRUE(engine.finish(running, FinishReason::kStop));
  EXPECT_FALSE(engine.cancel(running));
  EXPECT_FALSE(engine.cancel(12345));
  EXPECT_TRUE(engine.is_idle());
  const auto answers = engine.poll();
  ASSERT_EQ(answers.size(), 4U);
  EXPECT_EQ(answers[0].finish_reason, FinishReason::kAbort);
  EXPECT_TRUE(answers[0].output_ids.empty());
  EXPECT_EQ(answers[3].finish_reason, FinishReason::kStop);
  EXPECT_EQ(answers[3].output_ids, (std::vector<int64_t>{11, 12}));
  EXPECT_EQ(engine.cache().used_bytes(), 0);
  engine.check_integrity();
}

TEST(Engine, CancelAllLeavesNothing) {
  AttendingDecoder decoder(1);
  Engine engine(decoder, {.max_running = 3});
  for (int64_t i = 0; i < 5; ++i) {
    engine.submit(ask({i, 2, 3}, 40), std::vector<uint64_t>{0, 1});
  }
  engine.step();
  engine.cancel_all();
  EXPECT_TRUE(engine.is_idle());
  EXPECT_EQ(engine.poll().size(), 10U);
  EXPECT_EQ(engine.cache().used_bytes(), 0);
  engine.check_integrity();
}

TEST(Engine, TokensCarryTheVersionOfTheWeightsThatMadeThem) {
  ScriptedDecoder decoder(count_up);
  Engine engine(decoder, {});
  const auto ids = engine.submit(ask({10}, 4), std::vector<uint64_t>{0});
  engine.step();
  engine.set_weight_version(5);
  EXPECT_EQ(run(engine).at(ids[0]).weight_versions, (std::vector<int64_t>{0, 5, 5, 5}));
}

TEST(Engine, AKeptSequenceReadsOnAndAnswersAgain) {
  // The second answer equals the one to a prompt of everything so far, and reads only what is new.
  AttendingDecoder decoder(3);
  Engine engine(decoder, {});
  Request request = ask({4, 5, 6, 7, 8, 9, 10, 11, 12}, 6);
  request.keep_open_tokens = 60;
  const auto ids = engine.submit(request, std::vector<uint64_t>{0, 1});
  auto answers = run(engine);
  EXPECT_EQ(answers.at(ids[0]).output_ids, answers.at(ids[1]).output_ids);
  std::vector<int64_t> so_far = request.prompt_ids;
  const auto& first = answers.at(ids[0]).output_ids;
  so_far.insert(so_far.end(), first.begin(), first.end());
  const std::vector<int64_t> more{30, 31, 32};
  so_far.insert(so_far.end(), more.begin(), more.end());
  const int64_t read_before = engine.statistics().prompt_tokens;
  engine.extend(ids[0], more, 8);
  answers = run(engine);
  EXPECT_EQ(engine.statistics().prompt_tokens - read_before, 4);  // and the last token made
  const auto fresh = engine.submit(ask(so_far, 8), std::vector<uint64_t>{0});
  EXPECT_EQ(answers.at(ids[0]).output_ids, run(engine).at(fresh[0]).output_ids);

  EXPECT_THROW(engine.extend(ids[1], std::vector<int64_t>(50, 1), 8), Error);  // no room
  EXPECT_THROW(engine.extend(ids[1], {}, 8), Error);
  engine.close(ids[0]);
  engine.check_integrity();
  EXPECT_GT(engine.cache().used_bytes(), 0);
  engine.close(ids[1]);
  EXPECT_EQ(engine.cache().used_bytes(), 0);
}

TEST(Engine, SequencesKeptOpenHoldTheirPlaces) {
  ScriptedDecoder decoder(count_up);
  Engine engine(decoder, {.max_running = 1});
  Request request = ask({10}, 2);
  request.keep_open_tokens = 40;
  const RequestId kept = engine.submit(request, std::vector<uint64_t>{0})[0];
  run(engine);
  const RequestId other = engine.submit(ask({20}, 2), std::vector<uint64_t>{0})[0];
  EXPECT_TRUE(engine.step().empty());
  EXPECT_FALSE(engine.is_idle());
  engine.extend(kept, std::vector<int64_t>{30}, 2);
  EXPECT_EQ(engine.step().size(), 1U);
  EXPECT_EQ(engine.step().size(), 1U);
  EXPECT_EQ(engine.poll()[0].output_ids, (std::vector<int64_t>{31, 32}));
  engine.extend(kept, std::vector<int64_t>{40}, 2);
  engine.cancel(kept);  // drops it
  engine.check_integrity();
  engine.poll();
  EXPECT_EQ(run(engine).at(other).output_ids, (std::vector<int64_t>{21, 22}));
}

TEST(Engine, ARequestsTokensDoNotDependOnItsCompany) {
  AttendingDecoder decoder(2);
  const auto request = [](int64_t i) {
    Request out = ask({i, 3, 2 * i, 7, i + 1, 9}, 25);
    for (int64_t extra = 0; extra < i % 5; ++extra) out.prompt_ids.push_back(extra + i);
    out.sampling = {.temperature = 1.0, .top_k = i % 2 == 0 ? 0 : 7, .seed = 11};
    return out;
  };
  constexpr int64_t kRequests = 8;
  std::vector<Answer> alone;
  for (int64_t i = 0; i < kRequests; ++i) {
    Engine engine(decoder, {.max_running = 1});
    engine.submit(request(i), std::vector<uint64_t>{static_cast<uint64_t>(i)});
    alone.push_back(run(engine).begin()->second);
  }
  const EngineOptions narrow{.max_running = 3, .decode_rows = 2};
  const EngineOptions wide{.max_running = 12};
  for (const EngineOptions& options : {narrow, wide}) {
    Engine engine(decoder, options);
    std::map<RequestId, size_t> asked;
    for (int64_t i = kRequests - 1; i >= 0; --i) {
      const std::vector<uint64_t> streams{static_cast<uint64_t>(i)};
      asked[engine.submit(request(i), streams)[0]] = static_cast<size_t>(i);
    }
    for (const auto& [id, answer] : run(engine)) {
      EXPECT_EQ(answer.output_ids, alone[asked.at(id)].output_ids);
      EXPECT_EQ(answer.log_probs, alone[asked.at(id)].log_probs);  // every bit
    }
  }
}

TEST(Engine, EveryStreamOfAGroupEqualsThePromptAskedAlone) {
  AttendingDecoder decoder(4);
  Request request = ask({4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}, 20);
  request.sampling = {.seed = 3};
  Engine group(decoder, {.max_running = 2});
  const auto ids = group.submit(request, std::vector<uint64_t>{5, 6, 7});
  const auto answers = run(group);
  for (size_t i = 0; i < 3; ++i) {
    Engine engine(decoder, {});
    engine.submit(request, std::vector<uint64_t>{5 + i});
    const Answer alone = run(engine).begin()->second;
    EXPECT_EQ(answers.at(ids[i]).output_ids, alone.output_ids);
    EXPECT_EQ(answers.at(ids[i]).log_probs, alone.log_probs);
  }
  EXPECT_NE(answers.at(ids[0]).output_ids, answers.at(ids[1]).output_ids);
}

TEST(Engine, NonFiniteLogitsNameTheRequest) {
  class Broken : public ScriptedDecoder {
   public:
    Broken() : ScriptedDecoder(count_up) {}
    at::Tensor logits(const at::Tensor& ids, model::AttentionContext& context,
                      LogitRows rows) override {
      at::Tensor out = ScriptedDecoder::logits(ids, context, rows);
      if (rows == LogitRows::kAll) out.select(0, 1).select(0, 3).fill_(NAN);
      return out;
    }
  };
  Broken decoder;
  Engine engine(decoder, {});
  engine.submit(ask({10}, 5), std::vector<uint64_t>{0});
  engine.submit(ask({20, 21}, 5), std::vector<uint64_t>{0});
  engine.step();
  try {
    engine.step();
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("request 2, position 3"), std::string::npos) << message;
    EXPECT_NE(message.find("token 3"), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace lapidary::rollout
