// One tile of the backward pass: what is packed for it, its products with the keys and the values, and
// which of its pairs may be visible at all.
#pragma once

#include "band.h"
#include "mask_rows.h"
#include "pair_tile.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

/** Where a tile lies. */
struct BackwardPlace {
  int64_t batch;
  int64_t head;
  int64_t first_query;
  int64_t first_key;
  int queries;
  int keys;
};

template <class Isa, class Micro>
struct BackwardTile {
  using V = Vectors<Isa>;
  using F = typename V::F;
  using Pack = typename Micro::Pack;
  using Packed = typename Micro::Packed;
  using Product = PanelProduct<Isa, Micro>;

  static constexpr int kRows = Isa::kRows;
  static constexpr int kWidth = Isa::kColumns * V::kCount;
  static constexpr int kPair = sizeof(Packed) == 2 ? 2 : 1;  // elements that a product takes at once
  static constexpr int kPanels = (kBackwardQueries + kRows - 1) / kRows;

  Packed* keys;          // for scores
  Packed* values;        // for grad_out . v
  Packed* key_rows;      // for grad_query
  Packed* query_rows;    // for scores
  Packed* grad_rows;     // for grad_out . v
  Packed* query_values;  // for grad_key
  Packed* grad_values;   // for grad_value
  float* lse;            // [kBackwardQueries]
  float* delta;          // [kBackwardQueries]
  float* grad_lse;       // [kBackwardQueries]; 0 if there is none
  PairTile<Isa, Micro> pairs;
  bool masked;
  int width;            // keys, rounded up to whole register tiles
  int begins[kPanels];  // the keys that each panel of kRows queries may see
  int ends[kPanels];

  BackwardTile(Arena& arena, const Problem& problem) {
    int key_dim = problem.key_dim, value_dim = problem.value_dim;
    keys = packed(arena, Pack::key_bytes(kBackwardKeys + kWidth, key_dim));
    values = packed(arena, Pack::key_bytes(kBackwardKeys + kWidth, value_dim));
    key_rows = packed(arena, Pack::value_bytes(kBackwardKeys, key_dim));
    query_values = packed(arena, Pack::value_bytes(kBackwardQueries, key_dim));
    grad_values = packed(arena, Pack::value_bytes(kBackwardQueries, value_dim));
    query_rows = query_values;
    grad_rows = grad_values;
    if (kPair == 2) {
      query_rows = packed(arena, Pack::query_bytes(kBackwardQueries, key_dim));
      grad_rows = packed(arena, Pack::query_bytes(kBackwardQueries, value_dim));
    }
    lse = arena.floats(kBackwardQueries);
    delta = arena.floats(kBackwardQueries);
    grad_lse = arena.floats(kBackwardQueries);
    pairs = PairTile<Isa, Micro>::take(arena);
  }

  static int count_of(int64_t left, int most) { return static_cast<int>(left < most ? left : most); }

  void load_keys(const Problem& problem, const BackwardPlace& place) {
    int64_t head = place.head / group_size(problem);
    RowSpan key = rows_of(problem.key, place.batch, head, place.first_key, place.keys, problem.key_dim);
    RowSpan value = rows_of(problem.value, place.batch, head, place.first_key, place.keys, problem.value_dim);
    Pack::keys(key, keys);
    Pack::keys(value, values);
    Pack::values(key, key_rows);
    width = (place.keys + kWidth - 1) / kWidth * kWidth;
  }

  /** After load_keys: scores and grad_out . v of all visible pairs. False if there are none. */
  bool compute(const BackwardCall& call, const Band& band, const BackwardPlace& place) {
    const Problem& problem = call.problem;
    TilePlace whole{place.batch,
                    place.head,
                    place.first_query,
                    place.first_key,
                    problem.query_start + place.first_query,
                    place.queries,
                    place.keys};
    Coverage coverage = MaskRows<Isa>::coverage(problem, whole);
    if (coverage == Coverage::kNone) return false;
    masked = coverage == Coverage::kSome || width != place.keys;
    load_queries(call, place);
    for (int i = 0, panel = 0; i < place.queries; i += kRows, panel++) {
      visible_keys(problem, band, place, i, begins[panel], ends[panel]);
    }
    for (int j = 0; j < width; j += kWidth) {
      product(place, j, problem.key_dim, query_rows, keys, pairs.scores);
      product(place, j, problem.value_dim, grad_rows, values, pairs.inflow);
    }
    return true;
  }

