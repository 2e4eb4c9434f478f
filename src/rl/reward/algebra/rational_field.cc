#include "rl/reward/algebra/rational_field.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace lapidary::rl {

namespace {

constexpr Dim kMaxExponent = 64;
constexpr Dim kMaxFactorial = 20;
constexpr int64_t kTrialLimit = 100000;

// The prime factors of a number above 0 up to the trial limit; what is left counts as one factor.
std::map<int64_t, Dim> factors(int64_t value) {
  std::map<int64_t, Dim> out;
  for (int64_t prime = 2; prime <= kTrialLimit && prime * prime <= value; ++prime) {
    while (value % prime == 0) {
      value /= prime;
      ++out[prime];
    }
  }
  if (value > 1) {
    ++out[value];
  }
  return out;
}

bool fits(Wide value) {
  return value > 0 && value < (Wide{1} << 62);
}

// Worked out with 113 bits and rounded once, as the reference does.
Coefficient rounded_power(double base, Dim exponent) {
  __extension__ using Quad = __float128;
  Quad power = 1;
  for (Dim i = 0; i < (exponent < 0 ? -exponent : exponent); ++i) {
    power *= Quad{base};
  }
  return Coefficient::decimal(static_cast<double>(exponent < 0 ? 1 / power : power));
}

// Each term over the divisor. Decimals are rounded where the reference rounds them: a number over a
// decimal is the product with its reciprocal, and so is every term of a sum.
Polynomial divided(const Polynomial& numerator, const Coefficient& divisor) {
  if (divisor.is_one()) {
    return numerator;
  }
  const Coefficient reciprocal = Coefficient(1) / divisor;
  const bool is_number = numerator.is_constant();
  Polynomial quotient;
  for (const auto& [monomial, coefficient] : numerator.terms()) {
    const bool is_direct = is_number && (coefficient.is_float() || !divisor.is_float());
    quotient.add_term(monomial, is_direct ? coefficient / divisor : coefficient * reciprocal);
  }
  return quotient;
}

// A text that is the same for the same polynomial.
std::string key_of(const Polynomial& polynomial) {
  std::string key;
  for (const auto& [monomial, coefficient] : polynomial.terms()) {
    key += cat("+", static_cast<int64_t>(coefficient.numerator()), "/",
               static_cast<int64_t>(coefficient.denominator()), "f", coefficient.is_float(), ":",
               coefficient.is_float() ? coefficient.value() : 0.0);
    for (const auto& [generator, exponent] : monomial) {
      key += cat("*g", generator, "^", exponent);
    }
  }
  return key;
}

// The constant by which the terms of a polynomial are multiples of a primitive one, positive.
Coefficient content(const Polynomial& polynomial) {
  Wide numerator = 0;
  Wide denominator = 1;
  for (const auto& [monomial, coefficient] : polynomial.terms()) {
    const Coefficient sum = Coefficient::fraction(
        coefficient.numerator() < 0 ? -coefficient.numerator() : coefficient.numerator(), 1);
    Wide a = sum.numerator();
    Wide b = numerator;
    while (b != 0) {
      const Wide rest = a % b;
      a = b;
      b = rest;
    }
    numerator = a;
    // Coefficients are reduced fractions: the product over their common divisor is their multiple.
    const Coefficient multiple = Coefficient::fraction(denominator, coefficient.denominator());
    denominator = multiple.numerator() * coefficient.denominator();
    if (!fits(denominator)) {
      return Coefficient(1);
    }
  }
  return Coefficient::fraction(numerator, denominator);
}

}  // namespace

Dim RationalField::generator(const std::string& name) {
  return generators_.emplace(name, static_cast<Dim>(generators_.size())).first->second;
}

Dim RationalField::root_generator(const std::string& name, const Polynomial& square) {
  const Dim number = generator(name);
  squares_.emplace(number, square);
  return number;
}

Polynomial RationalField::reduce(const Polynomial& polynomial) const {
  Polynomial current = polynomial;
  // Every step takes two off the exponent of a root; roots in a square were made before the root.
  for (bool has_changed = true; has_changed && current.is_valid();) {
    has_changed = false;
    Polynomial next;
    for (const auto& [monomial, coefficient] : current.terms()) {
      Polynomial term{coefficient};
      Monomial rest;
      for (const auto& [number, exponent] : monomial) {
        const auto square = squares_.find(number);
        if (square == squares_.end() || exponent < 2) {
          rest[number] = exponent;
          continue;
        }
        has_changed = true;
        for (Dim i = 0; i < exponent / 2; ++i) {
          term = term * square->second;
        }
        if (exponent % 2 == 1) {
          rest[number] = 1;
        }
      }
      Polynomial factor;
      factor.add_term(rest, Coefficient(1));
      next = next + term * factor;
    }
    current = std::move(next);
  }
  return current;
}

