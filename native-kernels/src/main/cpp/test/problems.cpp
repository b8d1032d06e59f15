#include "problems.h"

#include <cmath>

#include "check.h"

namespace {

Dims bias_dims(const Shape& s, BiasKind kind) {
  switch (kind) {
    case BiasKind::kFull:
      return {s.batch, s.heads, s.queries, s.keys};
    case BiasKind::kPerHead:
      return {1, s.heads, s.queries, s.keys};
    case BiasKind::kPerKey:
      return {s.batch, 1, 1, s.keys};
    case BiasKind::kPerQuery:
      return {1, 1, s.queries, 1};
    default:
      return {1, 1, 1, 1};
  }
}

}  // namespace

TestProblem::TestProblem(const Shape& shape_, const Features& features_, uint32_t seed_)
    : shape(shape_),
      features(features_),
      seed(seed_),
      scale(features_.scale != 0 ? features_.scale : 1 / std::sqrt(static_cast<double>(shape_.key_dim))),
      query({shape_.batch, shape_.heads, shape_.queries, shape_.key_dim}, features_.dtype, features_.layout),
      key({shape_.batch, shape_.key_heads, shape_.keys, shape_.key_dim}, features_.dtype, features_.layout),
      value({shape_.batch, shape_.key_heads, shape_.keys, shape_.value_dim}, features_.dtype,
            features_.layout),
      grad_out(out_dims(), features_.dtype, features_.layout),
      grad_lse(lse_dims(), A4J_F32) {
  std::mt19937 random(seed);
  query.fill_random(random, features.spread);
  key.fill_random(random, features.spread);
  value.fill_random(random, 1);
  grad_out.fill_random(random, 1);
  grad_lse.fill_random(random, 1);
  if (features.alibi) {
    slopes = std::make_unique<Buffer>(Dims{1, shape.heads, 1, 1}, A4J_F32);
    for (int64_t h = 0; h < shape.heads; h++)
      slopes->set(0, h, 0, 0, std::pow(2.0, -static_cast<double>(h) - 1));
  }
  if (features.bias != BiasKind::kNone) {
    bias = std::make_unique<Buffer>(bias_dims(shape, features.bias), features.dtype, features.layout);
    bias->fill_random(random, 1);
  }
  build_mask(random);
}

void TestProblem::add_mask_node(int32_t op, int64_t left, int64_t right) {
  a4j_mask_node node{};
  node.op = op;
  node.left = left;
  node.right = right;
  mask.push_back(node);
  mask_buffers.push_back(nullptr);
}

Buffer& TestProblem::add_mask_tensor(Dims dims) {
  const int32_t dtypes[] = {A4J_BOOL, A4J_I32, A4J_I64};
  mask_tensors.push_back(std::make_unique<Buffer>(dims, dtypes[seed % 3], features.layout));
  add_mask_node(A4J_MASK_TENSOR);
  mask_buffers.back() = mask_tensors.back().get();
  std::copy(dims.begin(), dims.end(), mask.back().dims);
  mask.back().tensor = mask_tensors.back()->view();
  return *mask_tensors.back();
}

void TestProblem::build_mask(std::mt19937& random) {
  const Shape& s = shape;
  switch (features.mask) {
    case MaskKind::kNone:
      break;
    case MaskKind::kCausal:
      add_mask_node(A4J_MASK_CAUSAL);
      break;
    case MaskKind::kWindow:
      add_mask_node(A4J_MASK_WINDOW, 9, 3);
      break;
    case MaskKind::kCausalWindow:
      add_mask_node(A4J_MASK_CAUSAL);
      add_mask_node(A4J_MASK_WINDOW, 17, 0);
      add_mask_node(A4J_MASK_AND);
      break;
    case MaskKind::kPadding:
    case MaskKind::kCausalPadding: {
      Buffer& keep = add_mask_tensor({s.batch, 1, 1, s.keys});
      for (int64_t b = 0; b < s.batch; b++) {
        for (int64_t j = 0; j < s.keys; j++) keep.set(b, 0, 0, j, j * 3 < s.keys * (2 + b % 2) ? 1 : 0);
      }
      if (features.mask == MaskKind::kCausalPadding) {
        add_mask_node(A4J_MASK_CAUSAL);
        add_mask_node(A4J_MASK_AND);
      }
      break;
    }
    case MaskKind::kPairs:
      add_mask_tensor({s.batch, 1, s.queries, s.keys}).fill_bits(random, 0.6);
      break;
    case MaskKind::kPairsOfHeads:
      add_mask_tensor({1, s.heads, s.queries, s.keys}).fill_bits(random, 0.3);
      break;
    case MaskKind::kFullyMaskedRows: {
      Buffer& keep = add_mask_tensor({1, 1, s.queries, s.keys});
      keep.fill_bits(random, 0.7);
      for (int64_t i = 0; i < s.queries; i += 3) {
        for (int64_t j = 0; j < s.keys; j++) keep.set(0, 0, i, j, 0);
      }
      break;
    }
    case MaskKind::kFilledCache:  // slots beyond the last query's hold nothing yet
      add_mask_node(A4J_MASK_RANGE, 2, s.start + s.queries);
      add_mask_node(A4J_MASK_WINDOW, 100, 100);
      add_mask_node(A4J_MASK_AND);
      break;
    case MaskKind::kTree:  // ((window or pairs) and not padding) or (causal and all)
      add_mask_node(A4J_MASK_WINDOW, 5, 5);
      add_mask_tensor({1, s.heads, s.queries, 1}).fill_bits(random, 0.4);
      add_mask_node(A4J_MASK_OR);
      add_mask_tensor({s.batch, 1, 1, s.keys}).fill_bits(random, 0.5);
      add_mask_node(A4J_MASK_NOT);
      add_mask_node(A4J_MASK_AND);
      add_mask_node(A4J_MASK_CAUSAL);
      add_mask_node(A4J_MASK_ALL);
      add_mask_node(A4J_MASK_AND);
      add_mask_node(A4J_MASK_OR);
      break;
  }
}

