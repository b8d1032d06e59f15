// What the backward pass needs before its sweep: delta for each row, and whether every operand is finite.
#pragma once

#include "readers.h"
#include "rough_output.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct BackwardPrepare {
  using V = Vectors<Isa>;
  using F = typename V::F;

  /** Items per (batch, head, tile of queries), then per (batch, key head, tile of keys). */
  static void item(const BackwardCall& call, int64_t item, void*) {
    const Problem& problem = call.problem;
    int64_t query_items = problem.batch * problem.heads * query_tiles(problem);
    bool finite = true;
    if (item < query_items) {
      int64_t tile = item % query_tiles(problem), head = item / query_tiles(problem);
      int64_t batch = head / problem.heads, first = tile * kTile;
      int rows = static_cast<int>(problem.queries - first < kTile ? problem.queries - first : kTile);
      head %= problem.heads;
      finite = all_finite(problem.query, batch, head, first, rows, problem.key_dim);
      finite &=
          !present(call.grad_out) || all_finite(call.grad_out, batch, head, first, rows, problem.value_dim);
      if (tile == 0 && call.too_rough != nullptr && RoughOutput<Isa>::matters(call, batch, head)) {
        __atomic_store_n(call.too_rough, 1, __ATOMIC_RELAXED);
      }
      for (int i = 0; i < rows; i += V::kCount) {
        delta(call, batch, head, first + i, rows - i < V::kCount ? rows - i : V::kCount);
      }
    } else {
      item -= query_items;
      int64_t tile = item % key_tiles(problem), head = item / key_tiles(problem);
      int64_t batch = head / problem.key_heads, first = tile * kTile;
      int rows = static_cast<int>(problem.keys - first < kTile ? problem.keys - first : kTile);
      head %= problem.key_heads;
      finite = all_finite(problem.key, batch, head, first, rows, problem.key_dim) &&
               all_finite(problem.value, batch, head, first, rows, problem.value_dim);
      if (call.too_rough != nullptr && RoughOutput<Isa>::sticks_out(problem, batch, head, first, rows)) {
        __atomic_store_n(call.too_rough, 1, __ATOMIC_RELAXED);
      }
    }
    if (!finite) __atomic_store_n(call.not_finite, 1, __ATOMIC_RELAXED);
  }

 private:
  static bool all_finite(const View& view, int64_t batch, int64_t head, int64_t first, int rows, int width) {
    F zeros = F{};  // x * 0 is 0 for the finite ones only
    with_reader<Isa>(view, [&](auto reader) {
      for (int i = 0; i < rows; i++) {
        int64_t at = offset_of(view, batch, head, first + i);
        int d = 0;
        for (; d + V::kCount <= width; d += V::kCount) {
          zeros += reader.whole(view, at + d * view.strides[3]) * 0.0f;
        }
        if (d < width) zeros += reader.part(view, at + d * view.strides[3], width - d) * 0.0f;
      }
    });
    return V::total(zeros) == 0;
  }

  /**
   * delta of up to a vector of rows. Each is summed in the order and with the rounding of grad_out . v, so
   * that a row with a single key, where the two are equal, has a gradient of exactly 0.
   */
  static void delta(const BackwardCall& call, int64_t batch, int64_t head, int64_t first, int rows) {
    const Problem& problem = call.problem;
    F sums = F{};
    if (present(call.grad_out)) {
      for (int d = 0; d < problem.value_dim; d += V::kCount) {
        F outs[V::kCount], grads[V::kCount];
        int width = problem.value_dim - d < V::kCount ? problem.value_dim - d : V::kCount;
        read_turned(call.out, batch, head, first, rows, d, width, outs);
        read_turned(call.grad_out, batch, head, first, rows, d, width, grads);
        for (int n = 0; n < width; n++) sums += grads[n] * outs[n];
      }
    }
    float* to = call.delta + (batch * problem.heads + head) * problem.queries + first;
    for (int i = 0; i < rows; i++) {
      to[i] = sums[i];
      if (present(call.grad_lse)) {
        to[i] -= read_element(call.grad_lse, offset_of(call.grad_lse, batch, head, first + i));
      }
    }
  }

  /** lines[n] lane i = element d + n of row i. */
  static void read_turned(const View& view, int64_t batch, int64_t head, int64_t first, int rows, int d,
                          int width, F (&lines)[V::kCount]) {
    with_reader<Isa>(view, [&](auto reader) {
      for (int i = 0; i < V::kCount; i++) {
        int64_t at = offset_of(view, batch, head, first + i) + d * view.strides[3];
        lines[i] = i >= rows            ? F{}
                   : width == V::kCount ? reader.whole(view, at)
                                        : reader.part(view, at, width);
      }
    });
    V::transpose(lines);
  }
};

}  // namespace
}  // namespace attention4j

#endif
