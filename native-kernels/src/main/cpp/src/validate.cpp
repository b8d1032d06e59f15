#include "validate.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "failure.h"

namespace attention4j {
namespace {

// Slots and their distances stay far from the limits of int64 and of the kernels' kUnbounded.
constexpr int64_t kMaxSize = int64_t{1} << 40;

[[noreturn]] void invalid(const std::string& message) {
  throw Failure(A4J_INVALID_ARGUMENT, message);
}

std::string text(const int64_t (&dims)[4]) {
  return "[" + std::to_string(dims[0]) + ", " + std::to_string(dims[1]) + ", " + std::to_string(dims[2]) +
         ", " + std::to_string(dims[3]) + "]";
}

int64_t checked_size(const char* name, int64_t size, int64_t least) {
  if (size < least || size > kMaxSize) {
    invalid(std::string(name) + " is " + std::to_string(size) + ", not between " + std::to_string(least) +
            " and 2^40");
  }
  return size;
}

int64_t dtype_bytes(int32_t dtype) {
  switch (dtype) {
    case A4J_I64:
      return 8;
    case A4J_F32:
    case A4J_I32:
      return 4;
    case A4J_BF16:
    case A4J_F16:
      return 2;
    default:
      return 1;
  }
}

/** Fails if two different indices may name the same element: each axis must step over the smaller. */
void check_no_overlap(const char* name, const int64_t (&dims)[4], const int64_t (&strides)[4]) {
  struct Axis {
    int64_t step;
    int64_t size;
  };
  std::vector<Axis> axes;
  for (int axis = 0; axis < 4; axis++) {
    if (dims[axis] > 1) axes.push_back({std::abs(strides[axis]), dims[axis]});
  }
  std::sort(axes.begin(), axes.end(), [](const Axis& a, const Axis& b) { return a.step < b.step; });
  int64_t covered = 0;  // cannot overflow: the view was found to lie inside its memory
  for (const Axis& axis : axes) {
    if (axis.step <= covered) {
      invalid(std::string(name) + ": an output of shape " + text(dims) + " with strides " + text(strides) +
              " overlaps itself");
    }
    covered += axis.step * (axis.size - 1);
  }
}

/** Checks memory only; returns the address of element 0, null for an empty view. */
char* check_memory(const char* name, const a4j_view& view, const int64_t (&dims)[4]) {
  if (std::any_of(dims, dims + 4, [](int64_t size) { return size == 0; })) return nullptr;
  if (view.data == nullptr) invalid(std::string(name) + " is missing; it must have shape " + text(dims));
  int64_t bytes = dtype_bytes(view.dtype);
  if (reinterpret_cast<uintptr_t>(view.data) % static_cast<uintptr_t>(bytes) != 0) {
    invalid(std::string(name) + " is not aligned to its " + std::to_string(bytes) + "-byte elements");
  }
  int64_t lowest = view.offset;
  int64_t highest = view.offset;
  bool overflow = false;
  for (int axis = 0; axis < 4; axis++) {
    if (dims[axis] == 1) continue;
    int64_t reach = 0;
    overflow |= __builtin_mul_overflow(dims[axis] - 1, view.strides[axis], &reach);
    int64_t& end = reach < 0 ? lowest : highest;
    overflow |= __builtin_add_overflow(end, reach, &end);
  }
  if (overflow || lowest < 0 || highest >= view.elements) {
    invalid(std::string(name) + ": shape " + text(dims) + " with strides " + text(view.strides) +
            " at offset " + std::to_string(view.offset) + " leaves its memory of " +
            std::to_string(view.elements) + " elements");
  }
  return static_cast<char*>(view.data) + view.offset * bytes;
}

void copy_strides(const int64_t (&dims)[4], const int64_t (&from)[4], int64_t (&to)[4]) {
  for (int axis = 0; axis < 4; axis++) to[axis] = dims[axis] == 1 ? 0 : from[axis];
}

/** Each of `dims` must be the problem's size or 1, which broadcasts. */
void check_broadcast(const std::string& name, const int64_t (&dims)[4], const int64_t (&full)[4]) {
  for (int axis = 0; axis < 4; axis++) {
    if (dims[axis] != 1 && dims[axis] != full[axis]) {
      invalid(name + " has shape " + text(dims) + ", which does not broadcast to " + text(full));
    }
  }
}

MaskNode check_mask_node(const a4j_mask_node& node, const std::string& name, const int64_t (&full)[4]) {
  MaskNode result{};
  switch (node.op) {
    case A4J_MASK_ALL:
      result.op = MaskOp::kAll;
      break;
    case A4J_MASK_CAUSAL:
      result.op = MaskOp::kCausal;
      break;
    case A4J_MASK_WINDOW:
    case A4J_MASK_RANGE:
      result.op = node.op == A4J_MASK_WINDOW ? MaskOp::kWindow : MaskOp::kRange;
      result.left = std::clamp(node.left, -2 * kMaxSize, 2 * kMaxSize);
      result.right = std::clamp(node.right, -2 * kMaxSize, 2 * kMaxSize);
      break;
    case A4J_MASK_TENSOR:
      result.op = MaskOp::kTensor;
      if (node.tensor.dtype < A4J_BOOL || node.tensor.dtype > A4J_I64) {
        invalid(name + " has dtype " + std::to_string(node.tensor.dtype) + "; it must be bool, i32 or i64");
      }
      result.element_bytes = static_cast<int>(dtype_bytes(node.tensor.dtype));
      check_broadcast(name, node.dims, full);
      result.data = check_memory(name.c_str(), node.tensor, node.dims);
      copy_strides(node.dims, node.tensor.strides, result.strides);
      break;
    case A4J_MASK_AND:
      result.op = MaskOp::kAnd;
      break;
    case A4J_MASK_OR:
      result.op = MaskOp::kOr;
      break;
    case A4J_MASK_NOT:
      result.op = MaskOp::kNot;
      break;
    default:
      invalid(name + " has the unknown op " + std::to_string(node.op));
  }
  return result;
}

/** Walks the program with a stack that only counts. Returns how deep it gets. */
int check_mask(const a4j_attention& attention, const int64_t (&full)[4], std::vector<MaskNode>& nodes) {
  if (attention.mask_nodes < 0 || attention.mask_nodes > A4J_MAX_MASK_NODES) {
    invalid("the mask has " + std::to_string(attention.mask_nodes) + " nodes, not 0 to " +
            std::to_string(A4J_MAX_MASK_NODES));
  }
  if (attention.mask_nodes == 0) return 0;
  if (attention.mask == nullptr) invalid("the mask's nodes are missing");
  int depth = 0;
  int deepest = 0;
  for (int64_t n = 0; n < attention.mask_nodes; n++) {
    nodes.push_back(check_mask_node(attention.mask[n], "mask node " + std::to_string(n), full));
    MaskOp op = nodes.back().op;
    bool binary = op == MaskOp::kAnd || op == MaskOp::kOr;
    int pops = binary ? 2 : op == MaskOp::kNot ? 1 : 0;
    if (depth < pops) invalid("mask node " + std::to_string(n) + " has too few operands before it");
    depth += 1 - pops;
    deepest = std::max(deepest, depth);
  }
  if (depth != 1) invalid("the mask program leaves " + std::to_string(depth) + " values, not one");
  if (deepest > A4J_MAX_MASK_DEPTH) {
    throw Failure(A4J_UNSUPPORTED, "the mask program needs " + std::to_string(deepest) +
                                       " values at once, more than " + std::to_string(A4J_MAX_MASK_DEPTH));
  }
  return deepest;
}

int checked_head_dim(const char* name, int64_t size) {
  if (size < 1) invalid(std::string(name) + " is " + std::to_string(size) + ", less than 1");
  if (size > A4J_MAX_HEAD_DIM) {
    throw Failure(A4J_UNSUPPORTED, std::string(name) + " is " + std::to_string(size) + ", more than " +
                                       std::to_string(A4J_MAX_HEAD_DIM));
  }
  return static_cast<int>(size);
}

/** (a * b) mod 2^31 - 1. */
uint32_t field_product(uint64_t a, uint64_t b) {
  return static_cast<uint32_t>(a * b % kDropoutPrime);
}

uint32_t fifth_power(uint64_t x) {
  uint32_t square = field_product(x, x);
  return field_product(field_product(square, square), x);
}

void check_counts(const Problem& problem) {
  int64_t product = 0;
  bool overflow = __builtin_mul_overflow(problem.batch, problem.heads, &product);
  overflow |=
      __builtin_mul_overflow(product, std::max({problem.queries, problem.keys, int64_t{1}}), &product);
  overflow |= __builtin_mul_overflow(product, int64_t{4 * A4J_MAX_HEAD_DIM}, &product);
  if (overflow) invalid("the problem has more elements than 63 bits count");
}

}  // namespace

View check_view(const char* name, const a4j_view& view, const int64_t (&dims)[4], bool narrow, Use use) {
  if (view.dtype != A4J_F32 && !(narrow && (view.dtype == A4J_BF16 || view.dtype == A4J_F16))) {
    invalid(std::string(name) + " has dtype " + std::to_string(view.dtype) + "; it must be f32" +
            (narrow ? ", bf16 or f16" : ""));
  }
  View result{};
  result.element = view.dtype == A4J_F32    ? Element::kFloat32
                   : view.dtype == A4J_BF16 ? Element::kBfloat16
                                            : Element::kFloat16;
  result.data = check_memory(name, view, dims);
  if (use == Use::kOutput && result.data != nullptr) check_no_overlap(name, dims, view.strides);
  copy_strides(dims, view.strides, result.strides);
  return result;
}

View check_rows(const char* name, const a4j_view& view, const int64_t (&dims)[4], Use use) {
  if (view.dtype != A4J_I8_ROWS) return check_view(name, view, dims, true, use);
  if (view.strides[3] != 1) {
    invalid(std::string(name) + ": bytes of a row are neighbours, not " + std::to_string(view.strides[3]) +
            " apart");
  }
  int64_t whole[4] = {dims[0], dims[1], dims[2], dims[3]};
  if (whole[3] > 0) whole[3] += kRowScaleBytes;  // a row ends behind its scale
  View result{};
  result.element = Element::kInt8Rows;
  result.scale = dims[3];
  result.data = check_memory(name, view, whole);
  if (use == Use::kOutput && result.data != nullptr) check_no_overlap(name, whole, view.strides);
  copy_strides(whole, view.strides, result.strides);
  return result;
}

DropoutPlan check_dropout(double probability, int64_t seed, int64_t site) {
  DropoutPlan plan{};
  if (!(probability >= 0 && probability < 1)) {
    invalid("dropout is " + std::to_string(probability) + ", not from 0 to less than 1");
  }
  plan.active = probability > 0;
  if (!plan.active) return plan;
  uint64_t magnitude = static_cast<uint64_t>(seed);
  if (seed < 0) magnitude = 0 - magnitude;
  int64_t prime = static_cast<int64_t>(kDropoutPrime);
  site %= prime;
  if (site < 0) site += prime;
  plan.first_key = fifth_power((magnitude % kDropoutPrime + static_cast<uint64_t>(site)) % kDropoutPrime);
  plan.second_key = fifth_power((uint64_t{plan.first_key} + kDropoutSecond) % kDropoutPrime);
  plan.threshold = static_cast<uint32_t>(std::nearbyint(probability * static_cast<double>(prime)));
  plan.factor = static_cast<float>(1 / (1 - probability));
  return plan;
}

Problem check_problem(const a4j_attention* attention, std::vector<MaskNode>& nodes) {
  if (attention == nullptr) invalid("the problem is missing");
  if (attention->struct_size != sizeof(a4j_attention)) {
    invalid("the problem's struct_size is " + std::to_string(attention->struct_size) + ", not " +
            std::to_string(sizeof(a4j_attention)) + ": built against another header?");
  }
  Problem problem{};
  problem.batch = checked_size("batch", attention->batch, 0);
  problem.heads = checked_size("heads", attention->heads, 1);
  problem.key_heads = checked_size("key_heads", attention->key_heads, 1);
  problem.queries = checked_size("queries", attention->queries, 0);
  problem.keys = checked_size("keys", attention->keys, 0);
  if (problem.heads % problem.key_heads != 0) {
    invalid("key_heads " + std::to_string(problem.key_heads) + " does not divide heads " +
            std::to_string(problem.heads));
  }
  problem.key_dim = checked_head_dim("key_dim", attention->key_dim);
  problem.value_dim = checked_head_dim("value_dim", attention->value_dim);
  check_counts(problem);
  if (attention->query_start < -kMaxSize || attention->query_start > kMaxSize) {
    invalid("query_start is " + std::to_string(attention->query_start) + ", beyond 2^40");
  }
  problem.query_start = attention->query_start;
  problem.scale = static_cast<float>(attention->scale);
  if (!std::isfinite(problem.scale)) invalid("scale is " + std::to_string(attention->scale));
  problem.softcap = static_cast<float>(attention->softcap);
  if (!std::isfinite(problem.softcap) || problem.softcap < 0) {
    invalid("softcap is " + std::to_string(attention->softcap) + "; it must be positive, or 0 for none");
  }
  problem.dropout = check_dropout(attention->dropout, attention->dropout_seed, attention->dropout_site);
  const int64_t full[4] = {problem.batch, problem.heads, problem.queries, problem.keys};
  const int64_t query[4] = {problem.batch, problem.heads, problem.queries, problem.key_dim};
  const int64_t key[4] = {problem.batch, problem.key_heads, problem.keys, problem.key_dim};
  const int64_t value[4] = {problem.batch, problem.key_heads, problem.keys, problem.value_dim};
  problem.query = check_view("query", attention->query, query, true, Use::kInput);
  problem.key = check_rows("key", attention->key, key, Use::kInput);
  problem.value = check_rows("value", attention->value, value, Use::kInput);
  if (attention->slopes.data != nullptr) {
    const int64_t slopes[4] = {1, problem.heads, 1, 1};
    problem.slopes = check_view("slopes", attention->slopes, slopes, false, Use::kInput);
  }
  if (attention->bias.data != nullptr) {
    check_broadcast("bias", attention->bias_dims, full);
    problem.bias = check_view("bias", attention->bias, attention->bias_dims, true, Use::kInput);
    for (int axis = 0; axis < 4; axis++) problem.bias_broadcasts[axis] = attention->bias_dims[axis] == 1;
  }
  problem.mask_depth = check_mask(*attention, full, nodes);
  problem.mask = nodes.data();
  problem.mask_nodes = static_cast<int>(nodes.size());
  return problem;
}

BlockProductCall check_product(const a4j_block_product* product) {
  if (product == nullptr) throw Failure(A4J_INVALID_ARGUMENT, "the product is missing");
  const a4j_block_product& p = *product;
  if (p.struct_size != sizeof(a4j_block_product)) {
    invalid("the product's struct_size is " + std::to_string(p.struct_size) + ", not " +
            std::to_string(sizeof(a4j_block_product)));
  }
  if (p.bits != 4 && p.bits != 8) invalid("weights have 4 or 8 bits, not " + std::to_string(p.bits));
  if (p.block != 32 && p.block != 64 && p.block != 128 && p.block != 256) {
    invalid("a block has 32, 64, 128 or 256 weights, not " + std::to_string(p.block));
  }
  for (int64_t size : {p.rows, p.inputs, p.outputs}) {
    if (size < 0 || size > kMaxSize) invalid("a product has a size of " + std::to_string(size));
  }
  BlockProductCall call{};
  call.bits = static_cast<int>(p.bits);
  call.block = p.block;
  call.rows = p.rows;
  call.inputs = p.inputs;
  call.outputs = p.outputs;
  const int64_t blocks = (p.inputs + p.block - 1) / p.block;
  call.steps = blocks * (p.block / kStepInputs);
  int64_t needed = 0, elements = 0;
  if (__builtin_mul_overflow(product_groups(call) * block_bytes(call), blocks, &needed) ||
      __builtin_mul_overflow(p.rows, std::max(p.inputs + p.block, p.outputs), &elements) ||
      elements > kMaxSize * 64) {
    invalid("a product is too large");
  }
  if (p.weight_bytes != needed) {
    invalid("weights of " + std::to_string(p.outputs) + " outputs and " + std::to_string(p.inputs) +
            " inputs are " + std::to_string(needed) + " bytes, not " + std::to_string(p.weight_bytes));
  }
  if ((p.x == nullptr && p.rows * p.inputs > 0) || (p.weights == nullptr && needed > 0) ||
      (p.y == nullptr && p.rows * p.outputs > 0)) {
    invalid("a product lacks its x, its weights or its y");
  }
  call.x = p.x;
  call.weights = static_cast<const uint8_t*>(p.weights);
  call.bias = p.bias;
  call.y = p.y;
  return call;
}

}  // namespace attention4j
