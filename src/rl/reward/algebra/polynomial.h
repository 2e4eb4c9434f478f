// Polynomials with Coefficients in numbered generators.
//
// Worked example. With generators 0 (x) and 1 (y), {{0: 2}: 3, {0: 1, 1: 1}: -1} is 3x^2 - xy.
#pragma once

#include <cstddef>
#include <map>

#include "base/dim.h"
#include "rl/reward/algebra/coefficient.h"

namespace lapidary::rl {

using Monomial = std::map<Dim, Dim>;  // generator -> exponent above 0

class Polynomial {
 public:
  Polynomial() = default;
  explicit Polynomial(const Coefficient& constant);
  static Polynomial generator(Dim number);

  const std::map<Monomial, Coefficient>& terms() const { return terms_; }
  bool is_zero() const { return terms_.empty(); }
  bool is_constant() const;
  Coefficient constant() const;  // of the empty monomial
  bool has_float() const;
  bool is_valid() const { return is_valid_; }

  void add_term(const Monomial& monomial, const Coefficient& coefficient);

  friend Polynomial operator+(const Polynomial& a, const Polynomial& b);
  friend Polynomial operator-(const Polynomial& a, const Polynomial& b);
  // Not valid beyond kMaxTerms.
  friend Polynomial operator*(const Polynomial& a, const Polynomial& b);
  bool operator==(const Polynomial& other) const;

  static constexpr size_t kMaxTerms = 1000;

 private:
  std::map<Monomial, Coefficient> terms_;  // none is zero
  bool is_valid_ = true;
};

}  // namespace lapidary::rl
