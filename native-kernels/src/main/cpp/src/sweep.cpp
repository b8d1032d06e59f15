#include "sweep.h"

#include <algorithm>

namespace attention4j {
namespace {

using Item = void (*)(const BackwardCall& call, int64_t item, void* workspace);

void run_items(ThreadPool& pool, Item item, const BackwardCall& call, int64_t count, size_t bytes,
               bool alone) {
  struct Job {
    Item item;
    const BackwardCall* call;
  };
  Job job{item, &call};
  pool.run(
      [](const void* data, int64_t i, void* workspace) {
        const Job& typed = *static_cast<const Job*>(data);
        typed.item(*typed.call, i, workspace);
      },
      &job, count, bytes, alone);
}

constexpr int64_t kPassAlone = 1 << 17;  // elements that one thread reads before another would wake up

/** A function of the problem alone, so that sums are the same for any number of threads. */
int64_t chunks_of(const Problem& problem) {
  constexpr int64_t kTasks = 16;
  constexpr int64_t kMostChunks = 8;  // each costs memory as large as the query
  int64_t heads = problem.batch * problem.heads;
  if (heads == 0 || heads >= kTasks) return 1;
  int64_t most = std::min(kMostChunks, (kTasks + heads - 1) / heads);
  return std::clamp<int64_t>(backward_blocks(problem), 1, most);
}

/** Sums over the keys of one chunk, if a head is split. */
int64_t query_partials(const BackwardCall& call) {
  const Problem& problem = call.problem;
  if (call.chunks == 1) return 0;
  return call.chunks * problem.batch * problem.heads * problem.queries * gradient_step(problem.key_dim);
}

/** Gradients of one query head, if heads share keys. */
int64_t key_partials(const Problem& problem, int width) {
  if (group_size(problem) == 1) return 0;
  return problem.batch * problem.heads * problem.keys * gradient_step(width);
}

int64_t bias_items(const Problem& problem) {
  const bool* sums = problem.bias_broadcasts;
  int64_t query_blocks = (problem.queries + kBackwardQueries - 1) / kBackwardQueries;
  return (sums[0] ? 1 : problem.batch) * (sums[1] ? 1 : problem.heads) * (sums[2] ? 1 : query_blocks) *
         (sums[3] ? 1 : backward_blocks(problem));
}

}  // namespace

int64_t plan_sweep(BackwardCall& call) {
  call.chunks = chunks_of(call.problem);
  return query_partials(call) + key_partials(call.problem, call.problem.key_dim) +
         key_partials(call.problem, call.problem.value_dim);
}

Swept run_sweep(ThreadPool& pool, const BackwardSweep& sweep, BackwardCall& call, float* partials,
                bool alone) {
  const Problem& problem = call.problem;
  int64_t heads = problem.batch * problem.heads;
  int64_t query_count = heads * query_tiles(problem);
  int64_t key_count = problem.batch * problem.key_heads * key_tiles(problem);
  int64_t elements = heads * (problem.queries + problem.keys) * (problem.key_dim + problem.value_dim);
  bool pass_alone = alone || elements < kPassAlone;
  int32_t not_finite = 0;
  call.not_finite = &not_finite;
  run_items(pool, sweep.prepare, call, query_count + key_count, 0, pass_alone);
  call.not_finite = nullptr;
  if (call.too_rough != nullptr && *call.too_rough != 0) return Swept::kTooRough;
  if (not_finite != 0) return Swept::kNotFinite;
  int64_t for_queries = query_partials(call);
  int64_t for_keys = key_partials(problem, problem.key_dim);
  if (for_queries > 0) call.query_partials = partials;
  if (for_keys > 0) {
    call.key_partials = partials + for_queries;
    call.value_partials = partials + for_queries + for_keys;
  }
  run_items(pool, sweep.sweep, call, call.chunks * heads, sweep.workspace_bytes(call), alone);
  int64_t partial_items = (for_queries > 0 ? query_count : 0) + (for_keys > 0 ? key_count : 0);
  size_t row_bytes = sizeof(float) * static_cast<size_t>(std::max(gradient_step(problem.key_dim),
                                                                  gradient_step(problem.value_dim)));
  run_items(pool, sweep.reduce, call, partial_items, row_bytes, pass_alone);
  if (present(call.grad_bias)) {
    run_items(pool, sweep.bias, call, bias_items(problem), sweep.bias_workspace_bytes(call), alone);
  }
  return Swept::kAll;
}

}  // namespace attention4j
