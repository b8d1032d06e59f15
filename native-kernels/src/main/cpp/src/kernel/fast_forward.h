// The forward pass for many queries: keys packed once for a block of rows, products in registers, and the
// online softmax on panels of kRows rows while their scores are in the first-level cache.
//
// An item is a block of queries of some neighbouring heads that share a key head. It walks over runs of
// kRunKeys keys. Runs that the mask hides from the whole block are skipped, and each panel's products are
// trimmed to the keys that its rows may attend to. A row's result depends on the runs only, never on how
// rows are cut into items.
#pragma once

#include "micro.h"
#include "output_rows.h"
#include "score_terms.h"
#include "softmax_rows.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa, class Micro>
class FastForward {
 public:
  using V = Vectors<Isa>;
  using F = typename V::F;
  using Pack = typename Micro::Pack;
  using Packed = typename Micro::Packed;

  static ForwardPlan plan(const ForwardCall& call, int threads) {
    const Problem& problem = call.problem;
    ForwardPlan plan{};
    plan.item = item;
    int64_t width = V::round_up(problem.key_dim > problem.value_dim ? problem.key_dim : problem.value_dim);
    int64_t rows = kBlockElements / width;
    rows = rows > kMostBlockRows ? kMostBlockRows : rows / Isa::kRows * Isa::kRows;
    plan.heads = group_size(problem) * Isa::kRows <= rows ? group_size(problem) : rows / Isa::kRows;
    plan.queries = rows / plan.heads / Isa::kRows * Isa::kRows;
    // Smaller blocks where there would be too few to share out; packing then costs more.
    while (count_items(problem, plan) < 6 * threads && plan.heads * plan.queries > kLeastBlockRows) {
      if (plan.queries > Isa::kRows) {
        plan.queries = (plan.queries / 2 + Isa::kRows - 1) / Isa::kRows * Isa::kRows;
      } else {
        plan.heads = (plan.heads + 1) / 2;
      }
    }
    if (plan.queries > problem.queries) plan.queries = problem.queries > 0 ? problem.queries : 1;
    plan.items = count_items(problem, plan);
    Arena arena(nullptr);
    Scratch scratch(arena, problem, plan);
    plan.workspace_bytes = arena.used();
    return plan;
  }

 private:
  // Rows times the wider head dimension in one block: its queries and outputs stay in the L2 cache.
  static constexpr int64_t kBlockElements = 32768;
  static constexpr int64_t kMostBlockRows = 512;
  static constexpr int64_t kLeastBlockRows = 32;
  static constexpr int kScoreStep = kRunKeys + V::kCount;
  static constexpr int kMostPanels = kMostBlockRows;  // a panel has at least a row

  struct Scratch {
    Packed* query;
    Packed* keys;
    Packed* values;
    float* scores;    // [kRows][kScoreStep]
    Packed* weights;  // the same; the scores themselves for f32
    float* out;       // [rows][value_dim padded], not yet divided by the sum
    float* largest;   // [rows]
    float* sums;      // [rows][kCount]
    KeyBits allowed[Isa::kRows];
    bool started[kMostPanels];

    Scratch(Arena& arena, const Problem& problem, const ForwardPlan& plan) {
      int64_t rows = plan.heads * plan.queries;
      query = packed(arena, Pack::query_bytes(rows, problem.key_dim));
      keys = packed(arena, Pack::key_bytes(kRunKeys, problem.key_dim));
      values = packed(arena, Pack::value_bytes(kRunKeys, problem.value_dim));
      scores = arena.floats(Isa::kRows * kScoreStep);
      if constexpr (sizeof(Packed) == sizeof(float)) {
        weights = scores;
      } else {
        weights = packed(arena, sizeof(Packed) * Isa::kRows * kScoreStep);
      }
      out = arena.floats(static_cast<size_t>(rows * V::round_up(problem.value_dim)));
      largest = arena.floats(static_cast<size_t>(rows + V::kCount));
      sums = arena.floats(static_cast<size_t>(rows * V::kCount));
    }

    static Packed* packed(Arena& arena, size_t bytes) {
      return reinterpret_cast<Packed*>(arena.bytes(bytes));
    }
  };

