// The backward pass beyond one tile: blocks of keys, tiles of queries, heads split over tasks.
#include <algorithm>
#include <cmath>
#include <limits>

#include "check.h"
#include "naive.h"
#include "rounded.h"

namespace {

Shape shape_of(int64_t heads, int64_t key_heads, int64_t queries, int64_t keys, int64_t dim) {
  Shape shape;
  shape.heads = heads;
  shape.key_heads = key_heads;
  shape.queries = queries;
  shape.keys = keys;
  shape.key_dim = shape.value_dim = dim;
  shape.start = keys - queries;
  return shape;
}

void check_gradients(const TestProblem& problem, bool with_grad_lse) {
  Expected expected = naive(problem, with_grad_lse);
  for (int32_t isa : available_isas()) {
    std::string what = std::string(a4j_isa_name(isa)) + " " + problem.description() + " ";
    Context context = make_context(isa, 2);
    Results results(problem);
    results.forward(context.get(), problem);
    results.backward(context.get(), problem, true, with_grad_lse);
    check_close(what + "grad_query", expected.grad_query, results.grad_query, 3e-5, 0);
    check_close(what + "grad_key", expected.grad_key, results.grad_key, 3e-5, 0);
    check_close(what + "grad_value", expected.grad_value, results.grad_value, 3e-5, 0);
    if (problem.bias) check_close(what + "grad_bias", expected.grad_bias, *results.grad_bias, 3e-4, 0);
    check(problem.guards_intact() && results.guards_intact(), what + "wrote beyond a buffer");
  }
}

bool same(const Buffer& a, const Buffer& b) {
  const Dims& n = a.dims();
  for (int64_t i = 0; i < n[0]; i++) {
    for (int64_t h = 0; h < n[1]; h++) {
      for (int64_t t = 0; t < n[2]; t++) {
        for (int64_t d = 0; d < n[3]; d++) {
          if (a.get(i, h, t, d) != b.get(i, h, t, d)) return false;
        }
      }
    }
  }
  return true;
}

}  // namespace

TEST(backward, every_mask_over_several_tiles) {
  uint32_t seed = 1;
  for (int mask = 0; mask < kMaskKinds; mask++) {
    for (int64_t keys : {129, 300}) {
      Features features;
      features.mask = static_cast<MaskKind>(mask);
      features.layout = static_cast<Layout>(seed % kLayouts);
      features.softcap = seed % 3 == 0 ? 2 : 0;
      features.dropout = seed % 4 == 0 ? 0.2 : 0;
      features.bias = static_cast<BiasKind>(seed % kBiasKinds);
      check_gradients(TestProblem(shape_of(2, 1, 131, keys, 12), features, seed), seed % 2 == 0);
      seed++;
    }
  }
}

TEST(backward, slots_far_from_the_keys_and_windows_between_tiles) {
  uint32_t seed = 50;
  for (int64_t start : {-400, -100, 0, 37, 170, 500}) {
    for (MaskKind mask : {MaskKind::kCausal, MaskKind::kWindow, MaskKind::kCausalWindow, MaskKind::kTree}) {
      Features features;
      features.mask = mask;
      Shape shape = shape_of(1, 1, 150, 270, 8);
      shape.start = start;
      check_gradients(TestProblem(shape, features, seed++), false);
    }
  }
}

TEST(backward, wide_heads_and_odd_dimensions) {
  uint32_t seed = 80;
  for (int64_t dim : {1, 15, 17, 72, 96, 129, 256}) {
    Features features;
    features.mask = seed % 2 == 0 ? MaskKind::kCausal : MaskKind::kPairs;
    check_gradients(TestProblem(shape_of(2, 1, 70, 140, dim), features, seed++), true);
  }
}

TEST(backward, the_same_bits_for_any_number_of_threads) {
  for (int32_t dtype : {A4J_F32, A4J_BF16}) {
    Features features;
    features.dtype = dtype;
    features.mask = MaskKind::kCausal;
    features.bias = BiasKind::kPerHead;
    features.dropout = 0.1;
    TestProblem problem(shape_of(4, 2, 200, 500, 16), features, 90);
    for (int32_t isa : available_isas()) {
      Results one(problem);
      one.forward(make_context(isa, 1).get(), problem);
      one.backward(make_context(isa, 1).get(), problem, true, true);
      for (int threads : {2, 3, 7}) {
        Results many(problem);
        many.forward(make_context(isa, threads).get(), problem);
        many.backward(make_context(isa, threads).get(), problem, true, true);
        check(same(one.grad_query, many.grad_query) && same(one.grad_key, many.grad_key) &&
                  same(one.grad_value, many.grad_value) && same(*one.grad_bias, *many.grad_bias),
              std::string(a4j_isa_name(isa)) + " depends on the number of threads");
      }
    }
  }
}

