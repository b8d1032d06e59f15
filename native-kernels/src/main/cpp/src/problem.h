// A validated problem, as the kernels see it. Plain data without constructors or inline members: the
// instruction-set specific translation units include this file, and the linker could keep their
// AVX-512 copy of a shared inline function for every caller.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace attention4j {

/** Queries and keys in one tile of scores. */
constexpr int kTile = 64;

enum class Element { kFloat32, kBfloat16 };

/** A view with its offset applied; strides of broadcast axes are 0. */
struct View {
  void* data;
  int64_t strides[4];
  Element element;
};

static inline bool present(const View& view) {
  return view.data != nullptr;
}

enum class MaskOp { kAll, kCausal, kWindow, kRange, kTensor, kAnd, kOr, kNot };

struct MaskNode {
  MaskOp op;
  int64_t left;
  int64_t right;
  const void* data;
  int element_bytes;
  int64_t strides[4];
};

struct Problem {
  int64_t batch;
  int64_t heads;
  int64_t key_heads;
  int64_t queries;
  int64_t keys;
  int key_dim;
  int value_dim;
  int64_t query_start;
  float scale;
  float softcap;
  View query;
  View key;
  View value;
  View slopes;
  View bias;
  bool bias_broadcasts[4];
  const MaskNode* mask;
  int mask_nodes;
  int mask_depth;
};

static inline int64_t query_tiles(const Problem& problem) {
  return (problem.queries + kTile - 1) / kTile;
}

static inline int64_t key_tiles(const Problem& problem) {
  return (problem.keys + kTile - 1) / kTile;
}

/** Query heads that share a key head. */
static inline int64_t group_size(const Problem& problem) {
  return problem.heads / problem.key_heads;
}

struct ForwardCall {
  Problem problem;
  View out;
  View lse;
};

struct BackwardCall {
  Problem problem;
  View out;
  View lse;
  View grad_out;
  View grad_lse;
  View grad_query;
  View grad_key;
  View grad_value;
  View grad_bias;
  /** sum(out * grad_out) - grad_lse for each row, [batch, heads, queries]; scratch. */
  float* delta;
};

/** The entry points of one instruction set. Each work item writes memory that no other writes. */
struct KernelTable {
  /** Scratch bytes that one thread needs for any of the calls below, 64-byte aligned. */
  size_t (*workspace_bytes)(const Problem& problem);
  /** One item per (batch, head, tile of queries). */
  void (*forward)(const ForwardCall& call, int64_t item, void* workspace);
  /** One item per (batch, head, tile of queries): fills in delta. */
  void (*backward_delta)(const BackwardCall& call, int64_t item, void* workspace);
  /** One item per (batch, head, tile of queries): grad_query. */
  void (*backward_query)(const BackwardCall& call, int64_t item, void* workspace);
  /** One item per (batch, key head, tile of keys): grad_key and grad_value. */
  void (*backward_key)(const BackwardCall& call, int64_t item, void* workspace);
  /** One item per tile of the bias: grad_bias. */
  void (*backward_bias)(const BackwardCall& call, int64_t item, void* workspace);
};

/** Null where the build has no code for it. */
const KernelTable* scalar_kernels();
const KernelTable* avx2_kernels();
const KernelTable* avx512_kernels();

}  // namespace attention4j
