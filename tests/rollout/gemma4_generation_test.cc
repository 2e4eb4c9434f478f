// Generation from the cache against Hugging Face's values and against full recomputation, on all
// fixture models.
#include <ATen/core/Tensor.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "checkpoint/hf_checkpoint.h"
#include "checkpoint/safetensors_file.h"
#include "model/gemma4/model.h"
#include "rollout/decode_context.h"
#include "rollout/engine.h"
#include "rollout/gemma4_decoder.h"
#include "rollout/prefill_context.h"
#include "support/paths.h"

namespace lapidary::rollout {
namespace {

// Of the largest logit: what two ways to compute the same function in fp32 may differ by.
constexpr double kRelative = 1e-5;

std::vector<int64_t> to_vector(const at::Tensor& ids) {
  const at::Tensor host = ids.contiguous();
  return {host.const_data_ptr<int64_t>(), host.const_data_ptr<int64_t>() + host.numel()};
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return a.sub(b).abs().max().item<double>();
}

class Gemma4Generation : public ::testing::TestWithParam<const char*> {
 protected:
  Gemma4Generation()
      : folder_(test::project_path(std::string("tests/data/gemma4-fixtures/") + GetParam())),
        expected_(checkpoint::SafetensorsFile::open(folder_ + "/expected.safetensors")),
        model_(model::Gemma4Model::load(*checkpoint::HfCheckpoint::open(folder_),
                                        {.dtype = c10::kFloat, .device = c10::kCPU})),
        decoder_(model_) {}

  at::Tensor expected(const std::string& name) const {
    return expected_->view(expected_->at(name)).clone();
  }

  // More than three windows long.
  at::Tensor longest_sequence() const {
    at::Tensor longest;
    for (int i = 0; expected_->header().find("seq" + std::to_string(i) + ".input_ids"); ++i) {
      const at::Tensor ids = expected("seq" + std::to_string(i) + ".input_ids");
      if (!longest.defined() || ids.size(0) > longest.size(0)) longest = ids;
    }
    EXPECT_GT(longest.size(0), 3 * model_.config().sliding_window);
    return longest;
  }

  // Logits [tokens, vocab_size] of a whole sequence in one forward without a cache.
  at::Tensor recomputed(const at::Tensor& ids) {
    model::PackedContext context({0, ids.size(0)}, c10::kCPU);
    return model_.logits(model_.hidden(ids, context));
  }

  KvCache cache(Dim num_slots, Dim tokens, Dim page_tokens) {
    return KvCache(decoder_.layers(), {.num_slots = num_slots,
                                       .num_pages = num_slots * (tokens / page_tokens + 1),
                                       .page_tokens = page_tokens,
                                       .max_sequence_tokens = tokens});
  }

  Request greedy(std::vector<int64_t> prompt, Dim max_new_tokens) const {
    Request request;
    request.prompt_ids = std::move(prompt);
    request.sampling.temperature = 0.0;
    request.max_new_tokens = max_new_tokens;
    return request;
  }

