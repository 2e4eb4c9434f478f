#include "rl/reward/algebra/polynomial.h"

namespace lapidary::rl {

Polynomial::Polynomial(const Coefficient& constant) {
  add_term({}, constant);
}

Polynomial Polynomial::generator(Dim number) {
  Polynomial out;
  out.add_term({{number, 1}}, Coefficient(1));
  return out;
}

bool Polynomial::is_constant() const {
  return terms_.empty() || (terms_.size() == 1 && terms_.begin()->first.empty());
}

Coefficient Polynomial::constant() const {
  const auto found = terms_.find({});
  return found == terms_.end() ? Coefficient() : found->second;
}

bool Polynomial::has_float() const {
  for (const auto& [monomial, coefficient] : terms_) {
    if (coefficient.is_float()) {
      return true;
    }
  }
  return false;
}

void Polynomial::add_term(const Monomial& monomial, const Coefficient& coefficient) {
  is_valid_ = is_valid_ && coefficient.is_valid();
  const auto [found, is_new] = terms_.emplace(monomial, coefficient);
  if (!is_new) {
    found->second = found->second + coefficient;
    is_valid_ = is_valid_ && found->second.is_valid();
  }
  if (found->second.is_zero()) {
    terms_.erase(found);
  }
}

Polynomial operator+(const Polynomial& a, const Polynomial& b) {
  Polynomial out = a;
  out.is_valid_ = a.is_valid_ && b.is_valid_;
  for (const auto& [monomial, coefficient] : b.terms_) {
    out.add_term(monomial, coefficient);
  }
  return out;
}

Polynomial operator-(const Polynomial& a, const Polynomial& b) {
  return a + b * Polynomial(Coefficient(-1));
}

Polynomial operator*(const Polynomial& a, const Polynomial& b) {
  Polynomial out;
  out.is_valid_ = a.is_valid_ && b.is_valid_;
  for (const auto& [left, left_coefficient] : a.terms_) {
    for (const auto& [right, right_coefficient] : b.terms_) {
      Monomial product = left;
      for (const auto& [generator, exponent] : right) {
        product[generator] += exponent;
      }
      out.add_term(product, left_coefficient * right_coefficient);
      if (out.terms_.size() > Polynomial::kMaxTerms || !out.is_valid_) {
        out.is_valid_ = false;
        return out;
      }
    }
  }
  return out;
}

bool Polynomial::operator==(const Polynomial& other) const {
  return is_valid_ == other.is_valid_ && terms_ == other.terms_;
}

}  // namespace lapidary::rl
