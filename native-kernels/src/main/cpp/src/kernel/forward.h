// The forward pass on one tile of queries: online softmax over the tiles of keys.
#pragma once

#include "dropout.h"
#include "scores.h"

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct Forward {
  using V = Lanes<Isa>;
  using F = typename V::F;
  using T = Tiles<Isa>;

  struct Scratch {
    float* query;        // [kTile][key_dim padded], scaled
    float* rows;         // [kTile][the wider of both dims padded]: keys, then values
    float* keys_turned;  // [key_dim][kTile]
    float* out;          // [kTile][value_dim padded], not yet divided by the sum
    float* row_max;      // [kTile]
    float* row_sum;      // [kTile]
    Scores<Isa> scores;

    Scratch(Arena& arena, const Problem& problem) {
      size_t key_width = static_cast<size_t>(V::round_up(problem.key_dim));
      size_t value_width = static_cast<size_t>(V::round_up(problem.value_dim));
      query = arena.floats(kTile * key_width);
      rows = arena.floats(kTile * (key_width > value_width ? key_width : value_width));
      keys_turned = arena.floats(kTile * key_width);
      out = arena.floats(kTile * value_width);
      row_max = arena.floats(kTile);
      row_sum = arena.floats(kTile);
      scores = Scores<Isa>::take(arena, problem, false);
    }
  };

  static void item(const ForwardCall& call, int64_t item, void* workspace) {
    const Problem& problem = call.problem;
    Arena arena(workspace);
    Scratch scratch(arena, problem);
    ItemPlace at(item, problem.heads, query_tiles(problem));
    TilePlace place = place_of(problem, at.batch, at.head, at.tile, 0);
    int64_t key_head = at.head / group_size(problem);
    int padded = V::round_up(problem.value_dim);
    T::load(problem.query, at.batch, at.head, place.first_query, place.queries, problem.key_dim,
            problem.scale, scratch.query);
    memset(scratch.out, 0, sizeof(float) * static_cast<size_t>(place.queries * padded));
    for (int i = 0; i < place.queries; i++) {
      scratch.row_max[i] = -__builtin_inff();
      scratch.row_sum[i] = 0;
    }
    for (int64_t tile = 0; tile < key_tiles(problem); tile++) {
      place = place_of(problem, at.batch, at.head, at.tile, tile);
      if (mask_coverage(problem, place) == Coverage::kNone) continue;
      T::load(problem.key, at.batch, key_head, place.first_key, place.keys, problem.key_dim, 1, scratch.rows);
      T::transpose(scratch.rows, place.keys, problem.key_dim, scratch.keys_turned);
      scratch.scores.compute(problem, place, scratch.query, scratch.keys_turned);
      softmax(place, padded, scratch);
      if (problem.dropout.active) drop(problem, place, scratch);
      T::load(problem.value, at.batch, key_head, place.first_key, place.keys, problem.value_dim, 1,
              scratch.rows);
      Operand weights{scratch.scores.values, kTile, 1};
      if (scratch.scores.masked() && !T::finite(scratch.rows, place.keys, problem.value_dim)) {
        Gemm<Isa>::run_allowed(place.queries, padded, place.keys, weights, scratch.scores.allowed,
                               scratch.rows, padded, scratch.out, padded, true);
      } else {
        Gemm<Isa>::run(place.queries, padded, place.keys, weights, scratch.rows, padded, scratch.out, padded,
                       true);
      }
    }
    finish(call, place, padded, scratch);
  }

 private:
  /** Scores to exp(score - row_max), after lowering what was summed so far to the new maximum. */
  static void softmax(const TilePlace& place, int padded, Scratch& scratch) {
    int padded_keys = V::round_up(place.keys);
    for (int i = 0; i < place.queries; i++) {
      float* row = scratch.scores.values + i * kTile;
      F largest = V::load(row);
      for (int j = V::kCount; j < padded_keys; j += V::kCount) {
        F next = V::load(row + j);
        largest = next > largest ? next : largest;
      }
      float before = scratch.row_max[i];
      float tile_max = V::max(largest);
      float now = tile_max > before ? tile_max : before;
      // With nothing but -inf so far any base will do; -inf would make -inf - -inf, a NaN.
      float base = now == -__builtin_inff() ? 0 : now;
      F sum = F{};
      for (int j = 0; j < padded_keys; j += V::kCount) {
        F weight = V::exp(V::load(row + j) - base);
        V::store(row + j, weight);
        sum += weight;
      }
      if (now != before) {
        float factor = V::exp(V::splat(before - base))[0];
        scratch.row_sum[i] *= factor;
        float* out = scratch.out + i * padded;
        for (int d = 0; d < padded; d += V::kCount) V::store(out + d, V::load(out + d) * factor);
        scratch.row_max[i] = now;
      }
      scratch.row_sum[i] += V::sum(sum);
    }
  }

  /** After the sum was taken: log-sum-exp and the division do not know of dropout. */
  static void drop(const Problem& problem, const TilePlace& place, Scratch& scratch) {
    for (int i = 0; i < place.queries; i++) {
      DropoutRow<Isa> factors(problem, place.batch, place.head, place.first_query + i, place.first_key);
      float* row = scratch.scores.values + i * kTile;
      for (int j = 0; j < place.keys; j += V::kCount) V::store(row + j, V::load(row + j) * factors.next());
    }
  }

  static void finish(const ForwardCall& call, const TilePlace& place, int padded, Scratch& scratch) {
    const Problem& problem = call.problem;
    for (int i = 0; i < place.queries; i++) {
      float sum = scratch.row_sum[i];
      float inverse = sum == 0 ? 0 : 1 / sum;
      float* out = scratch.out + i * padded;
      for (int d = 0; d < padded; d += V::kCount) V::store(out + d, V::load(out + d) * inverse);
      if (present(call.lse)) {
        float lse = sum == 0 ? -__builtin_inff() : scratch.row_max[i] + __builtin_logf(sum);
        write_element(call.lse, offset_of(call.lse, place.batch, place.head, place.first_query + i), lse);
      }
    }
    T::store(call.out, place.batch, place.head, place.first_query, place.queries, problem.value_dim, 1,
             scratch.out);
  }
};

}  // namespace
}  // namespace attention4j
