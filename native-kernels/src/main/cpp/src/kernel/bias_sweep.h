// grad_bias by tiles of the bias: each sums the score gradients of all pairs that its elements belong to,
// in a fixed order. Always on f32 products, since a bias may sum many small gradients.
#pragma once

#include "backward_weights.h"
#include "output_rows.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct BiasSweep {
  using V = Vectors<Isa>;
  using Micro = MicroFloat32<Isa>;
  using Tile = BackwardTile<Isa, Micro>;

  struct Scratch {
    Tile tile;
    BackwardWeights<Isa, Micro> weights;
    float* sum;  // [kBackwardQueries][kBackwardKeys]

    Scratch(Arena& arena, const Problem& problem)
        : tile(arena, problem),
          weights(arena, problem, false),
          sum(arena.floats(kBackwardQueries * kBackwardKeys)) {}
  };

  static size_t workspace_bytes(const BackwardCall& call) {
    Arena arena(nullptr);
    Scratch scratch(arena, call.problem);
    return arena.used();
  }

  /** The bias's own axes; where it broadcasts, the range that one element stands for. */
  struct Range {
    int64_t first;
    int64_t last;
  };

  static void item(const BackwardCall& call, int64_t item, void* workspace) {
    const Problem& problem = call.problem;
    Arena arena(workspace);
    Scratch scratch(arena, problem);
    const bool* sums = problem.bias_broadcasts;
    int64_t query_blocks = (problem.queries + kBackwardQueries - 1) / kBackwardQueries;
    Range keys = next(item, backward_blocks(problem), sums[3]);
    Range queries = next(item, query_blocks, sums[2]);
    Range heads = next(item, problem.heads, sums[1]);
    Range batches = next(item, problem.batch, sums[0]);
    memset(scratch.sum, 0, sizeof(float) * kBackwardQueries * kBackwardKeys);
    Band band = Band::of(problem);
    BackwardPlace place{};
    for (place.batch = batches.first; place.batch < batches.last; place.batch++) {
      for (place.head = heads.first; place.head < heads.last; place.head++) {
        for (int64_t k = keys.first; k < keys.last; k++) {
          place.first_key = k * kBackwardKeys;
          place.keys = Tile::count_of(problem.keys - place.first_key, kBackwardKeys);
          scratch.tile.load_keys(problem, place);
          for (int64_t q = queries.first; q < queries.last; q++) {
            place.first_query = q * kBackwardQueries;
            place.queries = Tile::count_of(problem.queries - place.first_query, kBackwardQueries);
            if (!scratch.tile.compute(call, band, place)) continue;
            scratch.weights.apply(place, scratch.tile);
            add(place, sums, scratch);
          }
        }
      }
    }
    store(call.grad_bias, problem, batches.first, heads.first, queries.first * kBackwardQueries,
          keys.first * kBackwardKeys, scratch.sum);
  }

 private:
  /** Takes one axis off the item's number. */
  static Range next(int64_t& item, int64_t size, bool broadcasts) {
    if (broadcasts) return {0, size};
    int64_t at = item % size;
    item /= size;
    return {at, at + 1};
  }

  static void add(const BackwardPlace& place, const bool* sums, Scratch& scratch) {
    for (int i = 0; i < place.queries; i++) {
      const float* from = scratch.tile.pairs.gradients + i * kBackwardStep;
      float* to = scratch.sum + (sums[2] ? 0 : i * kBackwardKeys);
      if (sums[3]) {
        float total = 0;
        for (int j = 0; j < place.keys; j++) total += from[j];
        to[0] += total;
      } else {
        for (int j = 0; j < place.keys; j++) to[j] += from[j];
      }
    }
  }

  static void store(const View& bias, const Problem& problem, int64_t batch, int64_t head, int64_t query,
                    int64_t key, const float* sum) {
    const bool* sums = problem.bias_broadcasts;
    int rows = sums[2] ? 1 : Tile::count_of(problem.queries - query, kBackwardQueries);
    int columns = sums[3] ? 1 : Tile::count_of(problem.keys - key, kBackwardKeys);
    for (int i = 0; i < rows; i++) {
      int64_t at = offset_of(bias, batch, head, query + i) + key * bias.strides[3];
      OutputRows<Isa>::store(bias, at, columns, 1, sum + i * kBackwardKeys);
    }
  }
};

}  // namespace
}  // namespace attention4j

#endif
