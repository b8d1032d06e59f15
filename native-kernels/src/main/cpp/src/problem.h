// A validated problem, as the kernels see it. Plain data without constructors or inline members: the
// instruction-set specific translation units include this file, and the linker could keep their
// AVX-512 copy of a shared inline function for every caller.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace attention4j {

/** Queries and keys in one tile of scores. */
constexpr int kTile = 64;

enum class Element { kFloat32, kBfloat16, kFloat16, kInt8Rows };

/** Of the scale behind a row of kInt8Rows. */
constexpr int64_t kRowScaleBytes = 4;

static inline int64_t element_bytes(Element element) {
  return element == Element::kFloat32 ? 4 : element == Element::kInt8Rows ? 1 : 2;
}

/** A view with its offset applied; strides of broadcast axes are 0. */
struct View {
  void* data;
  int64_t strides[4];
  Element element;
  int64_t scale;  // kInt8Rows: from a row's beginning to its scale, in bytes
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

/** The field and the constant of the dropout hash, as in org.attention4j.op.Dropout. */
constexpr uint64_t kDropoutPrime = 2147483647;
constexpr uint64_t kDropoutSecond = 625341585;

/** Dropout of the weights, prepared; see kernel/dropout.h. */
struct DropoutPlan {
  bool active;
  uint32_t first_key;  // below 2^31 - 1, as all of these
  uint32_t second_key;
  uint32_t threshold;  // hashes below it fall
  float factor;        // of the weights that stay
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
  DropoutPlan dropout;
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

struct ForwardCall;

/** How a forward pass is cut into items. Results do not depend on it. */
struct ForwardPlan {
  /** Each item writes memory that no other writes. */
  void (*item)(const ForwardCall& call, int64_t item, void* workspace);
  int64_t items;
  size_t workspace_bytes;  // for each thread, 64-byte aligned
  int64_t heads;           // of one item
  int64_t queries;
  int64_t chunk_keys;  // where keys are split among items
  int64_t chunks;
  int64_t chunks_of_item;
  size_t partial_floats;
  /** Where keys are split: one call for each (batch, key head), after all items; needs no workspace. */
  void (*merge)(const ForwardCall& call, int64_t group, void* workspace);
};

struct ForwardCall {
  Problem problem;
  View out;
  View lse;
  ForwardPlan plan;
  float* partials;  // scratch, as many as the plan says
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
  /** Set to 1 if query, key, value or grad_out holds NaN or infinity. */
  int32_t* not_finite;
  /** Set to 1 if an output of 16 bits is too rough for delta, see kernel/rough_output.h; or null. */
  int32_t* too_rough;
  /** Tasks that share one head's keys in the fast sweep. */
  int64_t chunks;
  /** [chunks, batch, heads, queries, gradient_step(key_dim)]; null if chunks is 1. */
  float* query_partials;
  /** [batch, heads, keys, gradient_step(width)]; null if heads do not share keys. */
  float* key_partials;
  float* value_partials;
};

/** Queries (an even number) and keys in one tile of the fast backward sweep. */
constexpr int kBackwardQueries = 64;
constexpr int kBackwardKeys = 128;

static inline int64_t backward_blocks(const Problem& problem) {
  return (problem.keys + kBackwardKeys - 1) / kBackwardKeys;
}

/** From row to row of a gradient that is being summed, in elements. */
static inline int gradient_step(int width) {
  return (width + 15) / 16 * 16;
}

/** The fast backward pass: prepare, then (if all is finite) sweep, then reduce what is partial. */
struct BackwardSweep {
  size_t (*workspace_bytes)(const BackwardCall& call);
  /** Items per (batch, head, tile of queries), then (batch, key head, tile of keys): delta, not_finite,
   * too_rough. */
  void (*prepare)(const BackwardCall& call, int64_t item, void* workspace);
  /** One item per (chunk, batch, head). */
  void (*sweep)(const BackwardCall& call, int64_t item, void* workspace);
  /** Items per (batch, head, tile of queries) if there are chunks, then (batch, key head, tile of keys). */
  void (*reduce)(const BackwardCall& call, int64_t item, void* workspace);
  size_t (*bias_workspace_bytes)(const BackwardCall& call);
  /** One item per tile of the bias, of kBackwardQueries and kBackwardKeys or 1: grad_bias. */
  void (*bias)(const BackwardCall& call, int64_t item, void* workspace);
};

/** Elements of one work item of a DropoutCall. */
constexpr int64_t kDropoutChunk = 16384;

/** y = added + dropout(x), dense f32. */
struct DropoutCall {
  DropoutPlan plan;
  const float* x;
  const float* added;  // null for none; may be y, as x may
  float* y;
  int64_t count;
};

/** Elements of one work item of an ActivationCall. */
constexpr int64_t kActivationChunk = 16384;

/** a4j_activation. */
enum class ActivationKind : int32_t { kGelu = 0, kGeluTanh = 1, kSilu = 2 };

/** y = f(x) and slope = f'(x), dense f32. */
struct ActivationCall {
  ActivationKind kind;
  const float* x;
  float* y;      // may be x
  float* slope;  // may be x
  int64_t count;
};

/** Rows of `width` elements of [batch, heads, rows], copied from one view to another. */
struct CopyCall {
  View from;
  View to;
  int64_t heads;
  int64_t rows;
  int64_t width;
};

/** Outputs whose weights stand together in a BlockProductCall, and inputs of x that share a scale. */
constexpr int64_t kGroupOutputs = 16;
constexpr int64_t kStepInputs = 32;

/** y = x W^T + bias, dense f32, with W in blocks of few bits: see a4j_block_product. */
struct BlockProductCall {
  int bits;
  int64_t block;  // inputs that share a scale of W, whole steps
  int64_t rows;
  int64_t inputs;
  int64_t outputs;
  const float* x;
  const uint8_t* weights;
  const float* bias;  // null for none
  float* y;
  int64_t steps;     // of a row: whole blocks
  int8_t* bytes;     // x in steps of a scale, [rows, steps, kStepInputs]; 0 beyond the inputs
  float* scales;     // [rows, steps]
  int32_t* offsets;  // [rows, steps]: what the middle of W's range takes off a product of bytes
  int64_t rows_of_item;
  int64_t groups_of_item;
};

static inline int64_t product_groups(const BlockProductCall& call) {
  return (call.outputs + kGroupOutputs - 1) / kGroupOutputs;
}

/** From a block of a group to the next: weights, behind a scale for each output. */
static inline int64_t block_bytes(const BlockProductCall& call) {
  return kGroupOutputs * (call.block * call.bits / 8 + 4);
}

/** The entry points of one instruction set. Each work item writes memory that no other writes. */
struct KernelTable {
  /** Scratch bytes that one thread needs for any of the calls below, 64-byte aligned. */
  size_t (*workspace_bytes)(const Problem& problem);
  ForwardPlan (*plan_forward)(const ForwardCall& call, int threads);
  /** One item per (batch, head, tile of queries): fills in delta. */
  void (*backward_delta)(const BackwardCall& call, int64_t item, void* workspace);
  /** One item per (batch, head, tile of queries): grad_query. */
  void (*backward_query)(const BackwardCall& call, int64_t item, void* workspace);
  /** One item per (batch, key head, tile of keys): grad_key and grad_value. */
  void (*backward_key)(const BackwardCall& call, int64_t item, void* workspace);
  /** One item per tile of the bias: grad_bias. */
  void (*backward_bias)(const BackwardCall& call, int64_t item, void* workspace);
  /** The sweep for this call, or null where only the functions above serve. */
  const BackwardSweep* (*backward_sweep)(const BackwardCall& call);
  /** One item per chunk of the array. Needs no workspace. */
  void (*dropout)(const DropoutCall& call, int64_t item, void* workspace);
  /** The same for an ActivationCall. */
  void (*activation)(const ActivationCall& call, int64_t item, void* workspace);
  /** One item per (batch, head, tile of kTile rows). Needs no workspace. */
  void (*copy_rows)(const CopyCall& call, int64_t item, void* workspace);
  /** One item per row: fills in bytes, scales and offsets. Needs no workspace. */
  void (*round_row)(const BlockProductCall& call, int64_t item, void* workspace);
  /** One item per (rows_of_item, groups_of_item): those of y. Needs no workspace. */
  void (*block_product)(const BlockProductCall& call, int64_t item, void* workspace);
};

/** Null where the build has no code for it. */
const KernelTable* scalar_kernels();
const KernelTable* avx2_kernels();
const KernelTable* avx512_kernels();
const KernelTable* avx512_bf16_kernels();

}  // namespace attention4j