  /** The block of rows of one item: row (head, query) of the block is head * queries + query. */
  struct Block {
    int64_t batch;
    int64_t key_head;
    int64_t head;
    int64_t query;
    int heads;
    int queries;
    int panels;      // of each head
    int panel_rows;  // of each but the last, which may have fewer
  };

  /** One run of keys, packed. */
  struct Run {
    int64_t first_key;
    int keys;
    const Packed* values;
    int64_t value_step;
    int finite;  // of the values: 1, 0, or -1 if nobody asked yet
  };

  static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

  static int64_t count_items(const Problem& problem, const ForwardPlan& plan) {
    return problem.batch * problem.key_heads * ceil_div(group_size(problem), plan.heads) *
           ceil_div(problem.queries, plan.queries);
  }

  /** Later queries first: under a causal mask they take longest. */
  static Block block_of(const ForwardCall& call, int64_t item) {
    const Problem& problem = call.problem;
    const ForwardPlan& plan = call.plan;
    int64_t query_blocks = ceil_div(problem.queries, plan.queries);
    int64_t head_blocks = ceil_div(group_size(problem), plan.heads);
    int64_t columns = problem.batch * problem.key_heads * head_blocks;
    int64_t column = item % columns;
    Block block;
    block.query = (query_blocks - 1 - item / columns) * plan.queries;
    int64_t head_block = column % head_blocks;
    block.key_head = column / head_blocks % problem.key_heads;
    block.batch = column / head_blocks / problem.key_heads;
    block.head = block.key_head * group_size(problem) + head_block * plan.heads;
    block.heads = static_cast<int>(smaller(plan.heads, group_size(problem) - head_block * plan.heads));
    block.queries = static_cast<int>(smaller(plan.queries, problem.queries - block.query));
    block.panels = (block.queries + Isa::kRows - 1) / Isa::kRows;
    block.panel_rows = (block.queries + block.panels - 1) / block.panels;
    return block;
  }

  static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

  static void item(const ForwardCall& call, int64_t item, void* workspace) {
    const Problem& problem = call.problem;
    Arena arena(workspace);
    Scratch scratch(arena, problem, call.plan);
    Block block = block_of(call, item);
    start(problem, block, scratch);
    for (int64_t first = 0; first < problem.keys; first += kRunKeys) {
      int keys = static_cast<int>(smaller(kRunKeys, problem.keys - first));
      bool packed = false;
      Run run{};
      for (int h = 0; h < block.heads; h++) {
        TilePlace place{
            block.batch, block.head + h, block.query, first, problem.query_start + block.query, block.queries,
            keys};
        Coverage coverage = MaskRows<Isa>::coverage(problem, place);
        if (coverage == Coverage::kNone) continue;
        if (!packed) run = pack_run(problem, block, first, keys, scratch);
        packed = true;
        bool every = coverage == Coverage::kEvery && keys % V::kCount == 0;
        for (int p = 0; p < block.panels; p++) {
          prefetch_run(problem, block, first + kRunKeys, h * block.panels + p);
          panel(problem, block, h, p, every, run, scratch);
        }
      }
    }
    finish(call, block, scratch);
  }

  static void start(const Problem& problem, const Block& block, Scratch& scratch) {
    int step = Pack::query_step(problem.key_dim);
    for (int h = 0; h < block.heads; h++) {
      RowSpan rows =
          rows_of(problem.query, block.batch, block.head + h, block.query, block.queries, problem.key_dim);
      Pack::queries(rows, problem.scale < 0, scratch.query + h * block.queries * step);
    }
    int rows = block.heads * block.queries;
    for (int i = 0; i < rows; i++) scratch.largest[i] = -__builtin_inff();
    memset(scratch.sums, 0, sizeof(float) * static_cast<size_t>(rows * V::kCount));
    memset(scratch.started, 0, sizeof scratch.started);
  }

  static Run pack_run(const Problem& problem, const Block& block, int64_t first, int keys, Scratch& scratch) {
    Pack::keys(rows_of(problem.key, block.batch, block.key_head, first, keys, problem.key_dim), scratch.keys);
    RowSpan values = rows_of(problem.value, block.batch, block.key_head, first, keys, problem.value_dim);
    Run run{first, keys, scratch.values, 0, -1};
    if constexpr (sizeof(Packed) == sizeof(float)) {
      run.value_step = V::round_up(problem.value_dim);
      if (problem.value.element == Element::kFloat32 && problem.value.strides[3] == 1 &&
          problem.value_dim % V::kCount == 0) {
        run.values = static_cast<const float*>(problem.value.data) + values.first;
        run.value_step = values.step;
        return run;
      }
    } else {
      run.value_step = 2 * V::round_up(problem.value_dim);
    }
    Pack::values(values, scratch.values);
    return run;
  }

