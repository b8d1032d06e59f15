// The forward pass for few queries: nothing is packed, and the keys are split among the threads.
//
// A chunk of keys of one key head is read with all queries of all heads that share it, so that each key and
// value is read from memory once. Its result is a partial output with its largest score and sum; the
// partial results of a row are merged in the order of their keys. Chunks depend on the problem only; an item
// is some chunks that follow each other, so that the next one can be asked for in time.
#pragma once

#include "byte_products.h"
#include "decode_products.h"
#include "output_rows.h"
#include "score_terms.h"
#include "softmax_rows.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

/** Rows are (head of the group, query): row r is query r % queries of the group's head r / queries. */
template <class Isa, class Products>
class Decode {
 public:
  using V = Vectors<Isa>;
  using F = typename V::F;

  static ForwardPlan plan(const ForwardCall& call, int threads) {
    const Problem& problem = call.problem;
    ForwardPlan plan{};
    int64_t runs = (problem.keys + kRunKeys - 1) / kRunKeys;
    plan.chunk_keys = ((runs + kMostChunks - 1) / kMostChunks) * kRunKeys;
    plan.chunks = problem.keys == 0 ? 1 : (problem.keys + plan.chunk_keys - 1) / plan.chunk_keys;
    int64_t chunks = problem.batch * problem.key_heads * plan.chunks;
    plan.chunks_of_item = chunks / (kItemsOfThread * threads);
    if (plan.chunks_of_item < 1) plan.chunks_of_item = 1;
    plan.items = (chunks + plan.chunks_of_item - 1) / plan.chunks_of_item;
    plan.item = item;
    if (plan.chunks > 1) {
      plan.merge = merge;
      plan.partial_floats = static_cast<size_t>(chunks * rows_of_group(problem) * partial_step(problem));
    }
    Arena arena(nullptr);
    Scratch scratch(arena, problem);
    plan.workspace_bytes = arena.used();
    return plan;
  }

 private:
  static constexpr int64_t kMostChunks = 64;
  static constexpr int64_t kItemsOfThread = 4;
  static constexpr int kPanelRows = 8;
  static_assert(kPanelRows <= SoftmaxRows<Isa>::kMostRows, "corrections have room for a panel");

  struct Scratch {
    float* query;      // [rows][query_width], arranged
    float* scores;     // [kPanelRows][kRunKeys]; become weights
    float* out;        // [rows][value_dim padded]
    float* largest;    // [rows]
    float* sums;       // [rows][kCount]
    KeyBits* allowed;  // [rows]

    Scratch(Arena& arena, const Problem& problem) {
      int64_t rows = rows_of_group(problem);
      query = arena.floats(static_cast<size_t>(rows * Products::query_width(problem.key_dim)));
      scores = arena.floats(kPanelRows * kRunKeys);
      out = arena.floats(static_cast<size_t>(rows * V::round_up(problem.value_dim)));
      largest = arena.floats(static_cast<size_t>(rows));
      sums = arena.floats(static_cast<size_t>(rows * V::kCount));
      allowed = reinterpret_cast<KeyBits*>(arena.bytes(sizeof(KeyBits) * static_cast<size_t>(rows)));
    }
  };

  static int64_t rows_of_group(const Problem& problem) { return group_size(problem) * problem.queries; }

  /** A partial result: the output [value_dim padded], the largest score, the sum. */
  static int64_t partial_step(const Problem& problem) { return V::round_up(problem.value_dim) + 2; }

  static void item(const ForwardCall& call, int64_t item, void* workspace) {
    Arena arena(workspace);
    Scratch scratch(arena, call.problem);
    int64_t first = item * call.plan.chunks_of_item, end = first + call.plan.chunks_of_item;
    int64_t all = call.problem.batch * call.problem.key_heads * call.plan.chunks;
    if (end > all) end = all;
    for (int64_t chunk = first; chunk < end; chunk++) {
      one_chunk(call, chunk, chunk + 1 < end, scratch);
    }
  }

  /** Where a chunk, counted over all batches and key heads, begins. */
  struct Place {
    int64_t batch;
    int64_t key_head;
    int64_t first;

    Place(const ForwardCall& call, int64_t chunk)
        : batch(chunk / call.plan.chunks / call.problem.key_heads),
          key_head(chunk / call.plan.chunks % call.problem.key_heads),
          first(chunk % call.plan.chunks * call.plan.chunk_keys) {}
  };

  static RowsAhead keys_ahead(const Problem& problem, int64_t batch, int64_t key_head, int64_t first) {
    int64_t rows = problem.keys - first < kRunKeys ? problem.keys - first : kRunKeys;
    return rows_ahead(problem.key, offset_of(problem.key, batch, key_head, first), static_cast<int>(rows),
                      problem.key_dim);
  }

