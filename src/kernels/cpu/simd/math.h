// exp, tanh and gelu on vectors, to about one unit in the last place of fp32 (polynomials of
// Moshier's Cephes library, expf and tanhf).
#pragma once

namespace lapidary::kernels {

template <typename S>
[[gnu::always_inline]] inline typename S::Float exp(typename S::Float x) {
  using Float = typename S::Float;
  constexpr float kHighest = 88.3762626647949F;  // exp is still finite, and n below 128
  constexpr float kLowest = -87.3365447505531F;  // exp is still normal
  const Float clamped = S::min(S::set(kHighest), S::max(S::set(kLowest), x));
  const Float n = S::round(S::mul(clamped, S::set(1.44269504088896341F)));
  const Float r =
      S::neg_fma(n, S::set(-2.12194440e-4F), S::neg_fma(n, S::set(0.693359375F), clamped));
  Float p = S::set(1.9875691500e-4F);
  p = S::fma(p, r, S::set(1.3981999507e-3F));
  p = S::fma(p, r, S::set(8.3334519073e-3F));
  p = S::fma(p, r, S::set(4.1665795894e-2F));
  p = S::fma(p, r, S::set(1.6666665459e-1F));
  p = S::fma(p, r, S::set(5.0000001201e-1F));
  p = S::add(S::fma(p, S::mul(r, r), r), S::set(1.0F));
  const Float y = S::mul(p, S::power_of_two(n));
  const Float infinity = S::set(__builtin_inff());
  return S::select_less(x, S::set(kLowest), S::zero(),
                        S::select_less(S::set(kHighest), x, infinity, y));
}

template <typename S>
[[gnu::always_inline]] inline typename S::Float tanh(typename S::Float x) {
  using Float = typename S::Float;
  const Float size = S::abs(x);
  const Float one = S::set(1.0F);
  const Float far = S::sub(one, S::div(S::set(2.0F), S::add(exp<S>(S::add(size, size)), one)));
  const Float square = S::mul(x, x);
  Float p = S::set(-5.70498872745e-3F);
  p = S::fma(p, square, S::set(2.06390887954e-2F));
  p = S::fma(p, square, S::set(-5.37397155531e-2F));
  p = S::fma(p, square, S::set(1.33314422036e-1F));
  p = S::fma(p, square, S::set(-3.33332819422e-1F));
  const Float near = S::fma(S::mul(p, square), x, x);
  return S::select_less(size, S::set(0.625F), near, S::copy_sign(far, x));
}

// x / (1 + exp(-2 u)): equal to 0.5 x (1 + tanh u), and precise where that cancels.
template <typename S>
[[gnu::always_inline]] inline typename S::Float gelu_tanh(typename S::Float x) {
  using Float = typename S::Float;
  constexpr float kMinusTwoRootTwoOverPi = -1.5957691216057308F;
  const Float cube = S::mul(S::mul(x, x), x);
  const Float u = S::fma(S::set(0.044715F), cube, x);
  const Float e = exp<S>(S::mul(u, S::set(kMinusTwoRootTwoOverPi)));
  return S::div(x, S::add(S::set(1.0F), e));
}

}  // namespace lapidary::kernels
