// Dropout of a dense array: the op Dropout itself, outside of attention.
#pragma once

#include "dropout.h"

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct DropoutValues {
  using V = Lanes<Isa>;
  using F = typename V::F;

  /** One chunk of the array. Element i of the whole falls as weight i of attention would. */
  static void item(const DropoutCall& call, int64_t item, void*) {
    const int64_t first = item * kDropoutChunk;
    const int64_t end = first + kDropoutChunk < call.count ? first + kDropoutChunk : call.count;
    DropoutRow<Isa> factors(call.plan, static_cast<uint64_t>(first));
    int64_t i = first;
    for (; i + V::kCount <= end; i += V::kCount) {
      F y = V::load(call.x + i) * factors.next();
      V::store(call.y + i, call.added == nullptr ? y : y + V::load(call.added + i));
    }
    if (i == end) return;
    F last = factors.next();
    for (int lane = 0; i < end; i++, lane++) {
      float y = call.x[i] * last[lane];
      call.y[i] = call.added == nullptr ? y : y + call.added[i];
    }
  }
};

}  // namespace
}  // namespace attention4j
