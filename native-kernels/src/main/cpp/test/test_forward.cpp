// The fast forward pass and decoding: many runs of keys, blocks of heads, split keys, bf16 products.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "check.h"
#include "naive.h"

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/** The rounding of one result, twice. */
double rounding_step(int32_t dtype) {
  return dtype == A4J_F32 ? 0 : dtype == A4J_BF16 ? 1.0 / 256 : 1.0 / 1024;
}

/** How far a result may be: f32 sums, and weights that products of bf16 pairs round. */
double allowed_error(const TestProblem& problem) {
  double scores = problem.features.alibi ? 6 + static_cast<double>(problem.shape.keys) : 8;
  return scores * 5e-7 + (problem.features.dtype == A4J_BF16 ? 3e-3 : 0);
}

void check_forward(const Shape& shape, const Features& features, uint32_t seed) {
  TestProblem problem(shape, features, seed);
  Expected expected = naive(problem, false);
  for (int32_t isa : available_isas()) {
    Context context = make_context(isa, 1 + static_cast<int>(seed % 3));
    std::string what = std::string(a4j_isa_name(isa)) + " " + problem.description() + " ";
    Results results(problem);
    results.forward(context.get(), problem);
    double error = allowed_error(problem);
    check_close(what + "out", expected.out, results.out, error, rounding_step(features.dtype));
    check_close(what + "lse", expected.lse, results.lse, error, 1e-6);
    check(problem.guards_intact() && results.guards_intact(), what + "wrote beyond a buffer");
  }
}

Shape shape_of(int64_t heads, int64_t key_heads, int64_t queries, int64_t keys, int64_t dim) {
  Shape shape;
  shape.heads = heads;
  shape.key_heads = key_heads;
  shape.queries = queries;
  shape.keys = keys;
  shape.key_dim = dim;
  shape.value_dim = dim;
  shape.start = keys - queries;
  return shape;
}

Features any_features(uint32_t seed) {
  const int32_t dtypes[] = {A4J_F32, A4J_BF16, A4J_F16};
  Features features;
  features.dtype = dtypes[seed % 3];
  features.layout = static_cast<Layout>(seed % kLayouts);
  features.mask = static_cast<MaskKind>(seed % kMaskKinds);
  features.bias = seed % 4 == 0 ? static_cast<BiasKind>(seed / 4 % kBiasKinds) : BiasKind::kNone;
  features.alibi = seed % 7 == 0;
  features.softcap = seed % 5 == 0 ? 2 : 0;
  features.dropout = seed % 6 == 0 ? 0.25 : 0;
  return features;
}

bool same_bits(const Results& a, const Results& b) {
  auto same = [](const Buffer& x, const Buffer& y, int64_t width) {
    size_t bytes = static_cast<size_t>(x.view().elements * width);
    return std::memcmp(x.view().data, y.view().data, bytes) == 0;
  };
  int64_t width = a.out.view().dtype == A4J_F32 ? 4 : 2;
  return same(a.out, b.out, width) && same(a.lse, b.lse, 4);
}

/** Scores, weights and results rounded to bf16, sums in f32: what comes of composing three bf16 operators. */
double naive_bfloat16_error(const TestProblem& p, Expected& truth) {
  auto rounded = [](double x) {
    return static_cast<double>(bfloat16_value(bfloat16_bits(static_cast<float>(x))));
  };
  double worst = 0;
  for (int64_t h = 0; h < p.shape.heads; h++) {
    for (int64_t i = 0; i < p.shape.queries; i++) {
      std::vector<double> weights;
      double largest = -std::numeric_limits<double>::infinity();
      for (int64_t j = 0; j < p.shape.keys; j++) {
        double dot = 0;
        for (int64_t d = 0; d < p.shape.key_dim; d++) dot += p.query.get(0, h, i, d) * p.key.get(0, h, j, d);
        weights.push_back(rounded(rounded(dot) * p.scale));
        largest = std::max(largest, weights.back());
      }
      double sum = 0;
      for (double& weight : weights) sum += weight = std::exp(weight - largest);
      for (int64_t d = 0; d < p.shape.value_dim; d++) {
        double out = 0;
        for (int64_t j = 0; j < p.shape.keys; j++) {
          out += rounded(weights[static_cast<size_t>(j)] / sum) * p.value.get(0, h, j, d);
        }
        worst = std::max(worst, std::abs(rounded(out) - truth.out.at(0, h, i, d)));
      }
    }
  }
  return worst;
}

}  // namespace

