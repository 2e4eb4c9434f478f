#include "rollout/sampler.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/check.h"
#include "base/rng.h"

namespace lapidary::rollout {
namespace {

constexpr size_t kFirstCandidates = 64;

[[noreturn]] void fail_not_finite(std::span<const float> logits) {
  const auto bad =
      std::find_if(logits.begin(), logits.end(), [](float x) { return !std::isfinite(x); });
  fail(ErrorKind::kCorrupt, "sampling: the logit of token ", bad - logits.begin(), " is ", *bad,
       "; the weights are damaged or overflow their dtype (float32 is the widest)");
}

// scaled[i] = logits[i] / temperature, minus infinity where suppressed. -> the largest.
float scale_logits(std::span<const float> logits, const SamplingOptions& options,
                   std::vector<float>& scaled) {
  const auto temperature =
      static_cast<float>(options.temperature > 0.0 ? options.temperature : 1.0);
  scaled.resize(logits.size());
  bool is_finite = true;
  for (size_t i = 0; i < logits.size(); ++i) {
    is_finite &= std::abs(logits[i]) <= FLT_MAX;
    scaled[i] = logits[i] / temperature;
  }
  if (!is_finite) fail_not_finite(logits);
  for (const int64_t id : options.suppressed_ids) {
    scaled[static_cast<size_t>(id)] = -std::numeric_limits<float>::infinity();
  }
  return *std::max_element(scaled.begin(), scaled.end());
}

SampledToken greedy(const std::vector<float>& scaled, float largest) {
  double sum = 0.0;
  for (const float x : scaled) sum += std::exp(x - largest);
  const auto best = std::find(scaled.begin(), scaled.end(), largest);
  return {best - scaled.begin(), -static_cast<float>(std::log(sum))};
}

// One draw over the whole vocabulary, in the order of ids.
SampledToken draw(std::vector<float>& scaled, float largest, double uniform, float temperature,
                  std::span<const float> logits) {
  double sum = 0.0;
  for (float& x : scaled) {
    x = std::exp(x - largest);
    sum += x;
  }
  const double target = uniform * sum;
  double seen = 0.0;
  size_t chosen = 0;
  for (size_t i = 0; i < scaled.size(); ++i) {
    if (scaled[i] <= 0.0F) continue;
    seen += scaled[i];
    chosen = i;
    if (seen > target) break;
  }
  return {static_cast<int64_t>(chosen),
          logits[chosen] / temperature - largest - static_cast<float>(std::log(sum))};
}

// Ids ordered by probability, the lower id first among equals: only as many as are needed.
class RankedIds {
 public:
  explicit RankedIds(const std::vector<float>& scaled) : scaled_(scaled), ids_(scaled.size()) {
    std::iota(ids_.begin(), ids_.end(), 0);
  }

  void rank(size_t count) {
    count = std::min(count, ids_.size());
    if (count <= ranked_) return;
    const auto before = [this](int32_t a, int32_t b) {
      const float x = scaled_[static_cast<size_t>(a)];
      const float y = scaled_[static_cast<size_t>(b)];
      return x != y ? x > y : a < b;
    };
    const auto begin = ids_.begin() + static_cast<std::ptrdiff_t>(ranked_);
    const auto end = ids_.begin() + static_cast<std::ptrdiff_t>(count);
    if (count < ids_.size()) std::nth_element(begin, end, ids_.end(), before);
    std::sort(begin, end, before);
    ranked_ = count;
  }

  size_t ranked() const { return ranked_; }
  size_t id(size_t place) const { return static_cast<size_t>(ids_[place]); }

 private:
  const std::vector<float>& scaled_;
  std::vector<int32_t> ids_;
  size_t ranked_ = 0;
};

// How many of the most probable ids are kept. `mass` of the first n ids in order is cumulative.
size_t count_kept(RankedIds& ranked, const std::vector<float>& scaled, float largest,
                  const SamplingOptions& options) {
  size_t limit = scaled.size();
  if (options.top_k > 0) limit = std::min(limit, static_cast<size_t>(options.top_k));
  if (options.top_p >= 1.0) {
    ranked.rank(limit);
    return limit;
  }
  double total = 0.0;
  if (limit < scaled.size()) {
    ranked.rank(limit);
    for (size_t i = 0; i < limit; ++i) total += std::exp(scaled[ranked.id(i)] - largest);
  } else {
    for (const float x : scaled) total += std::exp(x - largest);
  }
  double seen = 0.0;
  for (size_t i = 0; i < limit; ++i) {
    if (i >= ranked.ranked()) ranked.rank(std::max(kFirstCandidates, 8 * ranked.ranked()));
    seen += std::exp(scaled[ranked.id(i)] - largest);
    if (seen >= options.top_p * total) return i + 1;
  }
  return limit;
}

SampledToken draw_restricted(const std::vector<float>& scaled, float largest, double uniform,
                             const SamplingOptions& options) {
  RankedIds ranked(scaled);
  size_t kept = count_kept(ranked, scaled, largest, options);
  while (kept > 1 && std::isinf(scaled[ranked.id(kept - 1)])) --kept;  // suppressed ids
  double sum = 0.0;
  for (size_t i = 0; i < kept; ++i) sum += std::exp(scaled[ranked.id(i)] - largest);
  double seen = 0.0;
  size_t place = 0;
  for (size_t i = 0; i < kept; ++i) {
    seen += std::exp(scaled[ranked.id(i)] - largest);
    place = i;
    if (seen > uniform * sum) break;
  }
  const size_t chosen = ranked.id(place);
  return {static_cast<int64_t>(chosen),
          scaled[chosen] - largest - static_cast<float>(std::log(sum))};
}

}  // namespace

SampledToken sample_token(std::span<const float> logits, const SamplingOptions& options,
                          uint64_t stream, Dim position, std::vector<float>& scratch) {
  LAPIDARY_CHECK(!logits.empty(), "a row of logits");
  const float largest = scale_logits(logits, options, scratch);
  if (options.temperature == 0.0) return greedy(scratch, largest);
  const double uniform = philox_uniform(options.seed, stream, static_cast<uint64_t>(position));
  const auto vocab_size = static_cast<Dim>(logits.size());
  if (options.top_p < 1.0 || (options.top_k > 0 && options.top_k < vocab_size)) {
    return draw_restricted(scratch, largest, uniform, options);
  }
  return draw(scratch, largest, uniform, static_cast<float>(options.temperature), logits);
}

}  // namespace lapidary::rollout
