#include "rollout/request.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace lapidary::rollout {
namespace {

constexpr double kLeastTemperature = 1e-4;

}  // namespace

std::string_view to_string(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kAbort:
      return "abort";
  }
  return "abort";
}

void validate(const SamplingOptions& options, Dim vocab_size) {
  if (!(options.temperature == 0.0 || options.temperature >= kLeastTemperature) ||
      !std::isfinite(options.temperature)) {
    fail(ErrorKind::kInvalidArgument, "sampling: temperature is ", options.temperature,
         "; allowed are 0 (greedy) and values from ", kLeastTemperature);
  }
  if (!(options.top_p > 0.0 && options.top_p <= 1.0)) {
    fail(ErrorKind::kInvalidArgument, "sampling: top-p is ", options.top_p,
         "; allowed are values above 0 up to 1 (1 keeps all tokens)");
  }
  std::vector<int64_t> suppressed = options.suppressed_ids;
  std::sort(suppressed.begin(), suppressed.end());
  suppressed.erase(std::unique(suppressed.begin(), suppressed.end()), suppressed.end());
  for (const int64_t id : suppressed) {
    if (id < 0 || id >= vocab_size) {
      fail(ErrorKind::kInvalidArgument, "sampling: suppressed token ", id,
           " is outside the vocabulary of ", vocab_size);
    }
  }
  if (static_cast<Dim>(suppressed.size()) >= vocab_size) {
    fail(ErrorKind::kInvalidArgument, "sampling: all ", vocab_size, " tokens are suppressed");
  }
}

}  // namespace lapidary::rollout
