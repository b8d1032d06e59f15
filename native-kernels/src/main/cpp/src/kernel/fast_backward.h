// The backward pass in one sweep: weights and score gradients are computed once for each tile and go into
// all of grad_query, grad_key and grad_value, five products in all.
//
// A task owns one query head and a range of its key blocks. For each block it visits the tiles of queries
// that see any of its keys. grad_key and grad_value of the block are complete after that; grad_query sums
// over the blocks in order. Heads that are split over several tasks, and heads that share keys, leave
// partial sums that are added in a fixed order afterwards. How a problem is split depends on the problem
// alone, so the sums are the same for any number of threads.
//
// NaN and infinity must not meet the zeros of masked pairs in a product: problems that hold any are left
// to backward.h.
#pragma once

#include "backward_weights.h"
#include "gradient_rows.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa, class Micro>
struct FastBackward {
  using V = Vectors<Isa>;
  using Tile = BackwardTile<Isa, Micro>;
  using Pairs = PairTile<Isa, Micro>;
  using Weights = BackwardWeights<Isa, Micro>;
  using Product = PanelProduct<Isa, Micro>;
  using Turned = TurnedProduct<Isa, Micro>;

  static constexpr int kRows = Tile::kRows;
  static constexpr int kPair = Tile::kPair;

  struct Scratch {
    Tile tile;
    Weights weights;
    float* grad_key;    // [kBackwardKeys + kRows][gradient_step(key_dim)]
    float* grad_value;  // [kBackwardKeys + kRows][gradient_step(value_dim)]
    float* grad_query;  // [queries][gradient_step(key_dim)], if the head is not split

    Scratch(Arena& arena, const BackwardCall& call)
        : tile(arena, call.problem), weights(arena, call.problem, true) {
      int64_t key_step = gradient_step(call.problem.key_dim);
      int64_t value_step = gradient_step(call.problem.value_dim);
      grad_key = arena.floats(static_cast<size_t>((kBackwardKeys + kRows) * key_step));
      grad_value = arena.floats(static_cast<size_t>((kBackwardKeys + kRows) * value_step));
      int64_t own_rows = call.chunks > 1 ? 0 : call.problem.queries;
      grad_query = arena.floats(static_cast<size_t>(own_rows * key_step));
    }
  };

  static size_t workspace_bytes(const BackwardCall& call) {
    Arena arena(nullptr);
    Scratch scratch(arena, call);
    return arena.used();
  }

  /** One item per (chunk, batch, head), the chunks with the first keys first. */
  static void item(const BackwardCall& call, int64_t item, void* workspace) {
    const Problem& problem = call.problem;
    Arena arena(workspace);
    Scratch scratch(arena, call);
    int64_t heads = problem.batch * problem.heads;
    int64_t chunk = item / heads;
    int64_t step = gradient_step(problem.key_dim);
    BackwardPlace place{};
    place.batch = item % heads / problem.heads;
    place.head = item % problem.heads;
    float* grad_query = scratch.grad_query;
    if (call.chunks > 1) grad_query = call.query_partials + item * problem.queries * step;
    size_t query_bytes = sizeof(float) * static_cast<size_t>(problem.queries * step);
    if (query_bytes > 0) memset(grad_query, 0, query_bytes);  // without queries it may be null
    Band band = Band::of(problem);
    int64_t blocks = backward_blocks(problem);
    for (int64_t block = blocks * chunk / call.chunks; block < blocks * (chunk + 1) / call.chunks; block++) {
      place.first_key = block * kBackwardKeys;
      place.keys = Tile::count_of(problem.keys - place.first_key, kBackwardKeys);
      key_block(call, band, place, scratch, grad_query);
    }
    if (call.chunks == 1 && present(call.grad_query)) {
      for (int64_t i = 0; i < problem.queries; i++) {
        GradientRows<Isa>::store_query(call, place.batch, place.head, i, grad_query + i * step);
      }
    }
  }