TEST(forward, every_mask_over_several_runs_of_keys) {
  uint32_t seed = 2000;
  for (int64_t keys : {255, 256, 257, 513, 700}) {
    for (int64_t queries : {17, 70}) {
      for (int n = 0; n < 4; n++) {
        check_forward(shape_of(4, 2, queries, keys, 20), any_features(seed), seed);
        seed++;
      }
    }
  }
}

TEST(forward, blocks_of_many_heads_that_share_one_key_head) {
  uint32_t seed = 2100;
  for (int64_t heads : {3, 33, 40}) {
    for (int64_t queries : {9, 40}) {
      check_forward(shape_of(heads, 1, queries, 270, 16), any_features(seed), seed);
      seed++;
    }
  }
}

TEST(forward, wide_heads_with_smaller_blocks) {
  uint32_t seed = 2200;
  for (int64_t dim : {65, 130, 256}) {
    Shape shape = shape_of(2, 2, 150, 300, dim);
    shape.value_dim = 257 - dim;
    check_forward(shape, any_features(seed), seed);
    seed++;
  }
}

TEST(forward, few_queries_over_keys_that_are_split) {
  uint32_t seed = 2300;
  for (int64_t queries : {1, 2, 3, 5}) {
    for (int64_t keys : {255, 256, 300, 1031}) {
      for (int64_t heads : {2, 6, 14}) {
        check_forward(shape_of(heads, 2, queries, keys, 24 + heads), any_features(seed), seed);
        seed++;
      }
    }
  }
}

TEST(forward, more_keys_than_single_runs_for_each_chunk) {
  for (uint32_t seed : {2400, 2401, 2403})
    check_forward(shape_of(2, 1, 1, 20000, 8), any_features(seed), seed);
}

TEST(forward, scales_of_any_size_and_sign) {
  uint32_t seed = 2500;
  for (double scale : {-0.5, -1e-3, 1e-30, 3.0}) {
    for (int64_t queries : {1, 40}) {
      for (int32_t dtype : {A4J_F32, A4J_BF16}) {
        Features features;
        features.scale = scale;
        features.dtype = dtype;
        features.mask = MaskKind::kCausal;
        check_forward(shape_of(2, 2, queries, 300, 16), features, seed++);
      }
    }
  }
}

// Keys from 340 on are behind every query; key 320 is seen by the queries from 20 on.
TEST(forward, nan_in_later_keys_reaches_only_the_rows_that_attend) {
  for (int32_t isa : available_isas()) {
    for (int32_t dtype : {A4J_F32, A4J_BF16, A4J_F16}) {
      for (int64_t width : {16, 21}) {
        Features features;
        features.mask = MaskKind::kCausal;
        features.dtype = dtype;
        Shape shape = shape_of(2, 1, 40, 600, width);
        shape.start = 300;
        TestProblem problem(shape, features, 9);
        Expected expected = naive(problem, false);
        for (int64_t j = 340; j < shape.keys; j++) {
          for (int64_t d = 0; d < width; d++) {
            problem.key.set(0, 0, j, d, kNan);
            problem.value.set(0, 0, j, d, kNan);
          }
        }
        Context context = make_context(isa, 2);
        Results results(problem);
        results.forward(context.get(), problem);
        check_close("out", expected.out, results.out, allowed_error(problem), rounding_step(dtype));
        for (bool in_key : {false, true}) {
          Buffer& poisoned = in_key ? problem.key : problem.value;
          double before = poisoned.get(0, 0, 320, 3);
          poisoned.set(0, 0, 320, 3, kNan);
          results.forward(context.get(), problem);
          poisoned.set(0, 0, 320, 3, before);
          for (int64_t h = 0; h < shape.heads; h++) {
            for (int64_t i = 0; i < shape.queries; i++) {
              double got = results.out.get(0, h, i, 3);
              bool right = i >= 20 ? std::isnan(got) : std::abs(got - expected.out.at(0, h, i, 3)) < 0.02;
              check(right, std::string(a4j_isa_name(isa)) + " row " + std::to_string(i));
            }
          }
        }
      }
    }
  }
}

