// One tile of masked scores, the part that the forward and the backward pass share.
#pragma once

#include "gemm.h"
#include "mask.h"

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct Scores {
  using V = Lanes<Isa>;
  using F = typename V::F;

  float* values;      // [kTile][kTile]: row i is valid up to keys rounded up to whole vectors
  float* cap_slope;   // the same: d softcap(s) / d s; null if not wanted
  uint8_t* allowed;   // the same, and room for the mask program's stack behind it
  Coverage coverage;  // what the mask says of the whole tile

  static Scores take(Arena& arena, const Problem& problem, bool want_slope) {
    Scores scores{};
    scores.values = arena.floats(kTile * kTile);
    if (want_slope && problem.softcap > 0) scores.cap_slope = arena.floats(kTile * kTile);
    int depth = problem.mask_depth > 0 ? problem.mask_depth : 1;
    scores.allowed = arena.bytes(static_cast<size_t>(depth) * kTile * kTile);
    return scores;
  }

  bool masked() const { return coverage == Coverage::kSome; }

  /**
   * query: scaled, [queries][key_dim padded]; keys_turned: [key_dim][kTile]. False, with nothing
   * computed, if the mask lets nothing through. Masked pairs and columns beyond the keys get -inf.
   */
  bool compute(const Problem& problem, const TilePlace& place, const float* query, const float* keys_turned) {
    coverage = mask_coverage(problem, place);
    if (coverage == Coverage::kNone) return false;
    int padded_keys = V::round_up(place.keys);
    Operand a{query, V::round_up(problem.key_dim), 1};
    Gemm<Isa>::run(place.queries, padded_keys, problem.key_dim, a, keys_turned, kTile, values, kTile, false);
    if (problem.softcap > 0) apply_softcap(problem.softcap, place.queries, padded_keys);
    if (present(problem.slopes)) apply_alibi(problem, place);
    if (present(problem.bias)) apply_bias(problem, place);
    const float lowest = -__builtin_inff();
    if (masked()) {
      mask_tile(problem, place, allowed);
      for (int i = 0; i < place.queries; i++) {
        float* row = values + i * kTile;
        const uint8_t* keep = allowed + i * kTile;
        for (int j = 0; j < place.keys; j++) row[j] = keep[j] ? row[j] : lowest;
      }
    }
    for (int i = 0; i < place.queries; i++) {
      for (int j = place.keys; j < padded_keys; j++) values[i * kTile + j] = lowest;
    }
    return true;
  }

 private:
  void apply_softcap(float cap, int queries, int padded_keys) {
    for (int i = 0; i < queries; i++) {
      for (int j = 0; j < padded_keys; j += V::kCount) {
        int at = i * kTile + j;
        F t = V::tanh(V::load(values + at) / cap);
        V::store(values + at, t * cap);
        if (cap_slope != nullptr) V::store(cap_slope + at, 1.0f - t * t);
      }
    }
  }

  /** Press et al., "Train Short, Test Long" (2022), symmetric for keys after the query. */
  void apply_alibi(const Problem& problem, const TilePlace& place) {
    float slope = read_element(problem.slopes, place.head * problem.slopes.strides[1]);
    for (int i = 0; i < place.queries; i++) {
      int64_t distance = place.first_key - (place.query_slot + i);
      for (int j = 0; j < place.keys; j++) {
        int64_t signed_distance = distance + j;
        int64_t size = signed_distance < 0 ? -signed_distance : signed_distance;
        values[i * kTile + j] -= slope * static_cast<float>(size);
      }
    }
  }

  void apply_bias(const Problem& problem, const TilePlace& place) {
    const View& bias = problem.bias;
    for (int i = 0; i < place.queries; i++) {
      int64_t at =
          offset_of(bias, place.batch, place.head, place.first_query + i) + place.first_key * bias.strides[3];
      for (int j = 0; j < place.keys; j++) {
        values[i * kTile + j] += read_element(bias, at + j * bias.strides[3]);
      }
    }
  }
};

/** Splits an item number into (batch, head, tile). */
struct ItemPlace {
  int64_t batch;
  int64_t head;
  int64_t tile;

  ItemPlace(int64_t item, int64_t heads, int64_t tiles)
      : batch(item / tiles / heads), head(item / tiles % heads), tile(item % tiles) {}
};

inline int tile_size(int64_t total, int64_t first) {
  return static_cast<int>(total - first < kTile ? total - first : kTile);
}

inline TilePlace place_of(const Problem& problem, int64_t batch, int64_t head, int64_t query_tile,
                          int64_t key_tile) {
  TilePlace place;
  place.batch = batch;
  place.head = head;
  place.first_query = query_tile * kTile;
  place.first_key = key_tile * kTile;
  place.query_slot = problem.query_start + place.first_query;
  place.queries = tile_size(problem.queries, place.first_query);
  place.keys = tile_size(problem.keys, place.first_key);
  return place;
}

}  // namespace
}  // namespace attention4j