  /** A panel's share of the next run's keys and values: what waits for memory now need not wait later. */
  static inline __attribute__((always_inline)) void prefetch_run(const Problem& problem, const Block& block,
                                                                 int64_t first, int panel) {
    int64_t keys = smaller(kRunKeys, problem.keys - first), panels = block.heads * block.panels;
    if (keys <= 0) return;
    int64_t begin = keys * panel / panels;
    int rows = static_cast<int>(keys * (panel + 1) / panels - begin);
    prefetch(rows_of(problem.key, block.batch, block.key_head, first + begin, rows, problem.key_dim));
    prefetch(rows_of(problem.value, block.batch, block.key_head, first + begin, rows, problem.value_dim));
  }

  /** Panel p of the block's head h against a run. */
  static void panel(const Problem& problem, const Block& block, int h, int p, bool every, Run& run,
                    Scratch& scratch) {
    int q = p * block.panel_rows;
    int rows = static_cast<int>(smaller(block.panel_rows, block.queries - q));
    if (rows <= 0) return;  // equal panels may need fewer
    ScorePanel scores{scratch.scores, kScoreStep, rows, 0, run.keys, nullptr, 0};
    scores.factor = ScoreTerms<Isa>::unit(problem) * kLog2E;
    PanelPlace place{block.batch, block.head + h, block.query + q, run.first_key};
    if (!every && !trim(problem, place, run.keys, scores, scratch.allowed)) return;
    int first_row = h * block.queries + q;
    multiply_keys(problem, first_row, scores, scratch);
    if (ScoreTerms<Isa>::any(problem)) {
      int keys = scores.end < run.keys ? scores.end : run.keys;
      for (int i = 0; i < rows; i++) {
        ScoreTerms<Isa>::apply(problem, place.batch, place.head, place.query + i,
                               run.first_key + scores.first, keys - scores.first,
                               scratch.scores + i * kScoreStep + scores.first);
      }
    }
    RowStates<Isa> states{scratch.largest + first_row, scratch.sums + first_row * V::kCount};
    float corrections[SoftmaxRows<Isa>::kMostRows] = {};
    Packed* weights = scratch.weights;
    auto store = [weights](int i, int j, F weight) {
      Micro::store_weights(weights + i * kScoreStep + j, weight);
    };
    SoftmaxRows<Isa>::template run<sizeof(Packed) == 2>(problem, place, scores, states, corrections, store);
    bool& started = scratch.started[h * block.panels + p];
    multiply_values(problem, first_row, started, corrections, scores, run, scratch);
    started = true;
  }

  /** Narrows a panel to the keys that any of its rows may attend to; false if there are none. */
  static bool trim(const Problem& problem, const PanelPlace& place, int keys, ScorePanel& scores,
                   KeyBits* allowed) {
    KeyBits any = {};
    for (int i = 0; i < scores.rows; i++) {
      allowed[i] =
          MaskRows<Isa>::row(problem, place.batch, place.head, place.query + i, place.first_key, keys);
      for (int w = 0; w < kRunWords; w++) any.words[w] |= allowed[i].words[w];
    }
    int lowest = 0;
    while (lowest < kRunWords && any.words[lowest] == 0) lowest++;
    if (lowest == kRunWords) return false;
    int highest = kRunWords - 1;
    while (any.words[highest] == 0) highest--;
    int first = lowest * 64 + __builtin_ctzll(any.words[lowest]);
    int end = highest * 64 + 64 - __builtin_clzll(any.words[highest]);
    scores.first = first / Pack::kWidth * Pack::kWidth;
    scores.end = V::round_up(end);
    KeyBits whole = bits_between(scores.first, scores.end);
    for (int i = 0; i < scores.rows; i++) {
      if (memcmp(&allowed[i], &whole, sizeof whole) != 0) scores.allowed = allowed;
    }
    return true;
  }

