// Activations of a dense array together with their slopes, so that the backward pass is one product.
#pragma once

#include "../problem.h"
#include "lanes.h"

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct Activations {
  using V = Lanes<Isa>;
  using F = typename V::F;

  struct Value {
    F y;
    F slope;
  };

  /** One chunk of the array. */
  static void item(const ActivationCall& call, int64_t item, void*) {
    const int64_t first = item * kActivationChunk;
    const int64_t end = first + kActivationChunk < call.count ? first + kActivationChunk : call.count;
    switch (call.kind) {
      case ActivationKind::kGelu:
        return chunk<gelu>(call, first, end);
      case ActivationKind::kGeluTanh:
        return chunk<gelu_tanh>(call, first, end);
      case ActivationKind::kSilu:
        return chunk<silu>(call, first, end);
    }
  }

 private:
  template <Value (*kFunction)(F)>
  static void chunk(const ActivationCall& call, int64_t first, int64_t end) {
    int64_t i = first;
    for (; i + V::kCount <= end; i += V::kCount) {
      Value value = kFunction(V::load(call.x + i));
      V::store(call.y + i, value.y);
      V::store(call.slope + i, value.slope);
    }
    if (i == end) return;
    float rest[V::kCount] = {};
    memcpy(rest, call.x + i, sizeof(float) * static_cast<size_t>(end - i));
    Value last = kFunction(V::load(rest));
    for (int lane = 0; i < end; i++, lane++) {
      call.y[i] = last.y[lane];
      call.slope[i] = last.slope[lane];
    }
  }

  static F magnitude(F x) { return V::floats(V::bits(x) & 0x7fffffffu); }

  /**
   * x Phi(x) and Phi(x) + x phi(x). e^(z^2/2) Phi(-z) is a polynomial in
   * t = 1 / (1 + 0.3 z / sqrt(2)) to a relative 2e-8 for 0 <= z <= 13, beyond which e^(-z^2/2) is 0 here.
   * Fitted for the least largest relative error.
   */
  static Value gelu(F x) {
    F z = magnitude(x);
    F t = 1.0f / (z * 0.212132034f + 1.0f);
    F p = V::splat(-0.064703494f);
    p = p * t + 0.24247691f;
    p = p * t - 0.25545225f;
    p = p * t + 0.27299425f;
    p = p * t - 0.046658855f;
    p = p * t + 0.10714262f;
    p = p * t + 0.074263372f;
    p = p * t + 0.085342355f;
    p = p * t + 0.084595054f;
    F bell = V::exp(x * x * -0.5f);
    F tail = p * t * bell;
    F share = x < 0.0f ? tail : 1.0f - tail;
    return {x * share, share + x * bell * 0.398942280f};
  }

  /** x / (1 + e^-z) and its slope, where z is odd in x and z' its slope. */
  static Value sigmoid_weighted(F x, F z, F slope) {
    F e = V::exp(-z);  // infinite far below 0, where both shares are then 0
    F share = 1.0f / (e + 1.0f);
    F other = z < 0.0f ? 1.0f - share : e * share;  // each where it does not cancel or overflow
    return {x * share, share + x * share * other * slope};
  }

  static Value silu(F x) { return sigmoid_weighted(x, x, V::splat(1.0f)); }

  /** (1 + tanh u) / 2 = 1 / (1 + e^-2u). */
  static Value gelu_tanh(F x) {
    F bounded = x < -100.0f ? V::splat(-100.0f) : x;  // x^3 must not overflow
    bounded = bounded > 100.0f ? V::splat(100.0f) : bounded;
    F square = bounded * bounded;
    constexpr float kTwoRoots = 1.59576912f;  // 2 sqrt(2 / pi)
    F z = bounded * (square * (0.044715f * kTwoRoots) + kTwoRoots);
    return sigmoid_weighted(x, z, square * (3 * 0.044715f * kTwoRoots) + kTwoRoots);
  }
};

}  // namespace
}  // namespace attention4j
