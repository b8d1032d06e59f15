// Scores to weights and to score gradients, two rows at a time. For query i and key j:
//
//   p = exp(s - lse),  ds = p * (f grad_out . v - delta),  f dropout's factor
//
// The tile gets f p, for grad_value, and ds times the softcap's slope, for grad_query and grad_key; or ds
// alone, for grad_bias.
//
// A row's ds sum to the gradient of its lse, mostly 0: a bias of all keys has no other. With lse and delta
// from the forward pass they miss that by its rounding, in bf16 by that of the output; where a block holds
// all keys, the weighted mean of what is too much is taken off.
#pragma once

#include "backward_tile.h"
#include "dropout.h"
#include "score_terms.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa, class Micro>
struct BackwardWeights {
  using V = Vectors<Isa>;
  using F = typename V::F;
  using Tile = BackwardTile<Isa, Micro>;

  const Problem* problem;
  float* slopes;   // [2][kBackwardStep]: of the softcap; null: grad_bias wants none
  float* dropped;  // [2][kBackwardStep]: f p

  BackwardWeights(Arena& arena, const Problem& problem_, bool want_slopes)
      : problem(&problem_),
        slopes(want_slopes && problem_.softcap > 0 ? arena.floats(2 * kBackwardStep) : nullptr),
        dropped(arena.floats(2 * kBackwardStep)) {}

  /** The whole tile; 0 where nothing was computed. */
  void apply(const BackwardPlace& place, Tile& tile) const {
    for (int i = 0, panel = 0; i < place.queries; i += Tile::kRows, panel++) {
      int begin, end;
      tile.computed(panel, begin, end);
      for (int row = i; row < place.queries && row < i + Tile::kRows; row += 2) {
        clear(row, 0, begin, tile);
        weigh(place, row, begin, end, tile);
        clear(row, end, tile.width, tile);
      }
    }
  }

 private:
  struct Row {
    float* scores;
    float* inflow;
    const float* slopes;
    float scale;
    float lse;
    float delta;
    float grad_lse;
    KeyBits visible;
  };

  static void clear(int i, int begin, int end, Tile& tile) {
    for (int j = begin; j < end; j += V::kCount) tile.pairs.store(i, j, F{}, F{}, F{}, F{});
  }

  void weigh(const BackwardPlace& place, int i, int begin, int end, Tile& tile) const {
    if (begin >= end) return;
    bool second = i + 1 < place.queries;
    Row rows[2];
    rows[0] = row_of(place, i, begin, end, tile);
    if (second) rows[1] = row_of(place, i + 1, begin, end, tile);
    if (problem->dropout.active) {
      weigh_rows<true, true>(place, i, begin, end, second, rows, tile);
    } else if (tile.masked || slopes != nullptr) {
      weigh_rows<true, false>(place, i, begin, end, second, rows, tile);
    } else {
      weigh_rows<false, false>(place, i, begin, end, second, rows, tile);
    }
  }

  Row row_of(const BackwardPlace& place, int i, int begin, int end, Tile& tile) const {
    float* scores = tile.pairs.scores + i * kBackwardStep;
    int64_t query = place.first_query + i;
    Row row{};
    row.scores = scores;
    row.inflow = tile.pairs.inflow + i * kBackwardStep;
    row.slopes = slopes == nullptr ? nullptr : slopes + i % 2 * kBackwardStep;
    row.scale = problem->scale;
    row.lse = tile.lse[i];
    row.delta = tile.delta[i];
    row.grad_lse = tile.grad_lse[i];
    row.visible = tile.masked ? MaskRows<Isa>::row(*problem, place.batch, place.head, query, place.first_key,
                                                   place.keys)
                              : bits_between(0, place.keys);
    if (ScoreTerms<Isa>::any(*problem)) {
      add_terms(place, query, begin, end, scores,
                slopes == nullptr ? nullptr : slopes + i % 2 * kBackwardStep);
      row.scale = 1;
    }
    return row;
  }

  /** Products become scores, in place; `slope` gets d score / d (scale * product). */
  void add_terms(const BackwardPlace& place, int64_t query, int begin, int end, float* scores,
                 float* slope) const {
    float cap = problem->softcap;
    for (int j = begin; j < end; j += V::kCount) {
      F score = V::load(scores + j) * problem->scale;
      if (cap > 0) {
        F t = V::tanh(score / cap);
        if (slope != nullptr) V::store(slope + j, 1.0f - t * t);
        score = t * cap;
      }
      V::store(scores + j, score);
    }
    int64_t first_key = place.first_key + begin;
    if (present(problem->slopes)) {
      ScoreTerms<Isa>::add_alibi(*problem, place.head, query, first_key, end - begin, scores + begin);
    }
    if (present(problem->bias)) {
      int keys = (end < place.keys ? end : place.keys) - begin;
      ScoreTerms<Isa>::add_bias(problem->bias, place.batch, place.head, query, first_key, keys,
                                scores + begin);
    }
  }