 private:
  static void key_block(const BackwardCall& call, const Band& band, BackwardPlace& place, Scratch& scratch,
                        float* grad_query) {
    const Problem& problem = call.problem;
    int key_step = gradient_step(problem.key_dim), value_step = gradient_step(problem.value_dim);
    memset(scratch.grad_key, 0, sizeof(float) * static_cast<size_t>((place.keys + kRows) * key_step));
    memset(scratch.grad_value, 0, sizeof(float) * static_cast<size_t>((place.keys + kRows) * value_step));
    int64_t first, last;
    Tile::queries_of(problem, band, place.first_key, place.first_key + place.keys, 0, problem.queries, first,
                     last);
    if (first < last) scratch.tile.load_keys(problem, place);
    for (int64_t q = first / kBackwardQueries * kBackwardQueries; q < last; q += kBackwardQueries) {
      place.first_query = q;
      place.queries = Tile::count_of(problem.queries - q, kBackwardQueries);
      if (!scratch.tile.compute(call, band, place)) continue;
      scratch.weights.apply(place, scratch.tile);
      if (present(call.grad_value)) value_gradients(problem, band, place, scratch);
      if (present(call.grad_key)) key_gradients(problem, band, place, scratch);
      if (present(call.grad_query)) query_gradients(problem, place, scratch, grad_query + q * key_step);
    }
    for (int j = 0; j < place.keys; j++) {
      GradientRows<Isa>::store_key(call, place.batch, place.head, place.first_key + j,
                                   scratch.grad_key + j * key_step, scratch.grad_value + j * value_step);
    }
  }

  static void value_gradients(const Problem& problem, const Band& band, const BackwardPlace& place,
                              Scratch& scratch) {
    sum_over_queries(problem, band, place, scratch.tile.pairs.weights, scratch.tile.grad_values,
                     problem.value_dim, scratch.grad_value);
  }

  static void key_gradients(const Problem& problem, const Band& band, const BackwardPlace& place,
                            Scratch& scratch) {
    sum_over_queries(problem, band, place, scratch.tile.pairs.gradients, scratch.tile.query_values,
                     problem.key_dim, scratch.grad_key);
  }

  /** result[keys][dim] += pairs^T rows, over the queries that see the keys. */
  static void sum_over_queries(const Problem& problem, const Band& band, const BackwardPlace& place,
                               const typename Tile::Packed* pairs, const typename Tile::Packed* rows, int dim,
                               float* result) {
    int columns = V::round_up(dim), step = gradient_step(dim);
    for (int j = 0; j < place.keys; j += kRows) {
      int64_t first, last, key = place.first_key + j;
      Tile::queries_of(problem, band, key, key + Tile::count_of(place.keys - j, kRows), place.first_query,
                       place.first_query + place.queries, first, last);
      if (first == last) continue;
      int from = static_cast<int>(first - place.first_query) / kPair;
      int depth = (static_cast<int>(last - place.first_query) + kPair - 1) / kPair - from;
      Turned::run(columns, depth, pairs + from * Pairs::kStep + j * kPair, Pairs::kStep,
                  rows + from * kPair * columns, kPair * columns, result + j * step, step);
    }
  }

  /** grad_query[queries][key_dim] += gradients keys, over the keys that each panel sees. */
  static void query_gradients(const Problem& problem, const BackwardPlace& place, Scratch& scratch,
                              float* grad_query) {
    const Tile& tile = scratch.tile;
    int columns = V::round_up(problem.key_dim), step = gradient_step(problem.key_dim);
    for (int i = 0, panel = 0; i < place.queries; i += kRows, panel++) {
      if (tile.begins[panel] >= tile.ends[panel]) continue;
      int from = tile.begins[panel] / kPair;
      int depth = (tile.ends[panel] + kPair - 1) / kPair - from;
      Product::template run<true>(Tile::count_of(place.queries - i, kRows), columns, depth,
                                  tile.pairs.gradient_rows + i * kBackwardStep + from * kPair, kBackwardStep,
                                  tile.key_rows + from * kPair * columns, kPair * columns,
                                  grad_query + i * step, step);
    }
  }
};

}  // namespace
}  // namespace attention4j

#endif
