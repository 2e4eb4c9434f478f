// One step of the engine (engine.h): prefill, decode, sample.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "base/check.h"
#include "rollout/decode_context.h"
#include "rollout/engine.h"
#include "rollout/prefill_context.h"
#include "rollout/sampler.h"

namespace lapidary::rollout {
namespace {

// Below that many logits waking a thread costs more than it saves.
constexpr Dim kLogitsOfAThread = 16384;

at::Tensor ids_tensor(std::span<const int64_t> ids, c10::Device device) {
  at::Tensor out =
      at::empty({static_cast<Dim>(ids.size())}, at::TensorOptions(c10::ScalarType::Long));
  std::copy(ids.begin(), ids.end(), out.mutable_data_ptr<int64_t>());
  return out.to(device);
}

}  // namespace

std::vector<TokenEvent> Engine::step() {
  const c10::InferenceMode no_gradients;
  std::vector<TokenEvent> events;
  const double begin = options_.clock();
  decode(events);
  const double middle = options_.clock();
  admit(events);
  statistics_.decode_seconds += middle - begin;
  statistics_.prefill_seconds += options_.clock() - middle;
  return events;
}

void Engine::admit(std::vector<TokenEvent>& events) {
  Dim budget = options_.prefill_step_tokens;
  while (!extended_.empty()) {
    if (budget <= 0 || !prefill_extended(budget, events)) return;
  }
  while (!waiting_.empty() && num_open() < options_.max_running) {
    PromptGroup& group = waiting_.front();
    if (budget <= 0 || !prefill_group(group, budget)) return;
    if (!start_members(group, events)) return;
    waiting_.pop_front();
  }
}

// -> whether the sequence is running again.
bool Engine::prefill_extended(Dim& budget, std::vector<TokenEvent>& events) {
  Sequence& sequence = at(extended_.front());
  const at::Tensor logits =
      prefill(sequence.slot, sequence.pending, sequence.num_prefilled, budget);
  if (!logits.defined()) return false;
  extended_.pop_front();
  --num_kept_open_;
  sequence.state = SequenceState::kRunning;
  running_.push_back(sequence.id);
  sample(logits, {&sequence.id, 1}, events);
  return true;
}

// -> whether the whole prompt is in the cache.
bool Engine::prefill_group(PromptGroup& group, Dim& budget) {
  if (group.logits.defined()) return true;
  const std::vector<int64_t>& ids = group.request->prompt_ids;
  if (group.slot < 0) {
    const auto slot = cache_.open(static_cast<Dim>(ids.size()));
    if (!slot) return false;
    group.slot = *slot;
  }
  group.logits = prefill(group.slot, ids, group.num_prefilled, budget);
  return group.logits.defined();
}

// -> whether all members have started.
bool Engine::start_members(PromptGroup& group, std::vector<TokenEvent>& events) {
  while (!group.members.empty()) {
    if (num_open() >= options_.max_running) return false;
    if (group.members.size() > 1) {
      const auto slot = cache_.fork(group.slot, group.room);
      if (!slot) return false;
      at(group.members.front()).slot = *slot;
    } else {
      if (!cache_.reserve(group.slot, group.room)) return false;
      at(group.members.front()).slot = group.slot;
    }
    Sequence& sequence = at(group.members.front());
    if (group.has_started) {
      statistics_.shared_prompt_tokens += static_cast<Dim>(group.request->prompt_ids.size());
    }
    group.has_started = true;
    group.members.pop_front();
    sequence.state = SequenceState::kRunning;
    running_.push_back(sequence.id);
    sample(group.logits, {&sequence.id, 1}, events);
  }
  return true;
}

// Reads ids[num_done, ..) in chunks while the budget lasts. -> the logits [1, vocab_size] after the
// last of them, or undefined when some are left.
at::Tensor Engine::prefill(Slot slot, std::span<const int64_t> ids, Dim& num_done, Dim& budget) {
  const auto count = static_cast<Dim>(ids.size());
  at::Tensor logits;
  while (num_done < count && budget > 0) {
    const Dim chunk = std::min(options_.prefill_chunk_tokens, count - num_done);
    const bool is_last = num_done + chunk == count;
    PrefillContext context(cache_, slot, chunk);
    const auto part = ids.subspan(static_cast<size_t>(num_done), static_cast<size_t>(chunk));
    logits = decoder_.logits(ids_tensor(part, decoder_.device()), context,
                             is_last ? LogitRows::kLast : LogitRows::kNone);
    context.finish();
    num_done += chunk;
    budget -= chunk;
    statistics_.prompt_tokens += chunk;
  }
  return logits;
}

void Engine::decode(std::vector<TokenEvent>& events) {
  const std::vector<RequestId> all = running_;
  const std::span<const RequestId> ids(all);
  const auto rows = static_cast<size_t>(options_.decode_rows);
  for (size_t begin = 0; begin < ids.size(); begin += rows) {
    const auto batch = ids.subspan(begin, std::min(rows, ids.size() - begin));
    std::vector<int64_t> tokens;
    std::vector<Slot> slots;
    for (const RequestId id : batch) {
      const Sequence& sequence = at(id);
      tokens.push_back(sequence.pending.back());
      slots.push_back(sequence.slot);
    }
    DecodeContext context(cache_, std::move(slots));
    const at::Tensor logits =
        decoder_.logits(ids_tensor(tokens, decoder_.device()), context, LogitRows::kAll);
    context.finish();
    ++statistics_.decode_forwards;
    statistics_.decoded_tokens += static_cast<Dim>(batch.size());
    sample(logits, batch, events);
  }
}

// One token for each id from its row of logits [ids, vocab_size].
void Engine::sample(const at::Tensor& logits, std::span<const RequestId> ids,
                    std::vector<TokenEvent>& events) {
  const at::Tensor rows = logits.to(c10::kCPU, c10::ScalarType::Float).contiguous();
  const auto vocab_size = static_cast<size_t>(decoder_.vocab_size());
  LAPIDARY_CHECK(
      rows.size(0) == static_cast<Dim>(ids.size()) && rows.size(1) == decoder_.vocab_size(),
      "logits of another shape");
  const auto* values = rows.const_data_ptr<float>();
  std::vector<SampledToken> sampled(ids.size());
  std::vector<const Sequence*> sequences;
  for (const RequestId id : ids) sequences.push_back(&at(id));
  const Dim rows_of_a_thread = std::max(Dim{1}, kLogitsOfAThread / decoder_.vocab_size());
  at::parallel_for(0, static_cast<Dim>(ids.size()), rows_of_a_thread, [&](Dim begin, Dim end) {
    std::vector<float> scratch;
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      const Sequence& sequence = *sequences[i];
      try {
        sampled[i] = sample_token({values + i * vocab_size, vocab_size}, sequence.request->sampling,
                                  sequence.stream, sequence.num_tokens, scratch);
      } catch (const Error& error) {
        throw error.with_context(cat("request ", sequence.id, ", position ", sequence.num_tokens));
      }
    }
  });
  for (size_t i = 0; i < ids.size(); ++i) {
    accept(at(ids[i]), sampled[i].id, sampled[i].log_prob, events);
  }
}

void Engine::accept(Sequence& sequence, int64_t token, float log_prob,
                    std::vector<TokenEvent>& events) {
  Answer& answer = sequence.answer;
  answer.output_ids.push_back(token);
  answer.log_probs.push_back(log_prob);
  answer.weight_versions.push_back(weight_version_);
  sequence.pending.assign(1, token);
  ++sequence.num_tokens;
  ++statistics_.generated_tokens;
  events.push_back({sequence.id, token, log_prob});
  const std::vector<int64_t>& stop_ids = sequence.request->stop_ids;
  if (std::find(stop_ids.begin(), stop_ids.end(), token) != stop_ids.end()) {
    complete(sequence, FinishReason::kStop);
  } else if (static_cast<Dim>(answer.output_ids.size()) >= sequence.max_new_tokens ||
             sequence.num_tokens >= sequence.room) {
    complete(sequence, FinishReason::kLength);
  }
}

}  // namespace lapidary::rollout
