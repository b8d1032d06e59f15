// What comes between q . k and the softmax: softcap, ALiBi, bias. Rows of a run of keys, in place.
#pragma once

#include "readers.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

constexpr float kLog2E = 1.44269504f;

template <class Isa>
struct ScoreTerms {
  using V = Vectors<Isa>;
  using F = typename V::F;

  /** Whether logits are more than products times the scale. */
  static bool any(const Problem& problem) {
    return problem.softcap > 0 || present(problem.slopes) || present(problem.bias);
  }

  /** What the scores that reach the softmax must be multiplied by to be logits. */
  static float unit(const Problem& problem) { return any(problem) ? 1 : __builtin_fabsf(problem.scale); }

  /**
   * scores[0, keys) of one query: products with the query times the scale's sign become logits. Lanes
   * beyond `keys`, up to whole vectors, are undefined.
   */
  static void apply(const Problem& problem, int64_t batch, int64_t head, int64_t query, int64_t first_key,
                    int keys, float* scores) {
    int padded = V::round_up(keys);
    scale(problem, padded, scores);
    if (present(problem.slopes)) add_alibi(problem, head, query, first_key, padded, scores);
    if (present(problem.bias)) add_bias(problem.bias, batch, head, query, first_key, keys, scores);
  }

  /** Press et al., "Train Short, Test Long" (2022), symmetric for keys after the query. */
  static void add_alibi(const Problem& problem, int64_t head, int64_t query, int64_t first_key, int padded,
                        float* scores) {
    float slope = read_element(problem.slopes, head * problem.slopes.strides[1]);
    F distance = V::splat(static_cast<float>(first_key - (problem.query_start + query)));
    for (int lane = 0; lane < V::kCount; lane++) distance[lane] += static_cast<float>(lane);
    for (int j = 0; j < padded; j += V::kCount) {
      V::store(scores + j, V::load(scores + j) - V::magnitude(distance) * slope);
      distance += static_cast<float>(V::kCount);
    }
  }

  static void add_bias(const View& bias, int64_t batch, int64_t head, int64_t query, int64_t first_key,
                       int keys, float* scores) {
    int64_t at = offset_of(bias, batch, head, query) + first_key * bias.strides[3];
    with_reader<Isa>(bias, [&](auto reader) {
      int j = 0;
      for (; j + V::kCount <= keys; j += V::kCount) {
        V::store(scores + j, V::load(scores + j) + reader.whole(bias, at + j * bias.strides[3]));
      }
      if (j < keys) {
        F rest = reader.part(bias, at + j * bias.strides[3], keys - j);
        V::store(scores + j, V::load(scores + j) + rest);
      }
    });
  }

 private:
  static void scale(const Problem& problem, int padded, float* scores) {
    float factor = __builtin_fabsf(problem.scale);
    float cap = problem.softcap;
    if (cap > 0) {
      for (int j = 0; j < padded; j += V::kCount) {
        V::store(scores + j, V::tanh(V::load(scores + j) * factor / cap) * cap);
      }
    } else {
      for (int j = 0; j < padded; j += V::kCount) V::store(scores + j, V::load(scores + j) * factor);
    }
  }
};

}  // namespace
}  // namespace attention4j

#endif