std::string TestProblem::description() const {
  char text[300];
  std::snprintf(
      text, sizeof text,
      "[b=%d h=%d/%d tq=%d tk=%d d=%d/%d start=%d %s layout=%d mask=%d bias=%d alibi=%d softcap=%g "
      "dropout=%g seed=%u]",
      static_cast<int>(shape.batch), static_cast<int>(shape.heads), static_cast<int>(shape.key_heads),
      static_cast<int>(shape.queries), static_cast<int>(shape.keys), static_cast<int>(shape.key_dim),
      static_cast<int>(shape.value_dim), static_cast<int>(shape.start),
      features.dtype == A4J_F32    ? "f32"
      : features.dtype == A4J_BF16 ? "bf16"
                                   : "f16",
      static_cast<int>(features.layout), static_cast<int>(features.mask), static_cast<int>(features.bias),
      features.alibi ? 1 : 0, features.softcap, features.dropout, seed);
  return text;
}

a4j_attention TestProblem::attention() const {
  a4j_attention result{};
  result.struct_size = sizeof result;
  result.batch = shape.batch;
  result.heads = shape.heads;
  result.key_heads = shape.key_heads;
  result.queries = shape.queries;
  result.keys = shape.keys;
  result.key_dim = shape.key_dim;
  result.value_dim = shape.value_dim;
  result.query_start = shape.start;
  result.scale = scale;
  result.softcap = features.softcap;
  result.query = query.view();
  result.key = key.view();
  result.value = value.view();
  if (slopes) result.slopes = slopes->view();
  if (bias) {
    result.bias = bias->view();
    std::copy(bias->dims().begin(), bias->dims().end(), result.bias_dims);
  }
  result.mask = mask.data();
  result.mask_nodes = static_cast<int64_t>(mask.size());
  result.dropout = features.dropout;
  result.dropout_seed = features.dropout_seed;
  result.dropout_site = features.dropout_site;
  return result;
}

bool TestProblem::guards_intact() const {
  bool intact = query.guards_intact() && key.guards_intact() && value.guards_intact() &&
                grad_out.guards_intact() && grad_lse.guards_intact();
  if (slopes) intact = intact && slopes->guards_intact();
  if (bias) intact = intact && bias->guards_intact();
  for (const auto& tensor : mask_tensors) intact = intact && tensor->guards_intact();
  return intact;
}

Context make_context(int32_t isa, int32_t threads) {
  a4j_context* context = nullptr;
  a4j_error error{};
  int32_t code = a4j_context_create(isa, threads, &context, &error);
  check(code == A4J_OK, error.message);
  return Context(context);
}

std::vector<int32_t> available_isas() {
  std::vector<int32_t> isas;
  for (int32_t isa = 0; isa < A4J_ISA_COUNT; isa++) {
    if (a4j_isa_available(isa) != 0) isas.push_back(isa);
  }
  return isas;
}

Results::Results(const TestProblem& problem) : Results(problem, problem.features.dtype) {}

Results::Results(const TestProblem& problem, int32_t out_dtype)
    : out(problem.out_dims(), out_dtype, problem.features.layout),
      lse(problem.lse_dims(), A4J_F32),
      grad_query(problem.query.dims(), problem.features.dtype, problem.features.layout),
      grad_key(problem.key.dims(), problem.features.dtype, problem.features.layout),
      grad_value(problem.value.dims(), problem.features.dtype, problem.features.layout) {
  if (problem.bias) {
    grad_bias =
        std::make_unique<Buffer>(problem.bias->dims(), problem.features.dtype, problem.features.layout);
  }
}

bool Results::guards_intact() const {
  return out.guards_intact() && lse.guards_intact() && grad_query.guards_intact() &&
         grad_key.guards_intact() && grad_value.guards_intact() && (!grad_bias || grad_bias->guards_intact());
}

void Results::forward(a4j_context* context, const TestProblem& problem) {
  a4j_attention attention = problem.attention();
  a4j_view out_view = out.view();
  a4j_view lse_view = lse.view();
  a4j_error error{};
  int32_t code = a4j_attention_forward(context, &attention, &out_view, &lse_view, &error);
  check(code == A4J_OK, std::string("forward: ") + error.message);
}

void Results::backward(a4j_context* context, const TestProblem& problem, bool saved, bool with_grad_lse) {
  a4j_attention attention = problem.attention();
  a4j_gradients gradients{};
  gradients.struct_size = sizeof gradients;
  if (saved) {
    gradients.out = out.view();
    gradients.lse = lse.view();
  }
  gradients.grad_out = problem.grad_out.view();
  if (with_grad_lse) gradients.grad_lse = problem.grad_lse.view();
  gradients.grad_query = grad_query.view();
  gradients.grad_key = grad_key.view();
  gradients.grad_value = grad_value.view();
  if (grad_bias) gradients.grad_bias = grad_bias->view();
  a4j_error error{};
  int32_t code = a4j_attention_backward(context, &attention, &gradients, &error);
  check(code == A4J_OK, std::string("backward: ") + error.message);
}
