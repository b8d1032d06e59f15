// Which fast backward pass an instruction set has for a call.
#pragma once

#include "backward_prepare.h"
#include "bias_sweep.h"
#include "fast_backward.h"

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct BackwardTable {
  /** Null if there is none. */
  static const BackwardSweep* sweep(const BackwardCall& call) {
    (void)call;
#if defined(__AVX512BF16__)
    if (takes_pairs(call)) return &kSweep<MicroBfloat16<Isa>>;
#endif
#if defined(__AVX2__)
    return &kSweep<MicroFloat32<Isa>>;
#else
    return nullptr;
#endif
  }

#if defined(__AVX2__)
 private:
  template <class Micro>
  static constexpr BackwardSweep kSweep = {
      FastBackward<Isa, Micro>::workspace_bytes,
      BackwardPrepare<Isa>::item,
      FastBackward<Isa, Micro>::item,
      GradientRows<Isa>::reduce_item,
      BiasSweep<Isa>::workspace_bytes,
      BiasSweep<Isa>::item,
  };
#endif

#if defined(__AVX512BF16__)
  /** Products of bf16 pairs read neighbouring bf16. */
  static bool takes_pairs(const BackwardCall& call) {
    auto fits = [](const View& view) { return view.element == Element::kBfloat16 && view.strides[3] == 1; };
    const Problem& problem = call.problem;
    return fits(problem.query) && fits(problem.key) && fits(problem.value) &&
           (fits(call.grad_out) || !present(call.grad_out));
  }
#endif
};

}  // namespace
}  // namespace attention4j
