#include "train/lr_schedule.h"

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "base/check.h"

namespace lapidary::train {

namespace {

double falling_cosine(double ratio) {
  return 0.5 * (std::cos(std::numbers::pi * ratio) + 1.0);
}

double wsd_factor(WsdDecay decay, double ratio) {
  switch (decay) {
    case WsdDecay::kExponential:
      return 2.0 * std::pow(0.5, ratio) - 1.0;
    case WsdDecay::kLinear:
      return 1.0 - ratio;
    case WsdDecay::kCosine:
      return falling_cosine(ratio);
    case WsdDecay::kMinusSqrt:
      return 1.0 - std::sqrt(ratio);
  }
  check_failed(__FILE__, __LINE__, "a WsdDecay", "unknown");
}

}  // namespace

LrDecay lr_decay_from_name(std::string_view name) {
  if (name == "constant") return LrDecay::kConstant;
  if (name == "linear") return LrDecay::kLinear;
  if (name == "cosine") return LrDecay::kCosine;
  if (name == "inverse-square-root") return LrDecay::kInverseSquareRoot;
  if (name == "WSD") return LrDecay::kWsd;
  fail(ErrorKind::kInvalidArgument, "--lr-decay-style is ", name,
       "; it can be constant, linear, cosine, inverse-square-root or WSD");
}

WsdDecay wsd_decay_from_name(std::string_view name) {
  if (name == "exponential") return WsdDecay::kExponential;
  if (name == "linear") return WsdDecay::kLinear;
  if (name == "cosine") return WsdDecay::kCosine;
  if (name == "minus_sqrt") return WsdDecay::kMinusSqrt;
  fail(ErrorKind::kInvalidArgument, "--lr-wsd-decay-style is ", name,
       "; it can be exponential, linear, cosine or minus_sqrt");
}

void validate(const LrScheduleOptions& options) {
  std::vector<std::string> problems;
  const auto require = [&](bool holds, const std::string& problem) {
    if (!holds) problems.push_back(problem);
  };
  require(options.min_lr >= 0, cat("--min-lr is ", options.min_lr, "; it must be 0 or more"));
  require(options.max_lr >= options.min_lr,
          cat("--lr is ", options.max_lr, ", below --min-lr ", options.min_lr));
  require(options.init_lr >= 0 && options.init_lr <= options.max_lr,
          cat("--lr-warmup-init is ", options.init_lr, "; it must lie between 0 and --lr ",
              options.max_lr));
  require(options.warmup_steps >= 0,
          cat("--lr-warmup-iters is ", options.warmup_steps, "; it must be 0 or more"));
  if (options.decay != LrDecay::kConstant) {
    require(options.decay_steps > options.warmup_steps,
            cat("--lr-decay-iters is ", options.decay_steps, ", but the warm-up alone takes ",
                options.warmup_steps, " steps (--lr-warmup-iters, --lr-warmup-fraction)"));
  }
  if (options.decay == LrDecay::kWsd) {
    require(options.wsd_steps > 0 && options.wsd_steps <= options.decay_steps,
            cat("--lr-wsd-decay-iters is ", options.wsd_steps,
                "; WSD needs it, above 0 and at most --lr-decay-iters ", options.decay_steps));
  }
  if (!problems.empty()) fail(ErrorKind::kInvalidArgument, join(problems, "; "));
}

double learning_rate(const LrScheduleOptions& options, int64_t steps_done) {
  const auto steps = static_cast<double>(steps_done);
  if (options.warmup_steps > 0 && steps <= options.warmup_steps)
    return options.init_lr + (options.max_lr - options.init_lr) * steps / options.warmup_steps;
  if (options.decay == LrDecay::kConstant) return options.max_lr;
  if (steps > options.decay_steps) return options.min_lr;
  const double ratio =
      (steps - options.warmup_steps) / (options.decay_steps - options.warmup_steps);
  const double range = options.max_lr - options.min_lr;
  switch (options.decay) {
    case LrDecay::kConstant:
      return options.max_lr;
    case LrDecay::kLinear:
      return options.min_lr + (1.0 - ratio) * range;
    case LrDecay::kCosine:
      return options.min_lr + falling_cosine(ratio) * range;
    case LrDecay::kInverseSquareRoot:
      return std::max(options.min_lr, options.max_lr *
                                          std::sqrt(std::max(options.warmup_steps, 1.0)) /
                                          std::sqrt(std::max(steps, 1.0)));
    case LrDecay::kWsd: {
      const double into_last_phase = steps - (options.decay_steps - options.wsd_steps);
      if (into_last_phase <= 0) return options.min_lr + range;
      return options.min_lr +
             wsd_factor(options.wsd_decay, into_last_phase / options.wsd_steps) * range;
    }
  }
  check_failed(__FILE__, __LINE__, "an LrDecay", "unknown");
}

}  // namespace lapidary::train
