#include "attention_input.h"

#include <algorithm>

namespace {

/** Products of one naive call; more would make the fuzzer slow. */
constexpr int64_t kBudget = 1 << 16;

int64_t decode_time(Bytes& bytes) {
  switch (bytes.between(0, 3)) {
    case 0:
      return bytes.between(0, 9);
    case 1:
      return bytes.pick({int64_t{63}, int64_t{64}, int64_t{65}, int64_t{127}, int64_t{128}, int64_t{129}});
    default:
      return bytes.between(1, 140);
  }
}

int64_t decode_dim(Bytes& bytes) {
  int64_t dim = bytes.pick({int64_t{1}, int64_t{3}, int64_t{8}, int64_t{16}, int64_t{32}, int64_t{64},
                            int64_t{128}, int64_t{256}});
  return std::clamp<int64_t>(dim + bytes.pick({int64_t{0}, int64_t{0}, int64_t{-1}, int64_t{1}}), 1,
                             A4J_MAX_HEAD_DIM);
}

Shape decode_shape(Bytes& bytes) {
  Shape shape;
  shape.batch = bytes.pick({int64_t{1}, int64_t{2}, int64_t{1}, int64_t{0}, int64_t{3}});
  shape.key_heads = bytes.between(1, 3);
  shape.heads = shape.key_heads * bytes.pick({int64_t{1}, int64_t{2}, int64_t{4}, int64_t{7}});
  shape.queries = decode_time(bytes);
  shape.keys = decode_time(bytes);
  shape.key_dim = decode_dim(bytes);
  shape.value_dim = bytes.once_in(3) ? decode_dim(bytes) : shape.key_dim;
  auto work = [&] {
    return shape.batch * shape.heads * shape.queries * shape.keys * (shape.key_dim + shape.value_dim);
  };
  while (work() > kBudget) {
    if (shape.heads > shape.key_heads) {
      shape.heads = shape.key_heads;
    } else if (shape.key_heads > 1) {
      shape.heads = shape.key_heads = 1;
    } else if (shape.batch > 1) {
      shape.batch = 1;
    } else if (shape.key_dim > 40 && shape.queries < 130) {
      (shape.queries > 9 ? shape.queries : shape.keys) /= 2;
    } else if (shape.key_dim + shape.value_dim > 16) {
      shape.key_dim = std::max<int64_t>(1, shape.key_dim / 2);
      shape.value_dim = std::max<int64_t>(1, shape.value_dim / 2);
    } else {
      (shape.queries > shape.keys ? shape.queries : shape.keys) /= 2;
    }
  }
  shape.start = bytes.once_in(2) ? shape.keys - shape.queries : bytes.between(-150, 300);
  return shape;
}

Features decode_features(Bytes& bytes) {
  Features features;
  features.dtype = static_cast<int32_t>(bytes.pick({A4J_F32, A4J_F32, A4J_BF16, A4J_F16}));
  features.layout = static_cast<Layout>(bytes.between(0, kLayouts - 1));
  features.alibi = bytes.once_in(4);
  features.softcap = bytes.once_in(4) ? 1.5 : 0;
  features.scale = bytes.once_in(4) ? bytes.pick({0.05, -0.1, 0.0001}) : 0;
  if (bytes.once_in(4)) {
    features.dropout = bytes.pick({0.1, 0.5, 0.75, 1e-9});
    features.dropout_seed = bytes.number();
    features.dropout_site = bytes.between(0, 300);
    if (features.dropout_seed == INT64_MIN) features.dropout_seed = 0;  // the naive one takes its size
  }
  return features;
}

Dims broadcast_dims(Bytes& bytes, const Shape& shape) {
  Dims dims = {shape.batch, shape.heads, shape.queries, shape.keys};
  for (int64_t& size : dims) {
    if (bytes.once_in(2)) size = 1;
  }
  return dims;
}

/** A mask's tree, in postfix order, with the tensors that it reads. */
class MaskDecoder {
 public:
  MaskDecoder(Bytes& bytes, TestProblem& problem) : bytes_(bytes), problem_(problem), random_(problem.seed) {}

  void decode(int levels) {
    int64_t kind = bytes_.between(0, levels > 0 ? 8 : 4);
    switch (kind) {
      case 0:
        return add(A4J_MASK_CAUSAL);
      case 1:
        return add(A4J_MASK_ALL);
      case 2:
      case 3: {
        int64_t left = side();
        return add(kind == 2 ? A4J_MASK_WINDOW : A4J_MASK_RANGE, left, side());
      }
      case 4:
        return add_tensor();
      case 5:
        decode(levels - 1);
        return add(A4J_MASK_NOT);
      default:
        decode(levels - 1);
        decode(levels - 1);
        return add(kind == 6 ? A4J_MASK_OR : A4J_MASK_AND);
    }
  }

 private:
  int64_t side() {
    constexpr int64_t far = int64_t{1} << 41;
    return bytes_.once_in(8) ? std::clamp(bytes_.number(), -far, far) : bytes_.between(-20, 150);
  }

  void add(int32_t op, int64_t left = 0, int64_t right = 0) {
    a4j_mask_node node{};
    node.op = op;
    node.left = left;
    node.right = right;
    problem_.mask.push_back(node);
    problem_.mask_buffers.push_back(nullptr);
  }

  void add_tensor() {
    Dims dims = broadcast_dims(bytes_, problem_.shape);
    int32_t dtype = static_cast<int32_t>(bytes_.pick({A4J_BOOL, A4J_I32, A4J_I64}));
    Layout layout = static_cast<Layout>(bytes_.between(0, kLayouts - 1));
    problem_.mask_tensors.push_back(std::make_unique<Buffer>(dims, dtype, layout));
    Buffer& tensor = *problem_.mask_tensors.back();
    tensor.fill_bits(random_, bytes_.pick({0.5, 0.0, 1.0, 0.95, 0.05}));
    add(A4J_MASK_TENSOR);
    problem_.mask_buffers.back() = &tensor;
    std::copy(dims.begin(), dims.end(), problem_.mask.back().dims);
    problem_.mask.back().tensor = tensor.view();
  }

  Bytes& bytes_;
  TestProblem& problem_;
  std::mt19937 random_;
};

}  // namespace

std::unique_ptr<TestProblem> decode_problem(Bytes& bytes) {
  Shape shape = decode_shape(bytes);
  Features features = decode_features(bytes);
  uint32_t seed = static_cast<uint32_t>(bytes.between(0, 65535));
  auto problem = std::make_unique<TestProblem>(shape, features, seed);
  if (!bytes.once_in(4)) MaskDecoder(bytes, *problem).decode(3);
  if (bytes.once_in(3)) {
    Layout layout = static_cast<Layout>(bytes.between(0, kLayouts - 1));
    int32_t dtype = bytes.once_in(3) ? A4J_F32 : features.dtype;
    problem->bias = std::make_unique<Buffer>(broadcast_dims(bytes, shape), dtype, layout);
    std::mt19937 random(seed + 1);
    problem->bias->fill_random(random, 1);
  }
  return problem;
}
