#include "rl/reward/algebra/coefficient.h"

#include <cmath>

namespace lapidary::rl {

namespace {

// Fractions stay below this, so that their cross products fit and their quotient is rounded once.
constexpr Wide kLargest = Wide{1} << 62;

Wide magnitude(Wide value) {
  return value < 0 ? -value : value;
}

Wide common_divisor(Wide a, Wide b) {
  a = magnitude(a);
  b = magnitude(b);
  while (b != 0) {
    const Wide rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

}  // namespace

Coefficient Coefficient::invalid() {
  Coefficient out;
  out.is_valid_ = false;
  return out;
}

Coefficient Coefficient::fraction(Wide numerator, Wide denominator) {
  if (denominator == 0) {
    return invalid();
  }
  const Wide divisor = common_divisor(numerator, denominator) * (denominator < 0 ? -1 : 1);
  Coefficient out;
  out.numerator_ = numerator / divisor;
  out.denominator_ = denominator / divisor;
  out.is_valid_ = magnitude(out.numerator_) < kLargest && out.denominator_ < kLargest;
  return out;
}

Coefficient Coefficient::decimal(double value) {
  Coefficient out;
  out.value_ = value;
  out.is_float_ = true;
  out.is_valid_ = std::isfinite(value);
  return out;
}

bool Coefficient::is_zero() const {
  return is_float_ ? value_ == 0 : numerator_ == 0;
}

double Coefficient::value() const {
  if (is_float_) {
    return value_;
  }
  // The long double quotient of two 62-bit integers rounds to the nearest double but for ties that
  // its 64 bits cannot tell; a fraction that short is exact.
  return static_cast<double>(static_cast<long double>(numerator_) /
                             static_cast<long double>(denominator_));
}

Coefficient Coefficient::operator-() const {
  Coefficient out = *this;
  out.numerator_ = -numerator_;
  out.value_ = -value_;
  return out;
}

Coefficient operator+(const Coefficient& a, const Coefficient& b) {
  if (!a.is_valid_ || !b.is_valid_) {
    return Coefficient::invalid();
  }
  if (a.is_float_ || b.is_float_) {
    return Coefficient::decimal(a.value() + b.value());
  }
  return Coefficient::fraction(a.numerator_ * b.denominator_ + b.numerator_ * a.denominator_,
                               a.denominator_ * b.denominator_);
}

Coefficient operator*(const Coefficient& a, const Coefficient& b) {
  if (!a.is_valid_ || !b.is_valid_) {
    return Coefficient::invalid();
  }
  if (a.is_float_ || b.is_float_) {
    return a.is_zero() || b.is_zero() ? Coefficient() : Coefficient::decimal(a.value() * b.value());
  }
  return Coefficient::fraction(a.numerator_ * b.numerator_, a.denominator_ * b.denominator_);
}

Coefficient operator/(const Coefficient& a, const Coefficient& b) {
  if (!a.is_valid_ || !b.is_valid_ || b.is_zero()) {
    return Coefficient::invalid();
  }
  if (a.is_float_ || b.is_float_) {
    return Coefficient::decimal(a.value() / b.value());
  }
  return Coefficient::fraction(a.numerator_ * b.denominator_, a.denominator_ * b.numerator_);
}

bool Coefficient::operator==(const Coefficient& other) const {
  return is_valid_ == other.is_valid_ && is_float_ == other.is_float_ &&
         numerator_ == other.numerator_ && denominator_ == other.denominator_ &&
         value_ == other.value_;
}

}  // namespace lapidary::rl