  static void one_chunk(const ForwardCall& call, int64_t chunk, bool more, Scratch& scratch) {
    const Problem& problem = call.problem;
    const ForwardPlan& plan = call.plan;
    Place at(call, chunk);
    int64_t key_head = at.key_head, batch = at.batch;
    int rows = static_cast<int>(rows_of_group(problem));
    start(problem, batch, key_head, rows, scratch);
    int64_t end = at.first + plan.chunk_keys < problem.keys ? at.first + plan.chunk_keys : problem.keys;
    for (int64_t first = at.first; first < end; first += kRunKeys) {
      int keys = static_cast<int>(end - first < kRunKeys ? end - first : kRunKeys);
      RowsAhead ahead{};
      if (first + keys < end) {
        ahead = keys_ahead(problem, batch, key_head, first + keys);
      } else if (more) {
        Place next(call, chunk + 1);
        ahead = keys_ahead(problem, next.batch, next.key_head, next.first);
      }
      run(problem, batch, key_head, first, keys, rows, ahead, scratch);
    }
    int padded = V::round_up(problem.value_dim);
    double unit = static_cast<double>(ScoreTerms<Isa>::unit(problem));
    for (int r = 0; r < rows; r++) {
      const float* out = scratch.out + r * padded;
      float sum = V::total(V::load(scratch.sums + r * V::kCount));
      if (plan.chunks == 1) {
        double largest = static_cast<double>(scratch.largest[r]) * unit;
        OutputRows<Isa>::finish(call, batch, head_of(problem, key_head, r), r % problem.queries, out, largest,
                                sum);
        continue;
      }
      float* partial = call.partials + (chunk * rows + r) * partial_step(problem);
      memcpy(partial, out, sizeof(float) * static_cast<size_t>(padded));
      partial[padded] = scratch.largest[r];
      partial[padded + 1] = sum;
    }
  }

  static int64_t head_of(const Problem& problem, int64_t key_head, int64_t row) {
    return key_head * group_size(problem) + row / problem.queries;
  }

  static void start(const Problem& problem, int64_t batch, int64_t key_head, int rows, Scratch& scratch) {
    int padded = V::round_up(problem.key_dim);
    float sign = problem.scale < 0 ? -1.0f : 1.0f;
    for (int r = 0; r < rows; r++) {
      int64_t at = offset_of(problem.query, batch, head_of(problem, key_head, r), r % problem.queries);
      float* row = scratch.query + r * Products::query_width(problem.key_dim);
      with_reader<Isa>(problem.query, [&](auto reader) {
        for (int d = 0; d < padded; d += V::kCount) {
          int rest = problem.key_dim - d;
          int64_t element = at + d * problem.query.strides[3];
          F line = rest >= V::kCount ? reader.whole(problem.query, element)
                                     : reader.part(problem.query, element, rest);
          V::store(row + d, line * sign);
        }
      });
      Products::arrange(row, problem.key_dim);
      scratch.largest[r] = -__builtin_inff();
    }
    memset(scratch.sums, 0, sizeof(float) * static_cast<size_t>(rows * V::kCount));
    memset(scratch.out, 0, sizeof(float) * static_cast<size_t>(rows * V::round_up(problem.value_dim)));
  }

  /** Of the rows ahead, the next run's keys, each is asked for beside a value. */
  static void run(const Problem& problem, int64_t batch, int64_t key_head, int64_t first, int keys, int rows,
                  RowsAhead ahead, Scratch& scratch) {
    int begin = 0;
    int end = keys;
    bool every = keys % V::kCount == 0;
    if (problem.mask_nodes > 0 || !every) {
      every = allow(problem, batch, key_head, first, keys, rows, begin, end, scratch.allowed) && every;
      if (begin >= end) return;
    }
    int key_width = Products::query_width(problem.key_dim);
    int value_width = V::round_up(problem.value_dim);
    int64_t key_at = offset_of(problem.key, batch, key_head, first);
    int64_t value_at = offset_of(problem.value, batch, key_head, first);
    int from = begin / V::kCount * V::kCount;
    RowsAhead values = rows_ahead(problem.value, value_at, end, problem.value_dim);
    for (int r = 0; r < rows; r += kPanelRows) {
      int count = rows - r < kPanelRows ? rows - r : kPanelRows;
      Products::scores(problem.key, key_at, problem.key_dim, from, end, scratch.query + r * key_width, count,
                       scratch.scores, kRunKeys, values);
      values.rows = 0;
      ScorePanel panel{scratch.scores, kRunKeys, count, from, V::round_up(end), nullptr, 0};
      panel.factor = ScoreTerms<Isa>::unit(problem) * kLog2E;
      if (!every) panel.allowed = scratch.allowed + r;
      if (ScoreTerms<Isa>::any(problem)) {
        for (int i = 0; i < count; i++) {
          ScoreTerms<Isa>::apply(problem, batch, head_of(problem, key_head, r + i), (r + i) % problem.queries,
                                 first + from, end - from, scratch.scores + i * kRunKeys + from);
        }
      }
      weigh(problem, batch, key_head, first, r, panel, scratch);
      float* out = scratch.out + r * value_width;
      if (panel.allowed != nullptr &&
          !Products::finite(problem.value, value_at, problem.value_dim, from, end)) {
        for (int i = 0; i < count; i++) {
          for (int j = from; j < end; j++) {
            if ((panel.allowed[i].words[j / 64] >> (j % 64) & 1) == 0) continue;  // 0 * NaN is NaN
            Products::add_values(problem.value, value_at, problem.value_dim, j, j + 1,
                                 scratch.scores + i * kRunKeys, kRunKeys, 1, out + i * value_width,
                                 RowsAhead{});
          }
        }
      } else {
        Products::add_values(problem.value, value_at, problem.value_dim, from, end, scratch.scores, kRunKeys,
                             count, out, ahead);
        ahead.rows = 0;
      }
    }
  }

