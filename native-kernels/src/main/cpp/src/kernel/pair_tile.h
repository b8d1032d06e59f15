// A tile of weights and score gradients as the products of the backward pass want to read it.
#pragma once

#include "turned.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

/** From row to row; not a power of two, so that a column of a tile spreads over the cache's sets. */
constexpr int kBackwardStep = kBackwardKeys + 32;

template <class Isa, class Micro>
struct PairTile;

/** In place: weights where the scores were, score gradients where grad_out . v was. */
template <class Isa>
struct PairTile<Isa, MicroFloat32<Isa>> {
  using V = Vectors<Isa>;
  using F = typename V::F;
  static constexpr int kStep = kBackwardStep;  // of `weights` and `gradients`, for one step in depth
  static constexpr int kPerKey = 1;

  float* scores;   // [queries][kStep]
  float* inflow;   // [queries][kStep]: grad_out . v
  float* weights;  // the same memory
  float* gradients;
  float* gradient_rows;

  static PairTile take(Arena& arena) {
    PairTile tile{};
    tile.scores = tile.weights = arena.floats(kBackwardQueries * kStep);
    tile.inflow = tile.gradients = tile.gradient_rows = arena.floats(kBackwardQueries * kStep);
    return tile;
  }

  /** Column j of rows i and i + 1. */
  void store(int i, int j, F weight, F next_weight, F gradient, F next_gradient) {
    V::store(weights + i * kStep + j, weight);
    V::store(weights + (i + 1) * kStep + j, next_weight);
    V::store(gradients + i * kStep + j, gradient);
    V::store(gradients + (i + 1) * kStep + j, next_gradient);
  }
};

#if defined(__AVX512BF16__)

template <class Isa>
struct PairTile<Isa, MicroBfloat16<Isa>> {
  using V = Vectors<Isa>;
  using F = typename V::F;
  static constexpr int kStep = 2 * kBackwardStep;
  static constexpr int kPerKey = 2;

  float* scores;            // [queries][kBackwardStep]
  float* inflow;            // [queries][kBackwardStep]
  uint16_t* weights;        // [queries / 2][key][2]
  uint16_t* gradients;      // [queries / 2][key][2]
  uint16_t* gradient_rows;  // [queries][kBackwardStep]

  static PairTile take(Arena& arena) {
    constexpr size_t kElements = kBackwardQueries * kBackwardStep;
    PairTile tile{};
    tile.scores = arena.floats(kElements);
    tile.inflow = arena.floats(kElements);
    tile.weights = reinterpret_cast<uint16_t*>(arena.bytes(kElements * 2));
    tile.gradients = reinterpret_cast<uint16_t*>(arena.bytes(kElements * 2));
    tile.gradient_rows = reinterpret_cast<uint16_t*>(arena.bytes(kElements * 2));
    return tile;
  }

  void store(int i, int j, F weight, F next_weight, F gradient, F next_gradient) {
    store_pairs(weights + i / 2 * kStep + 2 * j, narrow(weight, next_weight));
    __m512i both = narrow(gradient, next_gradient);
    store_pairs(gradients + i / 2 * kStep + 2 * j, both);
    __m256i first = _mm512_castsi512_si256(both), second = _mm512_extracti64x4_epi64(both, 1);
    memcpy(gradient_rows + i * kBackwardStep + j, &first, sizeof first);
    memcpy(gradient_rows + (i + 1) * kBackwardStep + j, &second, sizeof second);
  }

 private:
  static __m512i narrow(F low, F high) {
    return reinterpret_cast<__m512i>(
        _mm512_cvtne2ps_pbh(reinterpret_cast<__m512>(high), reinterpret_cast<__m512>(low)));
  }

  /** The halves of `both` interleaved. */
  static void store_pairs(uint16_t* to, __m512i both) {
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23,
                                           7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    _mm512_storeu_si512(to, _mm512_permutexvar_epi16(order, both));
  }
};

#endif

}  // namespace
}  // namespace attention4j

#endif
