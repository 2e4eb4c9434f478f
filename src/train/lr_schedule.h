// The learning rate as a function of the optimizer steps already made. Mirrors Megatron's
// OptimizerParamScheduler.get_lr, counted in optimizer steps where Megatron counts samples (equal
// but for inverse-square-root without a warm-up).
//
// Worked example. {.style = kLinear, .max_lr = 1, .warmup_steps = 2, .decay_steps = 6}: steps 0, 1,
// 2, ... have 0, 0.5, 1, 0.75, 0.5, 0.25, 0, 0, ...
#pragma once

#include <cstdint>
#include <string_view>

namespace lapidary::train {

enum class LrDecay { kConstant, kLinear, kCosine, kInverseSquareRoot, kWsd };
enum class WsdDecay { kExponential, kLinear, kCosine, kMinusSqrt };

// --lr-decay-style: constant, linear, cosine, inverse-square-root, WSD. --lr-wsd-decay-style:
// exponential, linear, cosine, minus_sqrt. Throw Error{kInvalidArgument} that lists them.
LrDecay lr_decay_from_name(std::string_view name);
WsdDecay wsd_decay_from_name(std::string_view name);

struct LrScheduleOptions {
  LrDecay decay = LrDecay::kLinear;
  double max_lr = 1e-6;     // --lr
  double min_lr = 0.0;      // --min-lr: at the end of the decay and after it
  double init_lr = 0.0;     // --lr-warmup-init
  double warmup_steps = 0;  // --lr-warmup-iters, or --lr-warmup-fraction x decay_steps
  double decay_steps = 1;   // --lr-decay-iters: end of the decay, warm-up included
  double wsd_steps = 0;     // --lr-wsd-decay-iters: the last phase of WSD
  WsdDecay wsd_decay = WsdDecay::kExponential;  // --lr-wsd-decay-style
};
// Throws Error{kInvalidArgument} that lists every problem by flag.
void validate(const LrScheduleOptions& options);

// For the step that follows `steps_done` others.
double learning_rate(const LrScheduleOptions& options, int64_t steps_done);

}  // namespace lapidary::train
