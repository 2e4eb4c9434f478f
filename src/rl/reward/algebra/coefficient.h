// Coefficients: exact fractions, and decimals as a computer algebra system carries them (53-bit
// floats that stay floats). A result that does not fit is marked as such and poisons what it
// touches.
//
// Worked example. 1/2 + 0.25 is the float 0.75; 1/3 + 1/6 is the fraction 1/2; 0.1 + 0.2 - 0.3 is a
// float that is not 0, as in the reference.
#pragma once

#include <cstdint>

namespace lapidary::rl {

__extension__ using Wide = __int128;

class Coefficient {
 public:
  Coefficient() = default;
  explicit Coefficient(int64_t integer) : numerator_(integer) {}
  // Reduced, the denominator positive. A denominator of 0 is not valid.
  static Coefficient fraction(Wide numerator, Wide denominator);
  static Coefficient decimal(double value);
  static Coefficient invalid();

  bool is_valid() const { return is_valid_; }
  bool is_float() const { return is_float_; }
  bool is_zero() const;
  bool is_one() const { return !is_float_ && numerator_ == 1 && denominator_ == 1; }
  bool is_negative() const { return is_float_ ? value_ < 0 : numerator_ < 0; }
  bool is_integer() const { return !is_float_ && denominator_ == 1; }
  Wide numerator() const { return numerator_; }
  Wide denominator() const { return denominator_; }
  double value() const;

  Coefficient operator-() const;
  friend Coefficient operator+(const Coefficient& a, const Coefficient& b);
  friend Coefficient operator*(const Coefficient& a, const Coefficient& b);
  friend Coefficient operator/(const Coefficient& a, const Coefficient& b);
  // The same kind and value.
  bool operator==(const Coefficient& other) const;

 private:
  Wide numerator_ = 0;
  Wide denominator_ = 1;
  double value_ = 0;
  bool is_float_ = false;
  bool is_valid_ = true;
};

}  // namespace lapidary::rl
