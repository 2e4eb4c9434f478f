// Learning rates against tables of values: those of Megatron's scheduler, one sample a step.
#include "train/lr_schedule.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace lapidary::train {
namespace {

void expect_rates(const LrScheduleOptions& options, const std::vector<double>& expected) {
  for (size_t step = 0; step < expected.size(); ++step) {
    EXPECT_NEAR(learning_rate(options, static_cast<int64_t>(step)), expected[step], 1e-12)
        << "step " << step;
  }
}

TEST(LrSchedule, ConstantAfterAWarmUpFromItsFirstValue) {
  expect_rates({.decay = LrDecay::kConstant, .max_lr = 1.0}, {1, 1, 1});
  expect_rates({.decay = LrDecay::kConstant, .max_lr = 1.0, .init_lr = 0.2, .warmup_steps = 4},
               {0.2, 0.4, 0.6, 0.8, 1, 1, 1});
}

TEST(LrSchedule, LinearFallsToTheMinimumAndStaysThere) {
  expect_rates({.decay = LrDecay::kLinear,
                .max_lr = 1.0,
                .min_lr = 0.1,
                .warmup_steps = 2,
                .decay_steps = 6},
               {0, 0.5, 1, 0.775, 0.55, 0.325, 0.1, 0.1});
}

TEST(LrSchedule, Cosine) {
  expect_rates({.decay = LrDecay::kCosine, .max_lr = 1.0, .min_lr = 0.2, .decay_steps = 4},
               {1, 0.8828427124746191, 0.6, 0.31715728752538097, 0.2, 0.2});
}

TEST(LrSchedule, InverseSquareRootOfTheStepsOverTheWarmUp) {
  expect_rates({.decay = LrDecay::kInverseSquareRoot,
                .max_lr = 1.0,
                .min_lr = 0.5,
                .warmup_steps = 2,
                .decay_steps = 10},
               {0, 0.5, 1, 0.816496580927726, 0.7071067811865475, 0.6324555320336759,
                0.5773502691896258, 0.5345224838248488, 0.5, 0.5, 0.5, 0.5});
}

TEST(LrSchedule, WarmupStableDecayInEachShape) {
  LrScheduleOptions options{
      .decay = LrDecay::kWsd, .max_lr = 1.0, .warmup_steps = 1, .decay_steps = 7, .wsd_steps = 4};
  options.wsd_decay = WsdDecay::kLinear;
  expect_rates(options, {0, 1, 1, 1, 0.75, 0.5, 0.25, 0, 0});
  options.wsd_decay = WsdDecay::kCosine;
  expect_rates(options, {0, 1, 1, 1, 0.8535533905932737, 0.5, 0.14644660940672627, 0, 0});
  options.wsd_decay = WsdDecay::kExponential;
  expect_rates(options,
               {0, 1, 1, 1, 0.6817928305074292, 0.41421356237309515, 0.18920711500272103, 0, 0});
  options.wsd_decay = WsdDecay::kMinusSqrt;
  expect_rates(options, {0, 1, 1, 1, 0.5, 0.2928932188134524, 0.1339745962155614, 0, 0});
}

std::string problems_of(const LrScheduleOptions& options) {
  try {
    validate(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    return error.what();
  }
  return "none";
}

TEST(LrSchedule, NamesTheFlagsThatCannotBeMeant) {
  EXPECT_EQ(problems_of({.decay_steps = 4}), "none");
  EXPECT_NE(problems_of({.max_lr = 1e-6, .min_lr = 1e-5}).find("--min-lr"), std::string::npos);
  EXPECT_NE(problems_of({.warmup_steps = 4, .decay_steps = 4}).find("--lr-decay-iters"),
            std::string::npos);
  EXPECT_NE(problems_of({.decay = LrDecay::kWsd, .decay_steps = 4}).find("--lr-wsd-decay-iters"),
            std::string::npos);
  EXPECT_THROW(lr_decay_from_name("wsd"), Error);
  EXPECT_EQ(lr_decay_from_name("WSD"), LrDecay::kWsd);
  EXPECT_EQ(wsd_decay_from_name("minus_sqrt"), WsdDecay::kMinusSqrt);
}

}  // namespace
}  // namespace lapidary::train