TEST(backward, nan_behind_the_mask_in_one_tile_of_many_has_no_influence) {
  Features features;
  features.mask = MaskKind::kPadding;
  TestProblem problem(shape_of(2, 2, 100, 300, 16), features, 91);
  Expected expected = naive(problem, false);
  for (int64_t d = 0; d < 16; d++) {
    problem.key.set(0, 1, 299, d, std::numeric_limits<double>::quiet_NaN());
    problem.value.set(0, 1, 298, d, std::numeric_limits<double>::infinity());
  }
  for (int32_t isa : available_isas()) {
    Context context = make_context(isa, 2);
    Results results(problem);
    results.forward(context.get(), problem);
    results.backward(context.get(), problem, true, false);
    check_close("grad_query", expected.grad_query, results.grad_query, 3e-5, 0);
    check_close("grad_key", expected.grad_key, results.grad_key, 3e-5, 0);
    check_close("grad_value", expected.grad_value, results.grad_value, 3e-5, 0);
  }
}

TEST(backward, only_what_is_asked_for_is_written) {
  Features features;
  features.bias = BiasKind::kFull;
  TestProblem problem(shape_of(2, 1, 70, 140, 16), features, 92);
  for (int32_t isa : available_isas()) {
    Context context = make_context(isa, 1);
    Results all(problem);
    all.forward(context.get(), problem);
    all.backward(context.get(), problem, true, false);
    for (int wanted = 0; wanted < 4; wanted++) {
      Results one(problem);
      a4j_attention attention = problem.attention();
      a4j_gradients gradients{};
      gradients.struct_size = sizeof gradients;
      gradients.out = all.out.view();
      gradients.lse = all.lse.view();
      gradients.grad_out = problem.grad_out.view();
      if (wanted == 0) gradients.grad_query = one.grad_query.view();
      if (wanted == 1) gradients.grad_key = one.grad_key.view();
      if (wanted == 2) gradients.grad_value = one.grad_value.view();
      if (wanted == 3) gradients.grad_bias = one.grad_bias->view();
      a4j_error error{};
      check(a4j_attention_backward(context.get(), &attention, &gradients, &error) == A4J_OK, error.message);
      check(wanted != 0 || same(one.grad_query, all.grad_query), "grad_query");
      check(wanted != 1 || same(one.grad_key, all.grad_key), "grad_key");
      check(wanted != 2 || same(one.grad_value, all.grad_value), "grad_value");
      check(wanted != 3 || same(*one.grad_bias, *all.grad_bias), "grad_bias");
    }
  }
}

// What is added to all keys alike changes no weight, so its gradient is 0: that of a bias of the keys.
TEST(backward, gradients_of_the_keys_sum_to_zero) {
  for (int64_t keys : {3, 40, 128}) {
    for (double dropout : {0.0, 0.3}) {
      Features features;
      features.dropout = dropout;
      features.mask = MaskKind::kCausal;
      TestProblem problem(shape_of(2, 1, 33, keys, 24), features, 7);
      for (int32_t isa : available_isas()) {
        Context context = make_context(isa, 1);
        Results results(problem);
        results.forward(context.get(), problem);
        results.backward(context.get(), problem, true, false);
        for (int64_t d = 0; d < 24; d++) {
          double sum = 0, magnitude = 0;
          for (int64_t j = 0; j < keys; j++) {
            sum += results.grad_key.get(0, 0, j, d);
            magnitude += std::abs(results.grad_key.get(0, 0, j, d));
          }
          double allowed = isa == A4J_ISA_SCALAR ? 2e-6 : 2e-7;  // the scalar path is not centred
          check(std::abs(sum) <= allowed * magnitude,
                std::string(a4j_isa_name(isa)) + " " + problem.description() + ": the sum is " +
                    std::to_string(sum / magnitude * 1e9) + "e-9 of the magnitudes'");
        }
      }
    }
  }
}

// Both measured against double on the same bf16 operands; twice is what the project allows its kernels.
TEST(backward, bf16_errs_at_most_twice_as_much_as_a_naive_bf16_run) {
  uint32_t seed = 100;
  for (int64_t dim : {16, 64, 80, 128}) {
    for (MaskKind mask : {MaskKind::kNone, MaskKind::kCausal}) {
      Features features;
      features.dtype = A4J_BF16;
      features.mask = mask;
      TestProblem problem(shape_of(2, 1, 96, 200, dim), features, seed++);
      Expected exact = naive(problem, false);
      Expected rounded = naive_rounded(problem, false);
      for (int32_t isa : available_isas()) {
        Context context = make_context(isa, 1);
        Results results(problem);
        results.forward(context.get(), problem);
        results.backward(context.get(), problem, true, false);
        auto compare = [&](const char* name, Tensor& truth, Tensor& allowed, const Buffer& got) {
          Errors ours = errors_of(truth, got), theirs = errors_of(truth, allowed);
          std::string what = std::string(a4j_isa_name(isa)) + " " + problem.description() + " " + name;
          check(ours.root_mean_square <= 2 * theirs.root_mean_square,
                what + ": root mean square error " + std::to_string(ours.root_mean_square) +
                    ", a naive run's " + std::to_string(theirs.root_mean_square));
          check(ours.largest <= 2 * theirs.largest, what + ": error " + std::to_string(ours.largest) +
                                                        ", a naive run's " + std::to_string(theirs.largest));
        };
        compare("out", exact.out, rounded.out, results.out);
        compare("grad_query", exact.grad_query, rounded.grad_query, results.grad_query);
        compare("grad_key", exact.grad_key, rounded.grad_key, results.grad_key);
        compare("grad_value", exact.grad_value, rounded.grad_value, results.grad_value);
      }
    }
  }
}