  template <bool kGeneral, bool kDropout>
  void weigh_rows(const BackwardPlace& place, int i, int begin, int end, bool second, const Row (&rows)[2],
                  Tile& tile) const {
    int64_t query = place.first_query + i, key = place.first_key + begin;
    DropoutRow<Isa> draws(*problem, place.batch, place.head, query, key);
    DropoutRow<Isa> next_draws(*problem, place.batch, place.head, query + 1, key);
    if (problem->keys <= kBackwardKeys) {
      float means[2] = {centre<kGeneral, kDropout>(rows[0], begin, end, draws, dropped), 0};
      if (second) {
        means[1] = centre<kGeneral, kDropout>(rows[1], begin, end, next_draws, dropped + kBackwardStep);
      }
      for (int j = begin; j < end; j += V::kCount) {
        F weights[2] = {}, gradients[2] = {};
        for (int n = 0; n < (second ? 2 : 1); n++) {
          weights[n] = V::load(dropped + n * kBackwardStep + j);
          gradients[n] = gradient<kGeneral>(rows[n], j, V::load(rows[n].scores + j),
                                            V::load(rows[n].inflow + j) - means[n]);
        }
        tile.pairs.store(i, j, weights[0], weights[1], gradients[0], gradients[1]);
      }
      return;
    }
    for (int j = begin; j < end; j += V::kCount) {
      F weights[2] = {}, gradients[2] = {};
      Terms terms = vector<kGeneral, kDropout>(rows[0], j, draws);
      weights[0] = terms.dropped;
      gradients[0] = gradient<kGeneral>(rows[0], j, terms.weight, terms.inflow);
      if (second) {
        terms = vector<kGeneral, kDropout>(rows[1], j, next_draws);
        weights[1] = terms.dropped;
        gradients[1] = gradient<kGeneral>(rows[1], j, terms.weight, terms.inflow);
      }
      tile.pairs.store(i, j, weights[0], weights[1], gradients[0], gradients[1]);
    }
  }

  struct Terms {
    F weight;   // p
    F dropped;  // f p
    F inflow;   // f grad_out . v - delta
  };

  /** Leaves p in the row's scores, f p in `to` and the rest of ds in its inflow; the mean to take off. */
  template <bool kGeneral, bool kDropout>
  static float centre(const Row& row, int begin, int end, DropoutRow<Isa>& draws, float* to) {
    F sum = F{}, weights = F{};
    for (int j = begin; j < end; j += V::kCount) {
      Terms terms = vector<kGeneral, kDropout>(row, j, draws);
      V::store(row.scores + j, terms.weight);
      V::store(row.inflow + j, terms.inflow);
      V::store(to + j, terms.dropped);
      weights += terms.weight;
      sum += terms.weight == 0.0f ? F{} : terms.weight * terms.inflow;
    }
    float whole = V::total(weights);
    return whole > 0 ? V::total(sum) / whole - row.grad_lse : 0;
  }

  template <bool kGeneral, bool kDropout>
  static Terms vector(const Row& row, int j, DropoutRow<Isa>& draws) {
    F exponent = V::load(row.scores + j) * row.scale - row.lse;
    if (kGeneral) {
      exponent = V::select(row.visible.words[j / 64] >> (j % 64), exponent, V::splat(-__builtin_inff()));
    }
    F p = V::template exp2<Tile::kPair == 2>(exponent * kLog2E);
    F inflow = V::load(row.inflow + j);
    if (!kDropout) return {p, p, inflow - row.delta};
    F factor = draws.next();
    return {p, p * factor, inflow * factor - row.delta};
  }

  template <bool kGeneral>
  static F gradient(const Row& row, int j, F p, F inflow) {
    F ds = p * inflow;
    if (kGeneral && row.slopes != nullptr) ds *= V::load(row.slopes + j);
    return p == 0.0f ? F{} : ds;  // also where the rest is NaN, behind the mask
  }
};

}  // namespace
}  // namespace attention4j

#endif
