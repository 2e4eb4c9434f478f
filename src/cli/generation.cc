#include "cli/generation.h"

#include <cstdio>
#include <map>

#include "base/check.h"
#include "base/rng.h"
#include "cli/interrupt.h"

namespace lapidary::cli {

uint64_t random_stream(std::span<const int64_t> prompt_ids, uint64_t occurrence, uint64_t sample) {
  uint64_t hash = 0xCBF29CE484222325U;  // FNV-1a over the ids
  for (const int64_t id : prompt_ids) {
    hash = (hash ^ static_cast<uint64_t>(id)) * 0x100000001B3U;
  }
  const auto words =
      philox(hash, {static_cast<uint32_t>(occurrence), static_cast<uint32_t>(occurrence >> 32),
                    static_cast<uint32_t>(sample), static_cast<uint32_t>(sample >> 32)});
  return uint64_t{words[0]} << 32 | words[1];
}

Generation::Generation(rollout::Engine& engine, const std::vector<PromptLine>& prompts,
                       const GenerationOptions& options, AnswerSink& sink)
    : engine_(engine), options_(options), sink_(sink) {
  std::map<std::vector<int64_t>, uint64_t> occurrences;
  for (const PromptLine& prompt : prompts) {
    const uint64_t occurrence = occurrences[prompt.ids]++;
    std::vector<uint64_t> streams;
    for (Dim sample = 0; sample < options_.num_samples; ++sample) {
      streams.push_back(random_stream(prompt.ids, occurrence, static_cast<uint64_t>(sample)));
      slots_.push_back({&prompt, nullptr});
    }
    rollout::Request request;
    request.prompt_ids = prompt.ids;
    request.sampling = options_.sampling;
    if (prompt.seed) request.sampling.seed = *prompt.seed;
    request.max_new_tokens = options_.max_new_tokens;
    request.stop_ids = options_.stop_ids;
    try {
      const auto ids = engine_.submit(std::move(request), streams);
      LAPIDARY_CHECK(ids.back() == slots_.size(), "request ", ids.back(), " is answer ",
                     slots_.size());
    } catch (const Error& error) {
      throw error.with_context(prompt.what);
    }
  }
}

void Generation::take(const rollout::TokenEvent& event) {
  if (options_.tokenizer == nullptr) return;
  const size_t number = event.request - 1;
  std::unique_ptr<AnswerText>& text = slots_[number].text;
  if (!text) {
    text = std::make_unique<AnswerText>(*options_.tokenizer, options_.skip_special, options_.stops);
  }
  const std::string piece = text->push(event.token);
  if (!piece.empty()) sink_.add_text(number, piece);
  if (text->has_stopped()) engine_.finish(event.request, rollout::FinishReason::kStop);
}

void Generation::take(rollout::Answer answer) {
  const size_t number = answer.request - 1;
  Slot& slot = slots_[number];
  FinishedAnswer finished{.input_ids = &slot.prompt->ids, .answer = std::move(answer), .text = {}};
  if (slot.text) {
    const std::string piece = slot.text->finish();
    if (!piece.empty()) sink_.add_text(number, piece);
    // The last token may have reached the length limit and completed a stop string.
    if (slot.text->has_stopped()) finished.answer.finish_reason = rollout::FinishReason::kStop;
    finished.text = slot.text->text();
    slot.text.reset();
  } else if (options_.tokenizer != nullptr) {
    finished.text = "";
  }
  sink_.finish_answer(number, std::move(finished));
}

bool Generation::run(observe::Progress* progress) {
  const InterruptGuard guard;
  while (!engine_.is_idle()) {
    if (guard.was_interrupted()) {
      engine_.cancel_all();
    } else {
      for (const rollout::TokenEvent& event : engine_.step()) take(event);
    }
    std::vector<rollout::Answer> answers = engine_.poll();
    const auto count = static_cast<int64_t>(answers.size());
    for (rollout::Answer& answer : answers) take(std::move(answer));
    if (progress != nullptr) {
      std::array<char, 64> rate{};
      std::snprintf(rate.data(), rate.size(), "%.0f tokens/s",
                    engine_.statistics().decode_tokens_per_second());
      progress->add(count, rate.data());
    }
  }
  sink_.finish();
  return guard.was_interrupted();
}

}  // namespace lapidary::cli
