// The estimators of the KL divergence between the policy and another distribution from the log-prob
// of one sampled token (Schulman 2020): with x = policy - other,
//   k1 = x, k2 = x^2 / 2, k3 = exp(-x) - 1 + x, low_var_kl = k3 clamped to [-10, 10].
#pragma once

#include <string_view>

namespace lapidary::rl {

enum class KlKind { kK1, kK2, kK3, kLowVariance };

// --kl-loss-type: "k1", "k2", "k3", "low_var_kl". Throws Error{kInvalidArgument} that lists them.
KlKind kl_kind_from_name(std::string_view name);

constexpr double kLowVarianceLimit = 10.0;

double kl_estimate(KlKind kind, double log_ratio);

}  // namespace lapidary::rl
