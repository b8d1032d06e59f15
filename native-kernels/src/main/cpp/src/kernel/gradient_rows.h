// The end of a gradient: rows of sums to the caller's memory, or partial sums first added up.
#pragma once

#include "output_rows.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct GradientRows {
  using V = Vectors<Isa>;
  using F = typename V::F;

  static void store_query(const BackwardCall& call, int64_t batch, int64_t head, int64_t query,
                          const float* row) {
    OutputRows<Isa>::store(call.grad_query, offset_of(call.grad_query, batch, head, query),
                           call.problem.key_dim, call.problem.scale, row);
  }

  /** One query head's share of grad_key and grad_value: the result itself unless heads share the key. */
  static void store_key(const BackwardCall& call, int64_t batch, int64_t head, int64_t key,
                        const float* grad_key, const float* grad_value) {
    const Problem& problem = call.problem;
    if (call.key_partials == nullptr) {
      store(call.grad_key, batch, head, key, problem.key_dim, problem.scale, grad_key);
      store(call.grad_value, batch, head, key, problem.value_dim, 1, grad_value);
      return;
    }
    int64_t row = (batch * problem.heads + head) * problem.keys + key;
    int key_step = gradient_step(problem.key_dim), value_step = gradient_step(problem.value_dim);
    memcpy(call.key_partials + row * key_step, grad_key, sizeof(float) * static_cast<size_t>(key_step));
    memcpy(call.value_partials + row * value_step, grad_value,
           sizeof(float) * static_cast<size_t>(value_step));
  }

  /** Adds partial sums: items per (batch, head, tile of queries), then per (batch, key head, tile of keys).
   */
  static void reduce_item(const BackwardCall& call, int64_t item, void* workspace) {
    const Problem& problem = call.problem;
    float* sum = static_cast<float*>(workspace);
    int64_t heads = problem.batch * problem.heads;
    int64_t query_items = call.chunks > 1 ? heads * query_tiles(problem) : 0;
    if (item < query_items) {
      if (!present(call.grad_query)) return;
      int64_t tile = item % query_tiles(problem), head = item / query_tiles(problem);
      int step = gradient_step(problem.key_dim);
      for (int64_t i = tile * kTile; i < problem.queries && i < (tile + 1) * kTile; i++) {
        add_rows(call.query_partials + (head * problem.queries + i) * step, heads * problem.queries * step,
                 call.chunks, step, sum);
        store_query(call, head / problem.heads, head % problem.heads, i, sum);
      }
      return;
    }
    item -= query_items;
    int64_t tile = item % key_tiles(problem), head = item / key_tiles(problem);
    for (int64_t j = tile * kTile; j < problem.keys && j < (tile + 1) * kTile; j++) {
      reduce_key(call.grad_key, call.key_partials, problem, head, j, problem.key_dim, problem.scale, sum);
      reduce_key(call.grad_value, call.value_partials, problem, head, j, problem.value_dim, 1, sum);
    }
  }

 private:
  static void store(const View& view, int64_t batch, int64_t head, int64_t row, int width, float factor,
                    const float* from) {
    if (present(view)) OutputRows<Isa>::store(view, offset_of(view, batch, head, row), width, factor, from);
  }

  /** `head` counts the key heads of all batch entries. */
  static void reduce_key(const View& result, const float* partials, const Problem& problem, int64_t head,
                         int64_t key, int width, float factor, float* sum) {
    if (!present(result)) return;
    int step = gradient_step(width);
    int64_t members = group_size(problem);
    add_rows(partials + (head * members * problem.keys + key) * step, problem.keys * step, members, step,
             sum);
    store(result, head / problem.key_heads, head % problem.key_heads, key, width, factor, sum);
  }

  /** sum[0, width) = the sum of `count` rows, `stride` apart, in order. */
  static void add_rows(const float* first, int64_t stride, int64_t count, int width, float* sum) {
    for (int d = 0; d < width; d += V::kCount) {
      F total = V::load(first + d);
      for (int64_t n = 1; n < count; n++) total += V::load(first + n * stride + d);
      V::store(sum + d, total);
    }
  }
};

}  // namespace
}  // namespace attention4j

#endif
