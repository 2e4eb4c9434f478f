#include "rl/kl_kind.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace lapidary::rl {

KlKind kl_kind_from_name(std::string_view name) {
  if (name == "k1") {
    return KlKind::kK1;
  }
  if (name == "k2") {
    return KlKind::kK2;
  }
  if (name == "k3") {
    return KlKind::kK3;
  }
  if (name == "low_var_kl") {
    return KlKind::kLowVariance;
  }
  fail(ErrorKind::kInvalidArgument, "--kl-loss-type ", lapidary::quoted(name),
       " is unknown; it is one of k1, k2, k3, low_var_kl");
}

double kl_estimate(KlKind kind, double log_ratio) {
  switch (kind) {
    case KlKind::kK1:
      return log_ratio;
    case KlKind::kK2:
      return log_ratio * log_ratio / 2;
    case KlKind::kK3:
    case KlKind::kLowVariance:
      break;
  }
  const double k3 = std::expm1(-log_ratio) + log_ratio;
  return kind == KlKind::kK3 ? k3 : std::clamp(k3, -kLowVarianceLimit, kLowVarianceLimit);
}

}  // namespace lapidary::rl
