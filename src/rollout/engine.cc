#include "rollout/engine.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"

namespace lapidary::rollout {
namespace {

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

EngineOptions resolved(EngineOptions options, const Decoder& decoder) {
  LAPIDARY_CHECK(options.max_running > 0 && options.cache_tokens > 0 && options.page_tokens > 0 &&
                     options.prefill_chunk_tokens > 0 && options.prefill_step_tokens > 0 &&
                     options.decode_rows > 0,
                 "engine options must be positive");
  if (options.max_sequence_tokens <= 0) options.max_sequence_tokens = decoder.max_positions();
  options.max_sequence_tokens = std::min(options.max_sequence_tokens, decoder.max_positions());
  const Dim pages = (options.cache_tokens + options.page_tokens - 1) / options.page_tokens;
  options.cache_tokens = pages * options.page_tokens;
  options.max_sequence_tokens = std::min(options.max_sequence_tokens, options.cache_tokens);
  if (!options.clock) options.clock = steady_seconds;
  return options;
}

// One slot and one page more than the running sequences need: for the prompt of a group while its
// members start one by one.
KvCacheOptions cache_options(const EngineOptions& options, const Decoder& decoder) {
  return {.num_slots = options.max_running + 1,
          .num_pages = options.cache_tokens / options.page_tokens + 1,
          .page_tokens = options.page_tokens,
          .max_sequence_tokens = options.max_sequence_tokens,
          .dtype = decoder.dtype(),
          .device = decoder.device()};
}

}  // namespace

Engine::Engine(Decoder& decoder, EngineOptions options)
    : decoder_(decoder),
      options_(resolved(std::move(options), decoder)),
      cache_(decoder.layers(), cache_options(options_, decoder)) {}

Sequence& Engine::at(RequestId id) {
  const auto found = sequences_.find(id);
  LAPIDARY_CHECK(found != sequences_.end(), "request ", id, " is not in the engine");
  return *found->second;
}

void Engine::check_ids(std::span<const int64_t> ids, const char* what) const {
  if (ids.empty()) {
    fail(ErrorKind::kInvalidArgument, "generation: ", what,
         " is empty; at least one token is needed");
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= decoder_.vocab_size()) {
      fail(ErrorKind::kInvalidArgument, "generation: token ", i, " of ", what, " is ", ids[i],
           "; the vocabulary has ids 0 to ", decoder_.vocab_size() - 1);
    }
  }
}

std::vector<RequestId> Engine::submit(Request request, std::span<const uint64_t> streams) {
  check_ids(request.prompt_ids, "the prompt");
  validate(request.sampling, decoder_.vocab_size());
  if (request.max_new_tokens <= 0) {
    fail(ErrorKind::kInvalidArgument, "generation: max_new_tokens is ", request.max_new_tokens,
         "; at least 1 is needed");
  }
  const auto prompt_tokens = static_cast<Dim>(request.prompt_ids.size());
  Dim room = options_.max_sequence_tokens;
  if (request.keep_open_tokens > 0) room = std::min(room, request.keep_open_tokens);
  if (prompt_tokens >= room) {
    fail(ErrorKind::kInvalidArgument, "generation: the prompt has ", prompt_tokens,
         " tokens and there is room for ", room, ", a new token included (the model has ",
         decoder_.max_positions(), " positions, the cache holds ", options_.cache_tokens,
         " tokens)");
  }
  if (request.keep_open_tokens <= 0) {
    room = prompt_tokens + std::min(request.max_new_tokens, room - prompt_tokens);
  }
  const auto shared = std::make_shared<const Request>(std::move(request));
  PromptGroup group;
  group.request = shared;
  group.room = room;
  for (const uint64_t stream : streams) {
    auto sequence = std::make_unique<Sequence>();
    sequence->id = ++last_id_;
    sequence->request = shared;
    sequence->stream = stream;
    sequence->room = room;
    sequence->num_tokens = prompt_tokens;
    sequence->max_new_tokens = shared->max_new_tokens;
    sequence->answer.request = sequence->id;
    group.members.push_back(sequence->id);
    sequences_.emplace(sequence->id, std::move(sequence));
  }
  const std::vector<RequestId> ids(group.members.begin(), group.members.end());
  if (!ids.empty()) waiting_.push_back(std::move(group));
  return ids;
}