bool RationalField::has_root(const Polynomial& polynomial) const {
  return std::any_of(polynomial.terms().begin(), polynomial.terms().end(), [&](const auto& term) {
    return std::any_of(term.first.begin(), term.first.end(),
                       [&](const auto& power) { return squares_.count(power.first) > 0; });
  });
}

// The roots of a denominator of one term, if their squares are all constant; 1 otherwise.
Polynomial RationalField::constant_roots(const Polynomial& denominator) const {
  Polynomial roots;
  if (denominator.terms().size() == 1) {
    const Monomial& monomial = denominator.terms().begin()->first;
    const bool are_constant = std::all_of(monomial.begin(), monomial.end(), [&](const auto& power) {
      const auto square = squares_.find(power.first);
      return square != squares_.end() && square->second.is_constant();
    });
    if (are_constant) {
      roots.add_term(monomial, Coefficient(1));
      return roots;
    }
  }
  return Polynomial(Coefficient(1));
}

RationalField::Result RationalField::checked(Polynomial numerator, Polynomial denominator) const {
  numerator = reduce(numerator);
  denominator = reduce(denominator);
  const Polynomial roots = constant_roots(denominator);
  numerator = reduce(numerator * roots);
  denominator = reduce(denominator * roots);
  if (!numerator.is_valid() || !denominator.is_valid() || denominator.is_zero()) {
    return std::nullopt;
  }
  if (denominator.has_float() && !denominator.is_constant()) {
    return std::nullopt;
  }
  if (!denominator.is_constant()) {
    return Quotient{std::move(numerator), std::move(denominator)};
  }
  const Polynomial quotient = divided(numerator, denominator.constant());
  if (!quotient.is_valid()) {
    return std::nullopt;
  }
  return Quotient{quotient, Polynomial(Coefficient(1))};
}

RationalField::Result RationalField::constant(const Coefficient& value) const {
  return checked(Polynomial(value), Polynomial(Coefficient(1)));
}

RationalField::Result RationalField::symbol(const std::string& name) {
  return Quotient{Polynomial::generator(generator("symbol " + name)), Polynomial(Coefficient(1))};
}

RationalField::Result RationalField::add(const Quotient& a, const Quotient& b) {
  if (a.denominator == b.denominator) {
    return checked(a.numerator + b.numerator, a.denominator);
  }
  if (a.numerator.has_float() || b.numerator.has_float()) {
    return std::nullopt;  // bringing decimals over a common denominator rounds them differently
  }
  return checked(a.numerator * b.denominator + b.numerator * a.denominator,
                 a.denominator * b.denominator);
}

RationalField::Result RationalField::subtract(const Quotient& a, const Quotient& b) {
  return add(a, {b.numerator * Polynomial(Coefficient(-1)), b.denominator});
}

// Decimals beside roots: the reference's simplification of them depends on their form, unless they
// only stand in front.
bool RationalField::mixes_decimals_and_roots(const Quotient& a, const Quotient& b) const {
  return (a.numerator.has_float() || b.numerator.has_float()) &&
         (has_root(a.numerator) || has_root(b.numerator) || has_root(a.denominator) ||
          has_root(b.denominator));
}

RationalField::Result RationalField::multiply(const Quotient& a, const Quotient& b) {
  const bool are_products = a.numerator.terms().size() < 2 && b.numerator.terms().size() < 2;
  if (!are_products && mixes_decimals_and_roots(a, b)) {
    return std::nullopt;
  }
  return checked(a.numerator * b.numerator, a.denominator * b.denominator);
}

RationalField::Result RationalField::divide(const Quotient& a, const Quotient& b) {
  const bool is_by_fraction = b.numerator.is_constant() && !b.numerator.has_float();
  if (!is_by_fraction && mixes_decimals_and_roots(a, b)) {
    return std::nullopt;
  }
  return checked(a.numerator * b.denominator, a.denominator * b.numerator);
}

RationalField::Result RationalField::whole_power(const Quotient& base, Dim exponent) {
  const Dim count = exponent < 0 ? -exponent : exponent;
  if (count > kMaxExponent || (exponent <= 0 && base.numerator.is_zero())) {
    return std::nullopt;
  }
  if (base.numerator.has_float()) {
    const bool is_number = base.numerator.is_constant() && base.denominator.is_constant();
    return is_number ? constant(rounded_power(base.numerator.constant().value(), exponent))
                     : std::nullopt;
  }
  Result out = constant(Coefficient(1));
  for (Dim i = 0; i < count && out; ++i) {
    out = multiply(*out, base);
  }
  return exponent < 0 && out ? divide(*constant(Coefficient(1)), *out) : out;
}

RationalField::Result RationalField::opaque(const char* what, const Quotient& a,
                                            const Quotient& b) {
  if (a.numerator.has_float() || b.numerator.has_float()) {
    return std::nullopt;
  }
  const std::string name = cat(what, " (", key_of(a.numerator), ")/(", key_of(a.denominator),
                               "), (", key_of(b.numerator), ")/(", key_of(b.denominator), ")");
  return Quotient{Polynomial::generator(generator(name)), Polynomial(Coefficient(1))};
}

