// Values against the naive computation, over sizes and feature combinations, on every instruction set.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "check.h"
#include "naive.h"

namespace {

/** The rounding of one result, twice. */
double rounding_step(int32_t dtype) {
  return dtype == A4J_F32 ? 0 : dtype == A4J_BF16 ? 1.0 / 256 : 1.0 / 1024;
}

/** How many rows of score gradients, each with its own rounding errors, a bias element sums. */
double rows_per_bias(const TestProblem& problem) {
  if (!problem.bias) return 1;
  const Dims& n = problem.bias->dims();
  const Shape& s = problem.shape;
  return static_cast<double>(s.batch * s.heads * s.queries / (n[0] * n[1] * n[2]));
}

/** How large scores get: f32 keeps them to 2^-24 of that, and an error in a score is one in its weight. */
double score_size(const TestProblem& problem) {
  const Shape& s = problem.shape;
  if (!problem.features.alibi) return 6;
  return 6 + 0.5 * static_cast<double>(std::max(std::abs(s.start + s.queries), std::abs(s.start - s.keys)));
}

void check_problem(const TestProblem& problem, int32_t isa, int threads, bool with_grad_lse) {
  Context context = make_context(isa, threads);
  std::string what = std::string(a4j_isa_name(isa)) + " " + problem.description() + " ";
  bool narrow = problem.features.dtype != A4J_F32;
  double relative = rounding_step(problem.features.dtype);
  double rounding = score_size(problem) * 5e-7;
  Expected expected = naive(problem, with_grad_lse);
  Results results(problem);
  results.forward(context.get(), problem);
  // Products of bf16 pairs round the weights too, each to half of 2^-8.
  double weights = problem.features.dtype == A4J_BF16 ? 3e-3 : 0;
  check_close(what + "out", expected.out, results.out, rounding + weights, relative);
  check_close(what + "lse", expected.lse, results.lse, rounding, 0);
  for (bool saved : {true, false}) {
    // A saved 16-bit output carries its rounding into delta, a sum over value_dim; so do rounded weights.
    double absolute = (saved && narrow) || weights > 0
                          ? 1e-2 + 4e-3 * std::sqrt(static_cast<double>(problem.shape.value_dim))
                          : 3 * rounding;
    double bias_absolute = absolute * std::sqrt(rows_per_bias(problem));
    std::string from = what + (saved ? "from saved: " : "recomputed: ");
    results.backward(context.get(), problem, saved, with_grad_lse);
    check_close(from + "grad_query", expected.grad_query, results.grad_query, absolute, relative);
    check_close(from + "grad_key", expected.grad_key, results.grad_key, absolute, relative);
    check_close(from + "grad_value", expected.grad_value, results.grad_value, absolute, relative);
    if (problem.bias)
      check_close(from + "grad_bias", expected.grad_bias, *results.grad_bias, bias_absolute, relative);
  }
  check(problem.guards_intact() && results.guards_intact(), what + "wrote beyond a buffer");
}

void check_everywhere(const Shape& shape, const Features& features, uint32_t seed) {
  TestProblem problem(shape, features, seed);
  for (int32_t isa : available_isas())
    check_problem(problem, isa, 1 + static_cast<int>(seed % 3), seed % 2 == 0);
}

Shape shape_of(int64_t queries, int64_t keys, int64_t key_dim, int64_t value_dim) {
  Shape shape;
  shape.heads = 2;
  shape.queries = queries;
  shape.keys = keys;
  shape.key_dim = key_dim;
  shape.value_dim = value_dim;
  shape.start = keys - queries;
  return shape;
}

}  // namespace

TEST(values, every_pair_of_odd_sizes) {
  uint32_t seed = 1;
  for (int64_t queries : {1, 7, 13, 33, 63, 64, 65, 127}) {
    for (int64_t keys : {1, 7, 13, 33, 63, 64, 65, 127}) {
      Features features;
      features.mask = seed % 2 == 0 ? MaskKind::kCausal : MaskKind::kNone;
      check_everywhere(shape_of(queries, keys, 8, 8), features, seed++);
    }
  }
}

TEST(values, every_head_dimension_near_a_vector_length) {
  uint32_t seed = 100;
  for (int64_t dim :
       {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 80, 96, 127, 128, 255, 256}) {
    check_everywhere(shape_of(9, 21, dim, dim), Features{}, seed++);
    check_everywhere(shape_of(5, 11, dim, 257 - dim), Features{}, seed++);
  }
}

TEST(values, every_mask_with_every_layout_and_dtype) {
  uint32_t seed = 200;
  for (int mask = 0; mask < kMaskKinds; mask++) {
    for (int layout = 0; layout < kLayouts; layout++) {
      for (int32_t dtype : {A4J_F32, A4J_BF16, A4J_F16}) {
        Features features;
        features.mask = static_cast<MaskKind>(mask);
        features.layout = static_cast<Layout>(layout);
        features.dtype = dtype;
        Shape shape = shape_of(33, 70, 12, 20);
        shape.batch = 2;
        shape.heads = 4;
        shape.key_heads = 2;
        check_everywhere(shape, features, seed++);
      }
    }
  }
}

TEST(values, every_bias_shape_with_its_gradient) {
  uint32_t seed = 400;
  for (int bias = 0; bias < kBiasKinds; bias++) {
    for (int64_t keys : {5, 130}) {
      Features features;
      features.bias = static_cast<BiasKind>(bias);
      features.alibi = seed % 2 == 0;
      features.softcap = seed % 3 == 0 ? 2 : 0;
      features.mask = bias % 2 == 0 ? MaskKind::kCausal : MaskKind::kPairs;
      features.layout = static_cast<Layout>(bias % kLayouts);
      Shape shape = shape_of(67, keys, 8, 8);
      shape.batch = 2;
      shape.heads = 3;
      check_everywhere(shape, features, seed++);
    }
  }
}

TEST(values, random_combinations) {
  std::mt19937 random(20261121);
  auto pick = [&](std::initializer_list<int64_t> from) { return from.begin()[random() % from.size()]; };
  for (uint32_t n = 0; n < 80; n++) {
    Shape shape;
    shape.batch = pick({1, 2, 3});
    shape.key_heads = pick({1, 2, 3});
    shape.heads = shape.key_heads * pick({1, 2, 4});
    shape.queries = pick({1, 7, 13, 33, 63, 64, 65, 127});
    shape.keys = pick({1, 7, 13, 33, 63, 64, 65, 127, 129});
    shape.key_dim = pick({1, 8, 13, 24, 40, 64, 80, 128});
    shape.value_dim = pick({1, 8, 13, 24, 40, 64, 80, 128});
    shape.start = pick({0, 0, shape.keys - shape.queries, 5, -9, 200});
    Features features;
    features.dtype = static_cast<int32_t>(pick({A4J_F32, A4J_F32, A4J_BF16, A4J_F16}));
    features.layout = static_cast<Layout>(random() % kLayouts);
    features.mask = static_cast<MaskKind>(random() % kMaskKinds);
    features.bias = static_cast<BiasKind>(random() % kBiasKinds);
    features.alibi = random() % 3 == 0;
    features.softcap = random() % 3 == 0 ? 1.5 : 0;
    features.scale = random() % 4 == 0 ? 0.05 : 0;
    features.dropout = random() % 3 == 0 ? 0.25 : 0;
    features.dropout_seed = n;
    features.dropout_site = 7;
    check_everywhere(shape, features, 1000 + n);
  }
}