  std::string folder_;
  std::shared_ptr<const checkpoint::SafetensorsFile> expected_;
  model::Gemma4Model model_;
  Gemma4Decoder decoder_;
};

std::map<RequestId, Answer> run(Engine& engine) {
  std::map<RequestId, Answer> answers;
  while (!engine.is_idle()) {
    engine.step();
    engine.check_integrity();
    for (Answer& answer : engine.poll()) answers.emplace(answer.request, std::move(answer));
  }
  return answers;
}

TEST_P(Gemma4Generation, GreedyTokensAndLogProbsAreThoseOfHuggingFace) {
  const std::vector<int64_t> prompt = to_vector(expected("gen.prompt_ids"));
  const std::vector<int64_t> tokens = to_vector(expected("gen.new_ids"));
  const at::Tensor log_probs = expected("gen.logprobs");
  for (const Dim chunk : {2, 512}) {
    Engine engine(decoder_, {.page_tokens = 4, .prefill_chunk_tokens = chunk});
    engine.submit(greedy(prompt, static_cast<Dim>(tokens.size())), std::vector<uint64_t>{0});
    const Answer answer = run(engine).begin()->second;
    EXPECT_EQ(answer.output_ids, tokens) << "chunks of " << chunk;
    EXPECT_EQ(answer.finish_reason, FinishReason::kLength);
    ASSERT_EQ(answer.log_probs.size(), tokens.size());
    for (size_t i = 0; i < tokens.size(); ++i) {
      EXPECT_NEAR(answer.log_probs[i], log_probs.const_data_ptr<float>()[i], 1e-4) << i;
    }
  }
}

TEST_P(Gemma4Generation, GreedyTokensEqualFullRecomputationFarPastTheWindow) {
  std::vector<int64_t> ids = to_vector(expected("gen.prompt_ids"));
  const size_t prompt = ids.size();
  Engine engine(decoder_, {});
  engine.submit(greedy(ids, 90), std::vector<uint64_t>{0});
  const Answer answer = run(engine).begin()->second;
  ASSERT_EQ(answer.output_ids.size(), 90U);
  ids.insert(ids.end(), answer.output_ids.begin(), answer.output_ids.end());
  EXPECT_GT(static_cast<Dim>(ids.size()), 5 * model_.config().sliding_window);
  at::Tensor sequence = expected("gen.prompt_ids").new_empty({static_cast<Dim>(ids.size())});
  std::copy(ids.begin(), ids.end(), sequence.mutable_data_ptr<int64_t>());
  const at::Tensor logits = recomputed(sequence);
  const at::Tensor log_probs = logits.log_softmax(-1);
  for (size_t i = prompt; i < ids.size(); ++i) {
    const at::Tensor row = log_probs.select(0, static_cast<Dim>(i) - 1);
    const double chosen = row.select(0, ids[i]).item<double>();
    // The token is the best, or within rounding of it.
    EXPECT_GE(chosen, row.max().item<double>() - 1e-4) << "position " << i;
    EXPECT_NEAR(chosen, answer.log_probs[i - prompt], 1e-4) << "position " << i;
  }
}

TEST_P(Gemma4Generation, CachedLogitsEqualRecomputedOnesForAnyChunks) {
  const at::Tensor ids = longest_sequence();
  const Dim length = ids.size(0);
  const at::Tensor whole = recomputed(ids);
  const double scale = whole.abs().max().item<double>();
  const c10::InferenceMode no_gradients;
  double worst = 0.0;
  struct Cut {
    Dim prefilled;
    Dim chunk;
  };
  for (const Cut cut : {Cut{1, 1}, Cut{length / 2, 3}, Cut{length - 2, 13}, Cut{length, length}}) {
    for (const CacheAccess access : {CacheAccess::kRuns, CacheAccess::kGather}) {
      KvCache kv = cache(1, length, 8);
      const Slot slot = *kv.open(length);
      while (kv.num_tokens(slot) < cut.prefilled) {
        const Dim begin = kv.num_tokens(slot);
        const Dim count = std::min(cut.chunk, cut.prefilled - begin);
        PrefillContext context(kv, slot, count);
        const at::Tensor logits =
            decoder_.logits(ids.narrow(0, begin, count), context, LogitRows::kAll);
        context.finish();
        worst = std::max(worst, difference(logits, whole.narrow(0, begin, count)));
      }
      while (kv.num_tokens(slot) < length) {
        const Dim begin = kv.num_tokens(slot);
        DecodeContext context(kv, {slot}, access);
        const at::Tensor logits =
            decoder_.logits(ids.narrow(0, begin, 1), context, LogitRows::kAll);
        context.finish();
        worst = std::max(worst, difference(logits, whole.narrow(0, begin, 1)));
      }
      kv.check_integrity();
    }
  }
  RecordProperty("worst_relative", std::to_string(worst / scale));
  EXPECT_LT(worst, kRelative * scale);
}

TEST_P(Gemma4Generation, TokensAndLogProbsHaveTheSameBitsInAnyCompany) {
  const auto request = [&](int64_t i) {
    Request out = greedy({2, 5 + i, 9, 40 + 3 * i, 7}, 24);
    for (int64_t extra = 0; extra < 3 * (i % 4); ++extra) out.prompt_ids.push_back(20 + extra);
    out.sampling = {.temperature = 1.0, .seed = 42};
    return out;
  };
  constexpr int64_t kRequests = 9;
  std::vector<Answer> alone;
  for (int64_t i = 0; i < kRequests; ++i) {
    Engine engine(decoder_, {.max_running = 1});
    engine.submit(request(i), std::vector<uint64_t>{static_cast<uint64_t>(i)});
    alone.push_back(run(engine).begin()->second);
  }
  Engine engine(decoder_, {.max_running = 4, .decode_rows = 3});
  Engine wide(decoder_, {.max_running = 32});
  for (Engine* company : {&engine, &wide}) {
    for (int64_t i = 0; i < kRequests; ++i) {
      company->submit(request(i), std::vector<uint64_t>{static_cast<uint64_t>(i)});
    }
    const auto answers = run(*company);
    for (size_t i = 0; i < kRequests; ++i) {
      EXPECT_EQ(answers.at(i + 1).output_ids, alone[i].output_ids) << i;
      EXPECT_EQ(answers.at(i + 1).log_probs, alone[i].log_probs) << i;  // every bit
    }
  }
}

TEST_P(Gemma4Generation, AnswersOfAGroupEqualThoseAskedOneByOne) {
  Request request = greedy(to_vector(longest_sequence().narrow(0, 0, 21)), 16);
  request.sampling = {.temperature = 0.9, .seed = 5};
  Engine group(decoder_, {.max_running = 3, .page_tokens = 4});
  const std::vector<uint64_t> streams{1, 2, 3, 4, 5};
  const auto ids = group.submit(request, streams);
  const auto answers = run(group);
  EXPECT_EQ(group.statistics().prompt_tokens, 21);
  for (size_t i = 0; i < streams.size(); ++i) {
    Engine one(decoder_, {.page_tokens = 4});
    one.submit(request, std::span(streams).subspan(i, 1));
    const Answer alone = run(one).begin()->second;
    EXPECT_EQ(answers.at(ids[i]).output_ids, alone.output_ids);
    EXPECT_EQ(answers.at(ids[i]).log_probs, alone.log_probs);
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, Gemma4Generation,
                         ::testing::Values("moe-tiny", "dense-tiny", "moe-tiny-bf16", "e2b-tiny"),
                         [](const auto& named) {
                           std::string name = named.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace lapidary::rollout
