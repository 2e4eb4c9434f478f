// Generation with continuous batching. In each step all running sequences advance by one token
// together; then places that are free, those of sequences which just finished included, go to
// waiting requests in order: one prompt at a time is prefilled and gives its first token.
//
//   Engine engine(decoder, {.max_running = 32, .cache_tokens = 8192});
//   engine.submit(request, {0, 1, 2, 3});            // four answers of one prompt, one prefill
//   while (!engine.is_idle()) {
//     for (const TokenEvent& event : engine.step()) stream(event);
//     for (Answer& answer : engine.poll()) keep(std::move(answer));
//   }
//
// A token depends on the weights, on its own sequence and on (seed, stream, position), not on who
// else is in the batch nor on when the request came: the prompt is cut in chunks at fixed places,
// and the CPU kernels compute each row of a decode forward by itself.
//
// Used by one thread. When step() throws (a logit that is not finite, out of memory) the engine is
// of no further use; answers already finished can still be polled.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/dim.h"
#include "rollout/decoder.h"
#include "rollout/kv_cache.h"
#include "rollout/request.h"
#include "rollout/sequence.h"

namespace lapidary::rollout {

struct EngineOptions {
  Dim max_running = 32;     // sequences at a time, those kept open included
  Dim cache_tokens = 8192;  // room in the pages of full layers, all sequences together
  Dim page_tokens = 32;
  Dim max_sequence_tokens = 0;         // no sequence is longer; 0: the model's positions
  Dim prefill_chunk_tokens = 512;      // one forward of a prompt
  Dim prefill_step_tokens = 2048;      // prompt tokens in a step before the others advance again
  Dim decode_rows = 64;                // sequences in one forward; more running ones take turns
  std::function<double()> clock = {};  // seconds; none: the steady clock
};

struct EngineStatistics {
  int64_t prompt_tokens = 0;         // computed in prefill
  int64_t shared_prompt_tokens = 0;  // taken over from another answer of the same prompt
  int64_t generated_tokens = 0;
  int64_t decode_forwards = 0;
  int64_t decoded_tokens = 0;  // made by those forwards (first tokens come from prefill)
  double prefill_seconds = 0.0;
  double decode_seconds = 0.0;
  double decode_tokens_per_second() const {
    return decode_seconds > 0.0 ? static_cast<double>(decoded_tokens) / decode_seconds : 0.0;
  }
};

class Engine {
 public:
  // The decoder must outlive the engine. Allocates the cache.
  Engine(Decoder& decoder, EngineOptions options);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // One answer for each stream (sampler.h); their ids are consecutive. Throws
  // Error{kInvalidArgument} for an empty prompt, an id outside the vocabulary, sampling options
  // that cannot be meant, and a prompt that leaves no room for a new token in the model's positions
  // or in the cache. Less room than max_new_tokens is no error: the answer ends with kLength.
  std::vector<RequestId> submit(Request request, std::span<const uint64_t> streams);

  // Gives a sequence that was kept open more tokens to read and lets it answer again, under the
  // same id. Only after its answer has been made. Same errors as submit.
  void extend(RequestId id, std::span<const int64_t> more_ids, Dim max_new_tokens);
  // Drops a sequence that was kept open.
  void close(RequestId id);

  // Ends an answer now, with what it has. False when there is no such unfinished answer.
  bool finish(RequestId id, FinishReason reason);
  bool cancel(RequestId id) { return finish(id, FinishReason::kAbort); }
  void cancel_all();

  // -> the new tokens, at most one of each request. Nothing happens, and nothing comes back, while
  // sequences that are kept open hold all the room.
  std::vector<TokenEvent> step();
  // Answers finished since the last call, in the order in which they finished.
  std::vector<Answer> poll();
  // No answer is being made or waited for (sequences kept open do not count).
  bool is_idle() const;

  // Stamped on the tokens made from now on.
  void set_weight_version(int64_t version) { weight_version_ = version; }

  Dim num_running() const { return static_cast<Dim>(running_.size()); }
  Dim num_waiting() const;
  const EngineStatistics& statistics() const { return statistics_; }
  const KvCache& cache() const { return cache_; }
  // Throws Error{kInternal} when the engine's lists and its cache contradict each other.
  void check_integrity() const;

 private:
  void check_ids(std::span<const int64_t> ids, const char* what) const;
  Sequence& at(RequestId id);
  Dim num_open() const;
  void admit(std::vector<TokenEvent>& events);
  bool prefill_extended(Dim& budget, std::vector<TokenEvent>& events);
  bool prefill_group(PromptGroup& group, Dim& budget);
  bool start_members(PromptGroup& group, std::vector<TokenEvent>& events);
  at::Tensor prefill(Slot slot, std::span<const int64_t> ids, Dim& num_done, Dim& budget);
  void decode(std::vector<TokenEvent>& events);
  void sample(const at::Tensor& logits, std::span<const RequestId> ids,
              std::vector<TokenEvent>& events);
  void accept(Sequence& sequence, int64_t token, float log_prob, std::vector<TokenEvent>& events);
  void complete(Sequence& sequence, FinishReason reason);
  void leave_group(RequestId id);
  void forget(RequestId id);

  Decoder& decoder_;
  EngineOptions options_;
  KvCache cache_;
  int64_t weight_version_ = 0;
  RequestId last_id_ = 0;
  std::unordered_map<RequestId, std::unique_ptr<Sequence>> sequences_;
  std::deque<PromptGroup> waiting_;  // the first may be in prefill
  std::deque<RequestId> extended_;   // kept open, with tokens to read; the first may be in prefill
  std::vector<RequestId> running_;   // in the order in which they started
  std::vector<Answer> finished_;
  Dim num_kept_open_ = 0;  // extended or idle
  EngineStatistics statistics_;
};

}  // namespace lapidary::rollout