RationalField::Result RationalField::power(const Quotient& base, const Quotient& exponent) {
  if (!exponent.numerator.is_constant() || !exponent.denominator.is_constant()) {
    return opaque("power", base, exponent);
  }
  const Coefficient above = exponent.numerator.constant();
  if (above.is_integer() && above.numerator() >= -kMaxExponent &&
      above.numerator() <= kMaxExponent) {
    return whole_power(base, static_cast<Dim>(above.numerator()));
  }
  const bool is_number = base.numerator.is_constant() && base.denominator.is_constant();
  const bool is_whole = above.is_float() && above.value() == std::trunc(above.value()) &&
                        std::abs(above.value()) <= static_cast<double>(kMaxExponent);
  if (is_number && is_whole && !base.numerator.is_zero()) {
    return constant(
        rounded_power(base.numerator.constant().value(), static_cast<Dim>(above.value())));
  }
  return std::nullopt;
}

RationalField::Result RationalField::root_of_constant(const Coefficient& value) {
  if (value.is_float() || !fits(value.is_negative() ? -value.numerator() : value.numerator()) ||
      !fits(value.denominator())) {
    return value.is_zero() && !value.is_float() ? constant(Coefficient()) : std::nullopt;
  }
  const auto numerator =
      static_cast<int64_t>(value.is_negative() ? -value.numerator() : value.numerator());
  const auto denominator = static_cast<int64_t>(value.denominator());
  // sqrt(n / d) = outside sqrt(inside) / d with n d = outside^2 inside.
  std::map<int64_t, Dim> primes = factors(numerator);
  for (const auto& [prime, count] : factors(denominator)) {
    primes[prime] += count;
  }
  Quotient out{Polynomial(Coefficient::fraction(1, denominator)), Polynomial(Coefficient(1))};
  for (const auto& [prime, count] : primes) {
    for (Dim i = 0; i < count / 2; ++i) {
      out.numerator = out.numerator * Polynomial(Coefficient(prime));
    }
    if (count % 2 == 1) {
      const Dim root = root_generator(cat("root ", prime), Polynomial(Coefficient(prime)));
      out.numerator = out.numerator * Polynomial::generator(root);
    }
  }
  if (value.is_negative()) {
    const Dim unit = root_generator("root -1", Polynomial(Coefficient(-1)));
    out.numerator = out.numerator * Polynomial::generator(unit);
  }
  return checked(out.numerator, out.denominator);
}

RationalField::Result RationalField::square_root(const Quotient& argument) {
  if (argument.numerator.is_constant() && argument.denominator.is_constant()) {
    const Coefficient value = argument.numerator.constant();
    return value.is_float() && !value.is_negative()
               ? constant(Coefficient::decimal(std::sqrt(value.value())))
               : root_of_constant(value);
  }
  if (argument.numerator.has_float()) {
    return std::nullopt;
  }
  if (!argument.denominator.is_constant()) {
    return opaque("root", argument, argument);
  }
  // A positive factor goes in front: sqrt(c p) = sqrt(c) sqrt(p).
  const Coefficient factor = content(argument.numerator);
  Polynomial primitive;
  for (const auto& [monomial, coefficient] : argument.numerator.terms()) {
    primitive.add_term(monomial, coefficient / factor);
  }
  const Dim root = root_generator("root of " + key_of(primitive), primitive);
  const Result front = root_of_constant(factor);
  if (!front) {
    return std::nullopt;
  }
  return multiply(*front, {Polynomial::generator(root), Polynomial(Coefficient(1))});
}

RationalField::Result RationalField::logarithm(const Quotient& argument) {
  if (!argument.numerator.is_constant() || !argument.denominator.is_constant()) {
    return opaque("logarithm", argument, argument);
  }
  const Coefficient value = argument.numerator.constant();
  if (value.is_float() || value.is_zero() || value.is_negative() || !fits(value.numerator()) ||
      !fits(value.denominator())) {
    return std::nullopt;
  }
  Polynomial sum;
  const auto add_factors = [&](Wide number, Dim sign) {
    for (const auto& [prime, count] : factors(static_cast<int64_t>(number))) {
      sum = sum + Polynomial::generator(generator(cat("logarithm ", prime))) *
                      Polynomial(Coefficient(sign * count));
    }
  };
  add_factors(value.numerator(), 1);
  add_factors(value.denominator(), -1);
  return checked(sum, Polynomial(Coefficient(1)));
}

RationalField::Result RationalField::factorial(const Quotient& argument) const {
  const Coefficient value = argument.numerator.constant();
  if (!argument.numerator.is_constant() || !argument.denominator.is_constant() ||
      !value.is_integer() || value.is_negative() || value.numerator() > kMaxFactorial) {
    return std::nullopt;
  }
  int64_t product = 1;
  for (int64_t i = 2; i <= static_cast<int64_t>(value.numerator()); ++i) {
    product *= i;
  }
  return constant(Coefficient(product));
}

}  // namespace lapidary::rl