  /** The keys that each row may attend to, and [begin, end) of those that any may. True if that is all. */
  static bool allow(const Problem& problem, int64_t batch, int64_t key_head, int64_t first, int keys,
                    int rows, int& begin, int& end, KeyBits* allowed) {
    begin = keys;
    end = 0;
    for (int r = 0; r < rows; r++) {
      allowed[r] =
          MaskRows<Isa>::row(problem, batch, head_of(problem, key_head, r), r % problem.queries, first, keys);
      for (int w = 0; w < kRunWords; w++) {
        uint64_t word = allowed[r].words[w];
        if (word == 0) continue;
        int lowest = w * 64 + __builtin_ctzll(word);
        int highest = w * 64 + 63 - __builtin_clzll(word);
        if (lowest < begin) begin = lowest;
        if (highest >= end) end = highest + 1;
      }
    }
    KeyBits whole = bits_between(begin / V::kCount * V::kCount, V::round_up(end));
    for (int r = 0; r < rows; r++) {
      if (memcmp(&allowed[r], &whole, sizeof whole) != 0) return false;
    }
    return true;
  }

  /** The softmax of a panel; rows of one head at a time, for dropout's sake. */
  static void weigh(const Problem& problem, int64_t batch, int64_t key_head, int64_t first, int row,
                    const ScorePanel& panel, Scratch& scratch) {
    int width = V::round_up(problem.value_dim);
    int step = problem.dropout.active ? 1 : panel.rows;
    for (int i = 0; i < panel.rows; i += step) {
      ScorePanel part = panel;
      part.scores += i * panel.step;
      part.rows = step;
      if (part.allowed != nullptr) part.allowed += i;
      int r = row + i;
      PanelPlace place{batch, head_of(problem, key_head, r), r % problem.queries, first};
      RowStates<Isa> states{scratch.largest + r, scratch.sums + r * V::kCount};
      float corrections[SoftmaxRows<Isa>::kMostRows] = {};
      float* weights = part.scores;
      SoftmaxRows<Isa>::run(problem, place, part, states, corrections, [weights](int n, int j, F weight) {
        V::store(weights + n * kRunKeys + j, weight);
      });
      for (int n = 0; n < step; n++) {
        if (corrections[n] == 1) continue;
        float* out = scratch.out + (r + n) * width;
        for (int d = 0; d < width; d += V::kCount) V::store(out + d, V::load(out + d) * corrections[n]);
      }
    }
  }

  /** Adds up the partial results of each row, in the order of their keys. */
  static void merge(const ForwardCall& call, int64_t group, void*) {
    const Problem& problem = call.problem;
    int64_t chunks = call.plan.chunks;
    int64_t rows = rows_of_group(problem);
    int64_t step = partial_step(problem);
    int padded = V::round_up(problem.value_dim);
    double unit = static_cast<double>(ScoreTerms<Isa>::unit(problem));
    float factor = ScoreTerms<Isa>::unit(problem) * kLog2E;
    for (int64_t r = 0; r < rows; r++) {
      float* first = call.partials + (group * chunks * rows + r) * step;
      float largest = -__builtin_inff();
      for (int64_t c = 0; c < chunks; c++) {
        float found = first[c * rows * step + padded];
        largest = found > largest ? found : largest;
      }
      float base = largest == -__builtin_inff() ? 0 : largest;
      float sum = 0;
      for (int64_t c = 0; c < chunks; c++) {
        const float* partial = first + c * rows * step;
        float correction = V::exp2(V::splat((partial[padded] - base) * factor))[0];
        sum += partial[padded + 1] * correction;
        for (int d = 0; d < padded; d += V::kCount) {
          F line = V::load(partial + d) * correction;
          V::store(first + d, c == 0 ? line : V::load(first + d) + line);
        }
      }
      OutputRows<Isa>::finish(call, group / problem.key_heads, head_of(problem, group % problem.key_heads, r),
                              r % problem.queries, first, static_cast<double>(largest) * unit, sum);
    }
  }
};

}  // namespace
}  // namespace attention4j

#endif