  /** The columns [first, last) of a panel that compute() filled in. */
  void computed(int panel, int& first, int& last) const {
    first = begins[panel] / kWidth * kWidth;
    last = (ends[panel] + kWidth - 1) / kWidth * kWidth;
    if (last < first) last = first;
  }

  /** The queries [first, last) of [from, to) that may see any of the keys [first_key, end_key). */
  static void queries_of(const Problem& problem, const Band& band, int64_t first_key, int64_t end_key,
                         int64_t from, int64_t to, int64_t& first, int64_t& last) {
    band.slots_of(first_key, end_key, first, last);
    first -= problem.query_start;
    last -= problem.query_start;
    if (first < from) first = from;
    if (last > to) last = to;
    if (last <= first) first = last = from;
  }

 private:
  static Packed* packed(Arena& arena, size_t bytes) { return reinterpret_cast<Packed*>(arena.bytes(bytes)); }

  static int row_step(int dim) { return kPair == 2 ? Pack::query_step(dim) : V::round_up(dim); }

  void load_queries(const BackwardCall& call, const BackwardPlace& place) {
    const Problem& problem = call.problem;
    RowSpan query =
        rows_of(problem.query, place.batch, place.head, place.first_query, place.queries, problem.key_dim);
    Pack::values(query, query_values);
    if (kPair == 2) Pack::queries(query, false, query_rows);
    if (present(call.grad_out)) {
      RowSpan grad = rows_of(call.grad_out, place.batch, place.head, place.first_query, place.queries,
                             problem.value_dim);
      Pack::values(grad, grad_values);
      if (kPair == 2) Pack::queries(grad, false, grad_rows);
    } else {
      memset(grad_values, 0, Pack::value_bytes(kBackwardQueries, problem.value_dim));
      if (kPair == 2) memset(grad_rows, 0, Pack::query_bytes(kBackwardQueries, problem.value_dim));
    }
    for (int i = 0; i < place.queries; i++) {
      int64_t row = place.first_query + i;
      float saved = read_element(call.lse, offset_of(call.lse, place.batch, place.head, row));
      // A row with nothing to attend to: every weight becomes exp(-inf).
      lse[i] = saved == -__builtin_inff() ? __builtin_inff() : saved;
      delta[i] = call.delta[(place.batch * problem.heads + place.head) * problem.queries + row];
      grad_lse[i] = present(call.grad_lse)
                        ? read_element(call.grad_lse, offset_of(call.grad_lse, place.batch, place.head, row))
                        : 0;
    }
  }

  static void visible_keys(const Problem& problem, const Band& band, const BackwardPlace& place, int i,
                           int& begin, int& end) {
    int last_row = i + kRows < place.queries ? i + kRows - 1 : place.queries - 1;
    int64_t slot = problem.query_start + place.first_query;
    int64_t low, high, ignored;
    band.keys_of(slot + i, problem.keys, low, ignored);
    band.keys_of(slot + last_row, problem.keys, ignored, high);
    low -= place.first_key;
    high -= place.first_key;
    begin = static_cast<int>(low < 0 ? 0 : low > place.keys ? place.keys : low);
    end = static_cast<int>(high > place.keys ? place.keys : high < begin ? begin : high);
  }

  /** Columns [j, j + kWidth) of those panels that may see any of them. */
  void product(const BackwardPlace& place, int j, int dim, const Packed* rows, const Packed* columns,
               float* to) {
    const Packed* panel_of = columns + j * Micro::depth(dim) * kPair;
    for (int i = 0, panel = 0; i < place.queries; i += kRows, panel++) {
      if (j + kWidth <= begins[panel] || j >= ends[panel]) continue;
      Product::template run<false>(count_of(place.queries - i, kRows), kWidth, Micro::depth(dim),
                                   rows + i * row_step(dim), row_step(dim), panel_of, kWidth * kPair,
                                   to + i * kBackwardStep + j, kBackwardStep);
    }
  }
};

}  // namespace
}  // namespace attention4j

#endif