TEST(forward, nan_behind_a_mask_of_pairs_has_no_influence_on_decoding) {
  for (int32_t isa : available_isas()) {
    for (int32_t dtype : {A4J_F32, A4J_BF16, A4J_F16}) {
      Features features;
      features.mask = MaskKind::kPairsOfHeads;
      features.dtype = dtype;
      Shape shape = shape_of(3, 1, 2, 600, 20);
      TestProblem problem(shape, features, 9);
      for (int64_t h = 0; h < shape.heads; h++) {
        for (int64_t i = 0; i < shape.queries; i++) problem.mask_tensors[0]->set(0, h, i, 411, h == 2);
      }
      Expected expected = naive(problem, false);
      problem.value.set(0, 0, 411, 5, kNan);
      Context context = make_context(isa, 2);
      Results results(problem);
      results.forward(context.get(), problem);
      for (int64_t i = 0; i < shape.queries; i++) {
        for (int64_t h = 0; h < 2; h++) {
          double got = results.out.get(0, h, i, 5);
          check(std::abs(got - expected.out.at(0, h, i, 5)) < 0.02, "heads 0 and 1 do not attend to it");
        }
        check(std::isnan(results.out.get(0, 2, i, 5)), "head 2 attends to it");
      }
    }
  }
}

TEST(forward, the_same_bits_for_any_number_of_threads) {
  uint32_t seed = 2600;
  for (int64_t queries : {1, 3, 33, 300}) {
    for (int32_t dtype : {A4J_F32, A4J_BF16}) {
      Features features;
      features.dtype = dtype;
      features.mask = seed % 2 == 0 ? MaskKind::kCausal : MaskKind::kPairs;
      TestProblem problem(shape_of(6, 2, queries, 1100, 32), features, seed++);
      for (int32_t isa : available_isas()) {
        Results alone(problem);
        alone.forward(make_context(isa, 1).get(), problem);
        for (int threads : {2, 3, 8}) {
          Results results(problem);
          results.forward(make_context(isa, threads).get(), problem);
          check(same_bits(alone, results), problem.description() + " on " + std::to_string(threads));
        }
      }
    }
  }
}

TEST(forward, bfloat16_errs_at_most_twice_as_much_as_bfloat16_operators_would) {
  uint32_t seed = 2700;
  for (int64_t queries : {1, 64}) {
    for (int64_t keys : {64, 500}) {
      for (double spread : {0.3, 1.0, 3.0}) {
        Features features;
        features.dtype = A4J_BF16;
        features.spread = spread;
        TestProblem problem(shape_of(2, 2, queries, keys, 64), features, seed++);
        Expected truth = naive(problem, false);
        double allowed = 2 * naive_bfloat16_error(problem, truth);
        for (int32_t isa : available_isas()) {
          Results results(problem);
          results.forward(make_context(isa, 1).get(), problem);
          std::string what = std::string(a4j_isa_name(isa)) + " " + problem.description();
          for (int64_t h = 0; h < 2; h++) {
            for (int64_t i = 0; i < queries; i++) {
              for (int64_t d = 0; d < 64; d++) {
                double error = std::abs(results.out.get(0, h, i, d) - truth.out.at(0, h, i, d));
                check(error <= allowed,
                      what + ": " + std::to_string(error) + " > " + std::to_string(allowed));
              }
            }
          }
        }
      }
    }
  }
}
