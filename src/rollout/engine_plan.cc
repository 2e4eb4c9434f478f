#include "rollout/engine_plan.h"

#include <algorithm>

#include "base/check.h"

namespace lapidary::rollout {

EngineOptions plan_engine(const Decoder& decoder, const EngineDemand& demand) {
  EngineOptions options;
  options.max_sequence_tokens = std::min(demand.max_sequence_tokens, decoder.max_positions());
  options.max_running = std::max(Dim{1}, std::min(demand.max_running, demand.num_answers));
  const KvCacheCost cost =
      kv_cache_cost(decoder.layers(), {.page_tokens = options.page_tokens,
                                       .max_sequence_tokens = options.max_sequence_tokens,
                                       .dtype = decoder.dtype()});
  const Dim sequence_pages =
      (options.max_sequence_tokens + options.page_tokens - 1) / options.page_tokens;
  // The engine adds one slot and one page for the prompt that is being read.
  const auto bytes = [&](Dim running, Dim pages) {
    return (running + 1) * cost.slot_bytes + (pages + 1) * cost.page_bytes;
  };
  if (bytes(1, sequence_pages) > demand.memory_bytes) {
    fail(ErrorKind::kExhausted, "the cache of one sequence of ", options.max_sequence_tokens,
         " tokens needs ", bytes_text(static_cast<double>(bytes(1, sequence_pages))),
         " and there is room for ", bytes_text(static_cast<double>(demand.memory_bytes)),
         "; ask for fewer new tokens");
  }
  while (bytes(options.max_running, sequence_pages) > demand.memory_bytes) --options.max_running;
  Dim pages = options.max_running * sequence_pages;
  if (cost.page_bytes > 0) {
    const int64_t left = demand.memory_bytes - bytes(options.max_running, 0);
    pages = std::min(pages, std::max(sequence_pages, left / cost.page_bytes));
  }
  options.cache_tokens = pages * options.page_tokens;
  return options;
}

}  // namespace lapidary::rollout
