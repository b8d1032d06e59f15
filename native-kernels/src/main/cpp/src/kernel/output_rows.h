// The end of a row: divide by the sum, round, store; and its log-sum-exp.
#pragma once

#include "vectors.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct OutputRows {
  using V = Vectors<Isa>;
  using F = typename V::F;

  /** `out` [value_dim padded] is not yet divided by `sum`; `largest` is the largest logit. */
  static void finish(const ForwardCall& call, int64_t batch, int64_t head, int64_t query, const float* out,
                     double largest, float sum) {
    float inverse = sum == 0 ? 0 : 1 / sum;
    store(call.out, offset_of(call.out, batch, head, query), call.problem.value_dim, inverse, out);
    if (present(call.lse)) {
      double lse = largest + __builtin_log(static_cast<double>(sum));
      float result = sum == 0 ? -__builtin_inff() : static_cast<float>(lse);
      write_element(call.lse, offset_of(call.lse, batch, head, query), result);
    }
  }

  /** A row without anything to attend to. */
  static void finish_empty(const ForwardCall& call, int64_t batch, int64_t head, int64_t query) {
    int64_t at = offset_of(call.out, batch, head, query);
    for (int d = 0; d < call.problem.value_dim; d++) write_element(call.out, at + d * call.out.strides[3], 0);
    if (present(call.lse)) {
      write_element(call.lse, offset_of(call.lse, batch, head, query), -__builtin_inff());
    }
  }

  /** One row of `width` sums times `factor`. */
  static void store(const View& view, int64_t at, int width, float factor, const float* row) {
    int whole = width / V::kCount * V::kCount;
    int d = 0;
    if (view.strides[3] == 1 && view.element == Element::kFloat32) {
      float* to = static_cast<float*>(view.data) + at;
      for (; d < whole; d += V::kCount) V::store(to + d, V::load(row + d) * factor);
    } else if (view.strides[3] == 1) {
      uint16_t* to = static_cast<uint16_t*>(view.data) + at;
      for (; d < whole; d += V::kCount) {
        F line = V::load(row + d) * factor;
        typename V::Halves halves =
            view.element == Element::kBfloat16 ? V::to_bfloat16s(line) : V::to_float16s(line);
        memcpy(to + d, &halves, sizeof halves);
      }
    }
    for (; d < width; d++) write_element(view, at + d * view.strides[3], row[d] * factor);
  }
};

}  // namespace
}  // namespace attention4j

#endif
