// Quotients of polynomials in symbols and roots: where an expression is worked out exactly, so that
// "equal" is "the difference has no term". Roots of whole numbers are split into roots of primes;
// every other root, logarithm or power with a symbol above is a generator of its own. What is
// proved equal is equal wherever both are defined; what is not proved is not known.
//
// Worked example. 1/sqrt(3) - sqrt(3)/3: over the common denominator 3 sqrt(3) the numerator is
// 3 - sqrt(3)^2 = 0.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rl/reward/algebra/polynomial.h"

namespace lapidary::rl {

struct Quotient {
  Polynomial numerator;
  Polynomial denominator = Polynomial(Coefficient(1));
};

class RationalField {
 public:
  // Each returns none when the result is not known: too large, not defined, or outside what is
  // worked out.
  using Result = std::optional<Quotient>;

  Result constant(const Coefficient& value) const;
  Result symbol(const std::string& name);
  Result add(const Quotient& a, const Quotient& b);
  Result subtract(const Quotient& a, const Quotient& b);
  Result multiply(const Quotient& a, const Quotient& b);
  Result divide(const Quotient& a, const Quotient& b);
  Result power(const Quotient& base, const Quotient& exponent);
  Result square_root(const Quotient& argument);
  Result logarithm(const Quotient& argument);
  Result factorial(const Quotient& argument) const;

 private:
  Dim generator(const std::string& name);
  // A generator whose square is known.
  Dim root_generator(const std::string& name, const Polynomial& square);
  Result root_of_constant(const Coefficient& value);
  Polynomial reduce(const Polynomial& polynomial) const;
  bool has_root(const Polynomial& polynomial) const;
  bool mixes_decimals_and_roots(const Quotient& a, const Quotient& b) const;
  Polynomial constant_roots(const Polynomial& denominator) const;
  Result checked(Polynomial numerator, Polynomial denominator) const;
  Result whole_power(const Quotient& base, Dim exponent);
  Result opaque(const char* what, const Quotient& a, const Quotient& b);

  std::map<std::string, Dim> generators_;
  std::map<Dim, Polynomial> squares_;
};

}  // namespace lapidary::rl
