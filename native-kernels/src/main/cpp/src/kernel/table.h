// The kernel table of one instruction set; included by instantiate_*.cpp only.
#pragma once

#include "activation.h"
#include "backward.h"
#include "backward_table.h"
#include "block_products.h"
#include "copy_rows.h"
#include "decode.h"
#include "dropout_values.h"
#include "fast_forward.h"
#include "forward.h"

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct Table {
  static size_t workspace_bytes(const Problem& problem) {
    Arena forward(nullptr);
    typename Forward<Isa>::Scratch forward_scratch(forward, problem);
    Arena backward(nullptr);
    typename Backward<Isa>::Scratch backward_scratch(backward, problem);
    return forward.used() > backward.used() ? forward.used() : backward.used();
  }

  static ForwardPlan plan_forward(const ForwardCall& call, int threads) {
#if defined(__AVX2__)
    // A scale of 0 would turn a masked score, -inf, into NaN there.
    if (call.problem.scale != 0) return plan_fast(call, threads);
#endif
    (void)threads;
    const Problem& problem = call.problem;
    Arena arena(nullptr);
    typename Forward<Isa>::Scratch scratch(arena, problem);
    ForwardPlan plan{};
    plan.item = Forward<Isa>::item;
    plan.items = problem.batch * problem.heads * query_tiles(problem);
    plan.workspace_bytes = arena.used();
    return plan;
  }

#if defined(__AVX2__)
  static ForwardPlan plan_fast(const ForwardCall& call, int threads) {
    const Problem& problem = call.problem;
    bool few = few_queries(problem);
#if defined(__AVX512BF16__)
    auto pairs = [](const View& view) { return view.element == Element::kBfloat16 && view.strides[3] == 1; };
    if (pairs(problem.query) && pairs(problem.key) && pairs(problem.value)) {
      if (few) return decode<Bfloat16Reader<Isa>, PairDots<Isa>>(call, threads);
      return FastForward<Isa, MicroBfloat16<Isa>>::plan(call, threads);
    }
#endif
    if (few) {
      if (problem.key.element == Element::kFloat32) return decode<Float32Reader<Isa>>(call, threads);
      if (problem.key.element == Element::kBfloat16) return decode<Bfloat16Reader<Isa>>(call, threads);
      if (problem.key.element == Element::kFloat16) return decode<Float16Reader<Isa>>(call, threads);
#if defined(__AVX512BF16__)
      return Decode<Isa, ByteProducts<Isa>>::plan(call, threads);
#else
      return decode<Int8Reader<Isa>>(call, threads);
#endif
    }
    return FastForward<Isa, MicroFloat32<Isa>>::plan(call, threads);
  }
#endif

#if defined(__AVX2__)
  template <class Reader, class Pairs = PairProducts<Isa, Reader>>
  static ForwardPlan decode(const ForwardCall& call, int threads) {
    return Decode<Isa, DecodeProducts<Isa, Reader, Pairs>>::plan(call, threads);
  }

  /** Whether packing keys for so few rows would cost more than it saves. */
  static bool few_queries(const Problem& problem) {
    bool neighbours = problem.key.strides[3] == 1 && problem.value.strides[3] == 1 &&
                      problem.key.element == problem.value.element;
    bool few = problem.queries <= kFewQueries || group_size(problem) * problem.queries <= kFewRows;
    return neighbours && few;
  }

  static constexpr int64_t kFewRows = 16;
  static constexpr int64_t kFewQueries = 4;  // of each head, however many share a key head
#endif

  static constexpr KernelTable kTable = {
      workspace_bytes,
      plan_forward,
      Backward<Isa>::delta_item,
      Backward<Isa>::query_item,
      Backward<Isa>::key_item,
      Backward<Isa>::bias_item,
      BackwardTable<Isa>::sweep,
      DropoutValues<Isa>::item,
      Activations<Isa>::item,
      CopyRows<Isa>::item,
      BlockProducts<Isa>::round_row,
      BlockProducts<Isa>::item,
  };
};

}  // namespace
}  // namespace attention4j
