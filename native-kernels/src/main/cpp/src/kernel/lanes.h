// The few vector operations that the kernels need, on GCC/Clang vector types.
//
// An Isa (see instantiate_*.cpp) lives in an anonymous namespace and gives
//   Floats, Ints    vector types of `kLanes` 32-bit elements
//   kRows, kColumns the register tile of the matrix product, in rows and vectors
// so every template over it is private to its translation unit.
#pragma once

#include <stdint.h>
#include <string.h>

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct Lanes {
  using F = typename Isa::Floats;
  using I = typename Isa::Ints;
  static constexpr int kCount = Isa::kLanes;

  static F load(const float* from) {
    F value;
    memcpy(&value, from, sizeof value);
    return value;
  }

  static void store(float* to, F value) { memcpy(to, &value, sizeof value); }

  static F splat(float value) { return value - F{}; }

  static I bits(F value) { return reinterpret_cast<I>(value); }

  static F floats(I bits) { return reinterpret_cast<F>(bits); }

  /** a * b + sum, rounded as the compiler rounds it in the matrix products. */
  static float multiply_add(float a, float b, float sum) {
#if defined(__FP_FAST_FMAF)
    return __builtin_fmaf(a, b, sum);
#else
    return a * b + sum;
#endif
  }

  static float sum(F value) {
    float total = 0;
    for (int i = 0; i < kCount; i++) total += value[i];
    return total;
  }

  static float max(F value) {
    float largest = value[0];
    for (int i = 1; i < kCount; i++) largest = value[i] > largest ? value[i] : largest;
    return largest;
  }

  static int round_up(int n) {
    return (n + kCount - 1) / kCount * kCount;
  }

  /** 1 + y/2 + y^2/6 + ... = (e^y - 1) / y, Taylor; relative error below 1e-8 for |y| < 0.7. */
  static F expm1_over(F y) {
    F p = splat(1.0f / 362880);
    p = p * y + 1.0f / 40320;
    p = p * y + 1.0f / 5040;
    p = p * y + 1.0f / 720;
    p = p * y + 1.0f / 120;
    p = p * y + 1.0f / 24;
    p = p * y + 1.0f / 6;
    p = p * y + 1.0f / 2;
    return p * y + 1.0f;
  }

  /** e^x = 2^n e^r, |r| <= ln(2)/2. Below the smallest normal number it is 0. NaN stays NaN. */
  static F exp(F x) {
    const F low = splat(-87.33654f);
    const F high = splat(88.72283f);
    F clamped = x < low ? low : x;
    clamped = clamped > high ? high : clamped;
    const F magic = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer in the low bits
    F shifted = clamped * 1.44269504f + magic;
    F n = shifted - magic;
    F r = clamped - n * 0.693359375f;  // ln 2 in two parts, the first exact in few bits
    r = r + n * 2.12194440e-4f;
    F mantissa = r * expm1_over(r) + 1.0f;
    F result = floats(bits(mantissa) + (bits(shifted) << 23));
    result = x < low ? F{} : result;
    result = x > high ? splat(__builtin_inff()) : result;
    return x != x ? x : result;
  }

  /** (e^2x - 1) / (e^2x + 1), with e^2x - 1 from its series where the subtraction would cancel. */
  static F tanh(F x) {
    F y = x + x;
    F series = y * expm1_over(y);
    F small = series / (series + 2.0f);
    F large = 1.0f - 2.0f / (exp(y) + 1.0f);
    F size = x < 0.0f ? -x : x;
    return size < 0.34f ? small : large;
  }
};

}  // namespace
}  // namespace attention4j
