// The backward pass. Each of its three results has its own sweep over tiles, so that every tile of a
// result has one owner: no atomics, no buffers per thread, the same sums for any number of threads.
// The price is that scores are recomputed by each sweep.
//
//   p  = exp(s - lse)
//   ds = p * (grad_out . v - delta),   delta = out . grad_out - grad_lse
//   grad_q = scale * ds k,  grad_k = ds^T (scale * q),  grad_v = p^T grad_out,  grad_bias = sum of ds
//
// (Dao, "FlashAttention-2", 2023, algorithm 2.) Softcap multiplies ds by 1 - tanh^2 on its way to q, k.
// Dropout multiplies p by its factors on its way to grad_v, and grad_out . v in ds.
#pragma once

#include "dropout.h"
#include "scores.h"

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct Backward {
  using V = Lanes<Isa>;
  using F = typename V::F;
  using T = Tiles<Isa>;

  struct Scratch {
    float* query;          // [kTile][key_dim padded], scaled
    float* key;            // [kTile][key_dim padded]
    float* keys_turned;    // [key_dim][kTile]
    float* value;          // [kTile][value_dim padded]
    float* values_turned;  // [value_dim][kTile]
    float* grad_out;       // [kTile][value_dim padded]
    float* grad_scores;    // [kTile][kTile]
    float* grad_a;         // [kTile][key_dim padded]
    float* grad_b;         // [kTile][value_dim padded], or [kTile][kTile]
    Scores<Isa> scores;    // becomes p
    bool query_finite;
    bool key_finite;
    bool grad_out_finite;

    Scratch(Arena& arena, const Problem& problem) {
      size_t key_width = static_cast<size_t>(V::round_up(problem.key_dim));
      size_t value_width = static_cast<size_t>(V::round_up(problem.value_dim));
      query = arena.floats(kTile * key_width);
      key = arena.floats(kTile * key_width);
      keys_turned = arena.floats(kTile * key_width);
      value = arena.floats(kTile * value_width);
      values_turned = arena.floats(kTile * value_width);
      grad_out = arena.floats(kTile * value_width);
      grad_scores = arena.floats(kTile * kTile);
      grad_a = arena.floats(kTile * key_width);
      grad_b = arena.floats(kTile * (value_width > kTile ? value_width : kTile));
      scores = Scores<Isa>::take(arena, problem, true);
    }
  };

  /**
   * delta for one tile of queries. Summed in the order and with the rounding of grad_out . v, so that a
   * row with a single key, where the two are equal, has a gradient of exactly 0.
   */
  static void delta_item(const BackwardCall& call, int64_t item, void*) {
    const Problem& problem = call.problem;
    ItemPlace at(item, problem.heads, query_tiles(problem));
    TilePlace place = place_of(problem, at.batch, at.head, at.tile, 0);
    for (int i = 0; i < place.queries; i++) {
      int64_t row = place.first_query + i;
      float sum = 0;
      if (present(call.grad_out)) {
        int64_t out = offset_of(call.out, at.batch, at.head, row);
        int64_t grad = offset_of(call.grad_out, at.batch, at.head, row);
        for (int d = 0; d < problem.value_dim; d++) {
          sum = V::multiply_add(read_element(call.grad_out, grad + d * call.grad_out.strides[3]),
                                read_element(call.out, out + d * call.out.strides[3]), sum);
        }
      }
      if (present(call.grad_lse)) {
        sum -= read_element(call.grad_lse, offset_of(call.grad_lse, at.batch, at.head, row));
      }
      call.delta[row_index(problem, at.batch, at.head, row)] = sum;
    }
  }

  static void query_item(const BackwardCall& call, int64_t item, void* workspace) {
    const Problem& problem = call.problem;
    Arena arena(workspace);
    Scratch scratch(arena, problem);
    ItemPlace at(item, problem.heads, query_tiles(problem));
    TilePlace place = place_of(problem, at.batch, at.head, at.tile, 0);
    int padded = V::round_up(problem.key_dim);
    memset(scratch.grad_a, 0, sizeof(float) * static_cast<size_t>(place.queries * padded));
    load_queries(call, place, scratch);
    for (int64_t tile = 0; tile < key_tiles(problem); tile++) {
      place = place_of(problem, at.batch, at.head, at.tile, tile);
      if (mask_coverage(problem, place) == Coverage::kNone) continue;
      load_keys(call, place, scratch);
      score_gradients(call, place, scratch);
      apply_cap_slope(place, scratch);
      Operand ds{scratch.grad_scores, kTile, 1};
      product(scratch, scratch.key_finite, place.queries, padded, place.keys, ds, scratch.key, padded,
              scratch.grad_a);
    }
    T::store(call.grad_query, at.batch, at.head, place.first_query, place.queries, problem.key_dim,
             problem.scale, scratch.grad_a);
  }

  static void key_item(const BackwardCall& call, int64_t item, void* workspace) {
    const Problem& problem = call.problem;
    Arena arena(workspace);
    Scratch scratch(arena, problem);
    ItemPlace at(item, problem.key_heads, key_tiles(problem));
    TilePlace place = place_of(problem, at.batch, at.head * group_size(problem), 0, at.tile);
    int key_width = V::round_up(problem.key_dim);
    int value_width = V::round_up(problem.value_dim);
    memset(scratch.grad_a, 0, sizeof(float) * static_cast<size_t>(place.keys * key_width));
    memset(scratch.grad_b, 0, sizeof(float) * static_cast<size_t>(place.keys * value_width));
    load_keys(call, place, scratch);
    for (int64_t member = 0; member < group_size(problem); member++) {
      for (int64_t tile = 0; tile < query_tiles(problem); tile++) {
        place = place_of(problem, at.batch, at.head * group_size(problem) + member, tile, at.tile);
        if (mask_coverage(problem, place) == Coverage::kNone) continue;
        load_queries(call, place, scratch);
        score_gradients(call, place, scratch);
        Operand p_turned{scratch.scores.values, 1, kTile};
        product(scratch, scratch.grad_out_finite, place.keys, value_width, place.queries, p_turned,
                scratch.grad_out, value_width, scratch.grad_b);
        apply_cap_slope(place, scratch);
        Operand ds_turned{scratch.grad_scores, 1, kTile};
        product(scratch, scratch.query_finite, place.keys, key_width, place.queries, ds_turned, scratch.query,
                key_width, scratch.grad_a);
      }
    }
    if (present(call.grad_key)) {
      T::store(call.grad_key, at.batch, at.head, place.first_key, place.keys, problem.key_dim, 1,
               scratch.grad_a);
    }
    if (present(call.grad_value)) {
      T::store(call.grad_value, at.batch, at.head, place.first_key, place.keys, problem.value_dim, 1,
               scratch.grad_b);
    }
  }

  /** Items run over the bias's own batch and head axes and its tiles; broadcast axes are summed. */
  static void bias_item(const BackwardCall& call, int64_t item, void* workspace) {
    const Problem& problem = call.problem;
    const bool* sums = problem.bias_broadcasts;
    Arena arena(workspace);
    Scratch scratch(arena, problem);
    int64_t tiles_across = sums[3] ? 1 : key_tiles(problem);
    int64_t tiles_down = sums[2] ? 1 : query_tiles(problem);
    int64_t key_tile = item % tiles_across;
    ItemPlace at(item / tiles_across, sums[1] ? 1 : problem.heads, tiles_down);
    float* sum = scratch.grad_b;
    memset(sum, 0, sizeof(float) * kTile * kTile);
    for (int64_t b = sums[0] ? 0 : at.batch; b < (sums[0] ? problem.batch : at.batch + 1); b++) {
      for (int64_t h = sums[1] ? 0 : at.head; h < (sums[1] ? problem.heads : at.head + 1); h++) {
        for (int64_t q = sums[2] ? 0 : at.tile; q < (sums[2] ? query_tiles(problem) : at.tile + 1); q++) {
          for (int64_t k = sums[3] ? 0 : key_tile; k < (sums[3] ? key_tiles(problem) : key_tile + 1); k++) {
            add_bias_tile(call, place_of(problem, b, h, q, k), scratch, sum);
          }
        }
      }
    }
    int rows = sums[2] ? 1 : tile_size(problem.queries, at.tile * kTile);
    int columns = sums[3] ? 1 : tile_size(problem.keys, key_tile * kTile);
    for (int i = 0; i < rows; i++) {
      int64_t to = offset_of(call.grad_bias, at.batch, at.head, at.tile * kTile + i) +
                   key_tile * kTile * call.grad_bias.strides[3];
      for (int j = 0; j < columns; j++) {
        write_element(call.grad_bias, to + j * call.grad_bias.strides[3], sum[i * kTile + j]);
      }
    }
  }

 private:
  static int64_t row_index(const Problem& problem, int64_t batch, int64_t head, int64_t row) {
    return (batch * problem.heads + head) * problem.queries + row;
  }

  static void load_queries(const BackwardCall& call, const TilePlace& place, Scratch& scratch) {
    const Problem& problem = call.problem;
    T::load(problem.query, place.batch, place.head, place.first_query, place.queries, problem.key_dim,
            problem.scale, scratch.query);
    scratch.query_finite = T::finite(scratch.query, place.queries, problem.key_dim);
    if (present(call.grad_out)) {
      T::load(call.grad_out, place.batch, place.head, place.first_query, place.queries, problem.value_dim, 1,
              scratch.grad_out);
    } else {
      size_t count = static_cast<size_t>(place.queries * V::round_up(problem.value_dim));
      memset(scratch.grad_out, 0, sizeof(float) * count);
    }
    scratch.grad_out_finite = T::finite(scratch.grad_out, place.queries, problem.value_dim);
  }

  static void load_keys(const BackwardCall& call, const TilePlace& place, Scratch& scratch) {
    const Problem& problem = call.problem;
    int64_t head = place.head / group_size(problem);
    T::load(problem.key, place.batch, head, place.first_key, place.keys, problem.key_dim, 1, scratch.key);
    T::transpose(scratch.key, place.keys, problem.key_dim, scratch.keys_turned);
    scratch.key_finite = T::finite(scratch.key, place.keys, problem.key_dim);
    T::load(problem.value, place.batch, head, place.first_key, place.keys, problem.value_dim, 1,
            scratch.value);
    T::transpose(scratch.value, place.keys, problem.value_dim, scratch.values_turned);
  }

  /** scores becomes p (dropped), grad_scores the gradient of what enters the softmax; both 0 where masked. */
  static void score_gradients(const BackwardCall& call, const TilePlace& place, Scratch& scratch) {
    const Problem& problem = call.problem;
    Scores<Isa>& scores = scratch.scores;
    scores.compute(problem, place, scratch.query, scratch.keys_turned);
    int padded_keys = V::round_up(place.keys);
    Operand grad_out{scratch.grad_out, V::round_up(problem.value_dim), 1};
    Gemm<Isa>::run(place.queries, padded_keys, problem.value_dim, grad_out, scratch.values_turned, kTile,
                   scratch.grad_scores, kTile, false);
    for (int i = 0; i < place.queries; i++) {
      int64_t row = place.first_query + i;
      float lse = read_element(call.lse, offset_of(call.lse, place.batch, place.head, row));
      float delta = call.delta[row_index(problem, place.batch, place.head, row)];
      float* p = scores.values + i * kTile;
      float* ds = scratch.grad_scores + i * kTile;
      if (lse == -__builtin_inff()) {
        memset(p, 0, sizeof(float) * static_cast<size_t>(padded_keys));
        memset(ds, 0, sizeof(float) * static_cast<size_t>(padded_keys));
        continue;
      }
      if (problem.dropout.active) {
        DropoutRow<Isa> factors(problem, place.batch, place.head, row, place.first_key);
        for (int j = 0; j < padded_keys; j += V::kCount) {
          F weight = V::exp(V::load(p + j) - lse);
          F factor = factors.next();
          V::store(p + j, weight * factor);
          V::store(ds + j, weight * (V::load(ds + j) * factor - delta));
        }
      } else {
        for (int j = 0; j < padded_keys; j += V::kCount) {
          F weight = V::exp(V::load(p + j) - lse);
          V::store(p + j, weight);
          V::store(ds + j, weight * (V::load(ds + j) - delta));
        }
      }
      if (scores.masked()) {
        const uint8_t* keep = scores.allowed + i * kTile;
        for (int j = 0; j < place.keys; j++) {
          p[j] = keep[j] ? p[j] : 0;
          ds[j] = keep[j] ? ds[j] : 0;
        }
      }
    }
  }

  static void apply_cap_slope(const TilePlace& place, Scratch& scratch) {
    if (scratch.scores.cap_slope == nullptr) return;
    for (int i = 0; i < place.queries; i++) {
      float* ds = scratch.grad_scores + i * kTile;
      const float* slope = scratch.scores.cap_slope + i * kTile;
      for (int j = 0; j < place.keys; j++) ds[j] = ds[j] == 0 ? 0 : ds[j] * slope[j];
    }
  }

  /** sum += A B, where A has the tile's pairs (either way round) and is 0 where they are masked. */
  static void product(const Scratch& scratch, bool b_finite, int m, int n, int k, Operand a, const float* b,
                      int64_t ldb, float* sum) {
    if (scratch.scores.masked() && !b_finite) {
      Gemm<Isa>::run_allowed(m, n, k, a, scratch.scores.allowed, b, ldb, sum, n, true);
    } else {
      Gemm<Isa>::run(m, n, k, a, b, ldb, sum, n, true);
    }
  }

  static void add_bias_tile(const BackwardCall& call, const TilePlace& place, Scratch& scratch, float* sum) {
    const bool* sums = call.problem.bias_broadcasts;
    if (mask_coverage(call.problem, place) == Coverage::kNone) return;
    load_queries(call, place, scratch);
    load_keys(call, place, scratch);
    score_gradients(call, place, scratch);
    for (int i = 0; i < place.queries; i++) {
      const float* ds = scratch.grad_scores + i * kTile;
      float* to = sum + (sums[2] ? 0 : i * kTile);
      if (sums[3]) {
        float total = 0;
        for (int j = 0; j < place.keys; j++) total += ds[j];
        to[0] += total;
      } else {
        for (int j = 0; j < place.keys; j++) to[j] += ds[j];
      }
    }
  }
};

}  // namespace
}  // namespace attention4j