void Engine::extend(RequestId id, std::span<const int64_t> more_ids, Dim max_new_tokens) {
  Sequence& sequence = at(id);
  LAPIDARY_CHECK(sequence.state == SequenceState::kOpen, "request ", id,
                 " is not open for more tokens");
  check_ids(more_ids, "what is appended");
  if (max_new_tokens <= 0) {
    fail(ErrorKind::kInvalidArgument, "generation: max_new_tokens is ", max_new_tokens,
         "; at least 1 is needed");
  }
  const Dim tokens = sequence.num_tokens + static_cast<Dim>(more_ids.size());
  if (tokens >= sequence.room) {
    fail(ErrorKind::kInvalidArgument, "generation: request ", id, " would have ", tokens,
         " tokens and has room for ", sequence.room, ", a new token included");
  }
  sequence.pending.insert(sequence.pending.end(), more_ids.begin(), more_ids.end());
  sequence.num_prefilled = 0;
  sequence.num_tokens = tokens;
  sequence.max_new_tokens = max_new_tokens;
  sequence.answer = Answer();
  sequence.answer.request = id;
  sequence.state = SequenceState::kExtended;
  extended_.push_back(id);
}

void Engine::close(RequestId id) {
  LAPIDARY_CHECK(at(id).state == SequenceState::kOpen, "request ", id, " is not open");
  forget(id);
}

bool Engine::finish(RequestId id, FinishReason reason) {
  const auto found = sequences_.find(id);
  if (found == sequences_.end() || found->second->state == SequenceState::kOpen) return false;
  complete(*found->second, reason);
  return true;
}

void Engine::cancel_all() {
  std::vector<RequestId> ids;
  for (const auto& [id, sequence] : sequences_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (const RequestId id : ids) cancel(id);
}

std::vector<Answer> Engine::poll() {
  std::vector<Answer> out;
  out.swap(finished_);
  return out;
}

bool Engine::is_idle() const {
  return waiting_.empty() && extended_.empty() && running_.empty();
}

Dim Engine::num_waiting() const {
  Dim count = static_cast<Dim>(extended_.size());
  for (const PromptGroup& group : waiting_) count += static_cast<Dim>(group.members.size());
  return count;
}

Dim Engine::num_open() const {
  return num_running() + num_kept_open_;
}

// Takes the sequence out of whatever list it is in and hands its answer over.
void Engine::complete(Sequence& sequence, FinishReason reason) {
  sequence.answer.finish_reason = reason;
  finished_.push_back(std::move(sequence.answer));
  const bool keeps_open = sequence.request->keep_open_tokens > 0 &&
                          reason != FinishReason::kAbort &&
                          sequence.state == SequenceState::kRunning;
  switch (sequence.state) {
    case SequenceState::kWaiting:
      leave_group(sequence.id);
      break;
    case SequenceState::kRunning:
      std::erase(running_, sequence.id);
      if (keeps_open) ++num_kept_open_;
      break;
    case SequenceState::kExtended:
      std::erase(extended_, sequence.id);
      break;
    case SequenceState::kOpen:
      LAPIDARY_CHECK(false, "request ", sequence.id, " has no answer in the making");
  }
  if (keeps_open) {
    sequence.state = SequenceState::kOpen;
  } else {
    forget(sequence.id);
  }
}

void Engine::leave_group(RequestId id) {
  for (auto group = waiting_.begin(); group != waiting_.end(); ++group) {
    if (std::erase(group->members, id) == 0) continue;
    if (group->members.empty()) {
      if (group->slot >= 0) cache_.close(group->slot);
      waiting_.erase(group);
    }
    return;
  }
}

void Engine::forget(RequestId id) {
  const Sequence& sequence = at(id);
  if (sequence.slot >= 0) cache_.close(sequence.slot);
  if (sequence.is_kept_open()) --num_kept_open_;
  sequences_.erase(id);
}

void Engine::check_integrity() const {
  cache_.check_integrity();
  Dim slots = 0;
  Dim kept_open = 0;
  for (const auto& [id, sequence] : sequences_) {
    slots += sequence->slot >= 0 ? 1 : 0;
    kept_open += sequence->is_kept_open() ? 1 : 0;
    const auto listed = std::count(running_.begin(), running_.end(), id);
    LAPIDARY_CHECK(listed == (sequence->state == SequenceState::kRunning ? 1 : 0), "request ", id,
                   " is listed as running ", listed, " times");
    if (sequence->state != SequenceState::kRunning) continue;
    LAPIDARY_CHECK(cache_.num_tokens(sequence->slot) + 1 == sequence->num_tokens, "request ", id,
                   ": ", cache_.num_tokens(sequence->slot), " of ", sequence->num_tokens,
                   " tokens in the cache");
  }
  for (const PromptGroup& group : waiting_) slots += group.slot >= 0 ? 1 : 0;
  LAPIDARY_CHECK(kept_open == num_kept_open_, "kept open: ", kept_open, ", counted ",
                 num_kept_open_);
  LAPIDARY_CHECK(slots == cache_.options().num_slots - cache_.num_free_slots(), slots,
                 " slots in use, the cache says ",
                 cache_.options().num_slots - cache_.num_free_slots());
  LAPIDARY_CHECK(num_open() <= options_.max_running, num_open(), " sequences of ",
                 options_.max_running);
}

}  // namespace lapidary::rollout