  static void multiply_keys(const Problem& problem, int first_row, const ScorePanel& scores,
                            Scratch& scratch) {
    int step = Pack::query_step(problem.key_dim);
    constexpr int kPerKey = sizeof(Packed) == 2 ? 2 : 1;
    for (int j = scores.first; j < scores.end; j += Pack::kWidth) {
      int columns = static_cast<int>(smaller(Pack::kWidth, scores.end - j));
      PanelProduct<Isa, Micro>::template run<false>(
          scores.rows, columns, Micro::depth(problem.key_dim), scratch.query + first_row * step, step,
          scratch.keys + j * step, kPerKey * Pack::kWidth, scratch.scores + j, kScoreStep);
    }
  }

  static void multiply_values(const Problem& problem, int first_row, bool started, const float* corrections,
                              const ScorePanel& scores, Run& run, Scratch& scratch) {
    int padded = V::round_up(problem.value_dim);
    float* out = scratch.out + first_row * padded;
    int end = scores.end < run.keys ? scores.end : run.keys;
    if (started) {
      for (int i = 0; i < scores.rows; i++) {
        if (corrections[i] == 1) continue;
        float* row = out + i * padded;
        for (int d = 0; d < padded; d += V::kCount) V::store(row + d, V::load(row + d) * corrections[i]);
      }
    }
    if (scores.allowed != nullptr && !finite(problem, run)) {
      if (!started) memset(out, 0, sizeof(float) * static_cast<size_t>(scores.rows * padded));
      add_allowed(padded, scores, end, run, scratch.weights, out);
      return;
    }
    const Packed* weights = scratch.weights + scores.first;
    constexpr int kPerRow = sizeof(Packed) == 2 ? 2 : 1;  // keys in one row of packed values
    const Packed* values = run.values + scores.first / kPerRow * run.value_step;
    int depth = Micro::depth(end - scores.first);
    if (started) {
      PanelProduct<Isa, Micro>::template run<true>(scores.rows, padded, depth, weights, kScoreStep, values,
                                                   run.value_step, out, padded);
    } else {
      PanelProduct<Isa, Micro>::template run<false>(scores.rows, padded, depth, weights, kScoreStep, values,
                                                    run.value_step, out, padded);
    }
  }

  static bool finite(const Problem& problem, Run& run) {
    if (run.finite < 0) {
      int padded = V::round_up(problem.value_dim);
      if constexpr (sizeof(Packed) == sizeof(float)) {
        run.finite = Pack::finite(run.values, run.value_step, run.keys, padded);
      } else {
        run.finite = Pack::finite(run.values, (run.keys + 1) / 2, padded);
      }
    }
    return run.finite == 1;
  }

  /** The product pair by pair: a masked pair has weight 0, but 0 * NaN is NaN. */
  static void add_allowed(int padded, const ScorePanel& scores, int end, const Run& run,
                          const Packed* weights, float* out) {
    for (int i = 0; i < scores.rows; i++) {
      float* row = out + i * padded;
      for (int j = scores.first; j < end; j++) {
        if ((scores.allowed[i].words[j / 64] >> (j % 64) & 1) == 0) continue;
        float weight = Micro::weight(weights + i * kScoreStep, j);
        for (int d = 0; d < padded; d += V::kCount) {
          V::store(row + d, V::load(row + d) + weight * Micro::value(run.values, run.value_step, j, d));
        }
      }
    }
  }

  static void finish(const ForwardCall& call, const Block& block, Scratch& scratch) {
    int padded = V::round_up(call.problem.value_dim);
    double unit = static_cast<double>(ScoreTerms<Isa>::unit(call.problem));
    for (int h = 0; h < block.heads; h++) {
      for (int q = 0; q < block.queries; q++) {
        int row = h * block.queries + q;
        if (scratch.started[h * block.panels + q / block.panel_rows]) {
          OutputRows<Isa>::finish(call, block.batch, block.head + h, block.query + q,
                                  scratch.out + row * padded,
                                  static_cast<double>(scratch.largest[row]) * unit,
                                  V::total(V::load(scratch.sums + row * V::kCount)));
        } else {
          OutputRows<Isa>::finish_empty(call, block.batch, block.head + h, block.query + q);
        }
      }
    }
  }
};

}  // namespace
}  // namespace attention4j

#endif
