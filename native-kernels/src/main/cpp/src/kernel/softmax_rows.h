// The online softmax (Milakov and Gimelshein, 2018) of a few rows against one run of keys.
#pragma once

#include "dropout.h"
#include "mask_rows.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

/** What is known of some rows after the runs so far: the largest score and, lane by lane, the sum. */
template <class Isa>
struct RowStates {
  float* largest;  // [rows]; -inf at first
  float* sums;     // [rows][kCount]
};

/** A panel: scores of `rows` rows against columns [first, end) of a run, both whole vectors. */
struct ScorePanel {
  float* scores;  // [rows][step]
  int step;
  int rows;
  int first;
  int end;
  const KeyBits* allowed;  // [rows]; null = every pair
  float factor;            // makes scores logits to the base 2; positive
};

/** Where a panel lies in the problem, for the draws of dropout. */
struct PanelPlace {
  int64_t batch;
  int64_t head;
  int64_t query;
  int64_t first_key;  // of the run
};

template <class Isa>
struct SoftmaxRows {
  using V = Vectors<Isa>;
  using F = typename V::F;

  /** The most rows of a panel; what is passed for each row has room for so many. */
  static constexpr int kMostRows = 16;

  /**
   * Stores exp2(factor * (score - largest)) by store(row, column, weights), after dropout if there is one.
   * The largest itself gets a weight of exactly 1.
   * `corrections` [kMostRows] receives what the output so far must be multiplied by.
   * kForBfloat16: `store` rounds the weights to bf16.
   */
  template <bool kForBfloat16 = false, class Store>
  static void run(const Problem& problem, const PanelPlace& place, const ScorePanel& panel,
                  RowStates<Isa> states, float* corrections, Store store) {
    float bases[kMostRows];
    for (int i = 0; i < panel.rows; i++) {
      float before = states.largest[i];
      float found = V::largest(largest_lanes(panel, i));
      float now = found > before ? found : before;
      states.largest[i] = now;
      // With nothing but -inf so far any base will do; -inf would make -inf - -inf, a NaN.
      bases[i] = now == -__builtin_inff() ? 0 : now;
      corrections[i] = (before - bases[i]) * panel.factor;
    }
    for (int i = 0; i < panel.rows; i += V::kCount) {
      V::store(corrections + i, V::exp2(V::load(corrections + i)));
    }
    for (int i = 0; i < panel.rows; i++) {
      const float* row = panel.scores + i * panel.step;
      F base = V::splat(bases[i]);
      F sum = V::load(states.sums + i * V::kCount) * corrections[i];
      if (problem.dropout.active) {
        // The sum knows nothing of dropout: log-sum-exp and the division are those without.
        DropoutRow<Isa> factors(problem, place.batch, place.head, place.query + i,
                                place.first_key + panel.first);
        for (int j = panel.first; j < panel.end; j += V::kCount) {
          F weight = V::template exp2<kForBfloat16>((V::load(row + j) - base) * panel.factor);
          sum += weight;
          store(i, j, weight * factors.next());
        }
      } else {
        for (int j = panel.first; j < panel.end; j += V::kCount) {
          F weight = V::template exp2<kForBfloat16>((V::load(row + j) - base) * panel.factor);
          sum += weight;
          store(i, j, weight);
        }
      }
      V::store(states.sums + i * V::kCount, sum);
    }
  }

 private:
  /** Masked scores become -inf on the way. NaN is left out: it comes back with its weight. */
  static F largest_lanes(const ScorePanel& panel, int i) {
    float* row = panel.scores + i * panel.step;
    F lowest = V::splat(-__builtin_inff());
    F found = lowest;
    if (panel.allowed == nullptr) {
      for (int j = panel.first; j < panel.end; j += V::kCount) found = V::larger(V::load(row + j), found);
      return found;
    }
    const KeyBits& bits = panel.allowed[i];
    for (int j = panel.first; j < panel.end; j += V::kCount) {
      F score = V::select(bits.words[j / 64] >> (j % 64), V::load(row + j), lowest);
      V::store(row + j, score);
      found = V::larger(score, found);
    }
    return found;
  }
};

}  // namespace
}  // namespace attention4j

#endif
