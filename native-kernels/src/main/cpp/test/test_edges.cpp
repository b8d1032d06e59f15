// Where softmax kernels usually break: nothing to attend to, NaN behind a mask, huge logits, empty axes.
#include <cmath>
#include <limits>

#include "check.h"
#include "naive.h"

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void for_each_isa(void (*body)(int32_t isa)) {
  for (int32_t isa : available_isas()) body(isa);
}

void fill_row(Buffer& buffer, int64_t head, int64_t row, double value) {
  for (int64_t d = 0; d < buffer.dims()[3]; d++) buffer.set(0, head, row, d, value);
}

void check_gradients(Expected& expected, const Results& results, double absolute) {
  check_close("grad_query", expected.grad_query, results.grad_query, absolute, 0);
  check_close("grad_key", expected.grad_key, results.grad_key, absolute, 0);
  check_close("grad_value", expected.grad_value, results.grad_value, absolute, 0);
}

}  // namespace

TEST(edges, fully_masked_rows_are_zero_and_lse_is_minus_infinity) {
  for_each_isa([](int32_t isa) {
    Shape shape;
    shape.queries = 10;
    shape.keys = 70;
    Features features;
    features.mask = MaskKind::kFullyMaskedRows;
    TestProblem problem(shape, features, 3);
    Context context = make_context(isa, 1);
    Results results(problem);
    results.forward(context.get(), problem);
    results.backward(context.get(), problem, true, true);
    for (int64_t i = 0; i < shape.queries; i += 3) {
      check(results.lse.get(0, 0, i, 0) == -kInfinity, "lse");
      for (int64_t d = 0; d < shape.value_dim; d++) {
        check(results.out.get(0, 0, i, d) == 0, "out");
        check(results.grad_query.get(0, 0, i, d) == 0, "grad_query");
      }
    }
  });
}

TEST(edges, causal_queries_before_the_first_key_have_nothing_to_attend_to) {
  for_each_isa([](int32_t isa) {
    Shape shape;
    shape.queries = 67;
    shape.keys = 5;
    shape.start = -62;
    Features features;
    features.mask = MaskKind::kCausal;
    TestProblem problem(shape, features, 3);
    Context context = make_context(isa, 1);
    Results results(problem);
    results.forward(context.get(), problem);
    check(results.out.get(0, 0, 61, 0) == 0, "query in slot -1");
    check(results.out.get(0, 0, 62, 0) == problem.value.get(0, 0, 0, 0), "query in slot 0 sees key 0 only");
  });
}

// Padding is often uninitialised memory. The kernel must not let 0 * NaN into a sum.
TEST(edges, nan_in_masked_keys_values_and_queries_has_no_influence) {
  for_each_isa([](int32_t isa) {
    for (double poison : {kNan, kInfinity}) {
      for (MaskKind mask : {MaskKind::kPadding, MaskKind::kFullyMaskedRows}) {
        Shape shape;
        shape.queries = 10;
        shape.keys = 70;
        Features features;
        features.mask = mask;
        features.softcap = 3;
        features.bias = BiasKind::kFull;
        TestProblem problem(shape, features, 5);
        Expected expected = naive(problem, true);
        if (mask == MaskKind::kPadding) {  // keys from 2/3 on
          for (int64_t j = 47; j < shape.keys; j++) {
            fill_row(problem.key, 0, j, poison);
            fill_row(problem.value, 0, j, poison);
            for (int64_t i = 0; i < shape.queries; i++) problem.bias->set(0, 0, i, j, poison);
          }
        } else {
          for (int64_t i = 0; i < shape.queries; i += 3) {
            fill_row(problem.query, 0, i, poison);
            fill_row(problem.grad_out, 0, i, poison);
            problem.grad_lse.set(0, 0, i, 0, poison);
          }
        }
        Context context = make_context(isa, 1);
        Results results(problem);
        results.forward(context.get(), problem);
        check_close("out", expected.out, results.out, 3e-6, 0);
        check_close("lse", expected.lse, results.lse, 3e-6, 0);
        for (bool saved : {true, false}) {
          results.backward(context.get(), problem, saved, true);
          check_gradients(expected, results, 1e-5);
          check_close("grad_bias", expected.grad_bias, *results.grad_bias, 1e-5, 0);
        }
      }
    }
  });
}

// Key 3 is masked for query 0 only: query 0 must stay clean, all others must become NaN.
TEST(edges, attended_nan_reaches_exactly_the_rows_that_attend_to_it) {
  for_each_isa([](int32_t isa) {
    Shape shape;
    shape.queries = 9;
    shape.keys = 70;
    Features features;
    features.mask = MaskKind::kPairs;
    TestProblem problem(shape, features, 7);
    problem.mask_tensors[0]->fill(1);
    problem.mask_tensors[0]->set(0, 0, 0, 3, 0);
    fill_row(problem.value, 0, 3, kNan);
    Context context = make_context(isa, 1);
    Results results(problem);
    results.forward(context.get(), problem);
    check(std::isfinite(results.out.get(0, 0, 0, 0)), "row 0 does not attend to key 3");
    for (int64_t i = 1; i < shape.queries; i++)
      check(std::isnan(results.out.get(0, 0, i, 0)), "attends to NaN");
    fill_row(problem.value, 0, 3, 0);
    fill_row(problem.key, 0, 3, kNan);
    results.forward(context.get(), problem);
    check(std::isfinite(results.out.get(0, 0, 0, 0)), "row 0 does not attend to key 3");
    for (int64_t i = 1; i < shape.queries; i++)
      check(std::isnan(results.out.get(0, 0, i, 0)), "attends to NaN");
  });
}

TEST(edges, a_single_key_has_gradients_of_exactly_zero) {
  for_each_isa([](int32_t isa) {
    Shape shape;
    shape.queries = 65;
    shape.key_dim = 12;
    shape.value_dim = 37;
    Features features;
    features.softcap = 1;
    TestProblem problem(shape, features, 8);
    Context context = make_context(isa, 1);
    Results results(problem);
    results.forward(context.get(), problem);
    results.backward(context.get(), problem, true, false);
    for (int64_t i = 0; i < shape.queries; i++) {
      for (int64_t d = 0; d < shape.key_dim; d++)
        check(results.grad_query.get(0, 0, i, d) == 0, "grad_query");
    }
    for (int64_t d = 0; d < shape.key_dim; d++) check(results.grad_key.get(0, 0, 0, d) == 0, "grad_key");
  });
}

TEST(edges, minus_infinity_in_the_bias_works_as_a_mask) {
  for_each_isa([](int32_t isa) {
    Shape shape;
    shape.queries = 6;
    shape.keys = 70;
    Features features;
    features.bias = BiasKind::kFull;
    TestProblem problem(shape, features, 9);
    for (int64_t j = 0; j < shape.keys; j++) {
      problem.bias->set(0, 0, 2, j, -kInfinity);  // the whole row
      if (j % 2 == 0) problem.bias->set(0, 0, 4, j, -kInfinity);
    }
    Expected expected = naive(problem, false);
    Context context = make_context(isa, 1);
    Results results(problem);
    results.forward(context.get(), problem);
    results.backward(context.get(), problem, true, false);
    check_close("out", expected.out, results.out, 3e-6, 0);
    check_close("lse", expected.lse, results.lse, 3e-6, 0);
    check_gradients(expected, results, 1e-5);
  });
}

TEST(edges, logits_of_ten_thousand_neither_overflow_nor_lose_the_largest) {
  for_each_isa([](int32_t isa) {
    for (int mask = 0; mask < kMaskKinds; mask++) {
      Shape shape;
      shape.queries = 20;
      shape.keys = 130;
      shape.start = 110;
      Features features;
      features.scale = 1;
      features.mask = static_cast<MaskKind>(mask);
      TestProblem problem(shape, features, 11);
      std::mt19937 random(13);
      // Whole numbers, so that f32 scores are exact and the comparison can be tight.
      for (int64_t d = 0; d < 8; d++) {
        for (int64_t i = 0; i < shape.queries; i++)
          problem.query.set(0, 0, i, d, static_cast<double>(random() % 71) - 35);
        for (int64_t j = 0; j < shape.keys; j++)
          problem.key.set(0, 0, j, d, static_cast<double>(random() % 71) - 35);
      }
      Expected expected = naive(problem, false);
      Context context = make_context(isa, 1);
      Results results(problem);
      results.forward(context.get(), problem);
      results.backward(context.get(), problem, true, false);
      check_close("out", expected.out, results.out, 3e-6, 0);
      check_close("lse", expected.lse, results.lse, 1e-6, 0);
      check_gradients(expected, results, 1e-4);
    }
  });
}

TEST(edges, empty_axes_are_no_error) {
  for_each_isa([](int32_t isa) {
    for (int empty = 0; empty < 3; empty++) {
      for (MaskKind mask : {MaskKind::kNone, MaskKind::kTree}) {
        Shape shape;
        shape.batch = empty == 0 ? 0 : 2;
        shape.queries = empty == 1 ? 0 : 7;
        shape.keys = empty == 2 ? 0 : 9;
        Features features;
        features.mask = mask;
        features.bias = BiasKind::kPerKey;
        TestProblem problem(shape, features, 15);
        Context context = make_context(isa, 2);
        Results results(problem);
        results.forward(context.get(), problem);
        results.backward(context.get(), problem, true, true);
        Expected expected = naive(problem, true);
        check_close("out", expected.out, results.out, 0, 0);
        check_close("lse", expected.lse, results.lse, 0, 0);
        check_gradients(expected, results, 0);
        check_close("grad_bias", expected.grad_bias, *results.grad_bias, 0, 0);
        check(results.guards_intact(), "guards");
      }
    }
  });
}

namespace {

void check_every_bit_pattern(int32_t dtype, double (*value_of)(uint16_t bits)) {
  for (int32_t isa : available_isas()) {
    // One key: the output is the value itself.
    Shape shape;
    shape.batch = 1024;
    shape.value_dim = 64;
    Features features;
    features.dtype = dtype;
    TestProblem problem(shape, features, 17);
    for (int64_t n = 0; n < 65536; n++) {
      problem.value.set(n / 64, 0, 0, n % 64, value_of(static_cast<uint16_t>(n)));
    }
    Context context = make_context(isa, 2);
    Results results(problem);
    results.forward(context.get(), problem);
    for (int64_t n = 0; n < 65536; n++) {
      double want = problem.value.get(n / 64, 0, 0, n % 64);
      double got = results.out.get(n / 64, 0, 0, n % 64);
      check(std::isnan(want) ? std::isnan(got) : want == got, "bits " + std::to_string(n));
    }
  }
}

}  // namespace

TEST(edges, every_bfloat16_value_survives_the_way_through) {
  check_every_bit_pattern(A4J_BF16, [](uint16_t bits) { return static_cast<double>(bfloat16_value(bits)); });
}

TEST(edges, every_float16_value_survives_the_way_through) {
  check_every_bit_pattern(A4J_F16, float16_value);
}

TEST(edges, float16_results_are_rounded_to_the_nearest) {
  // A value in f32 that is the output; the result is stored in f16.
  for (int32_t isa : available_isas()) {
    Shape shape;
    shape.value_dim = 256;
    TestProblem problem(shape, Features{}, 18);
    std::mt19937 random(19);
    Buffer out(problem.out_dims(), A4J_F16);
    for (int round = 0; round < 40; round++) {
      for (int64_t d = 0; d < 256; d++) {
        double size = std::ldexp(1 + std::ldexp(static_cast<double>(random() % 4096), -12), round - 26);
        problem.value.set(0, 0, 0, d, d % 2 == 0 ? size : -size);
      }
      a4j_attention attention = problem.attention();
      a4j_view view = out.view();
      a4j_error error{};
      int32_t code = a4j_attention_forward(make_context(isa, 1).get(), &attention, &view, nullptr, &error);
      check(code == A4J_OK, error.message);
      for (int64_t d = 0; d < 256; d++) {
        double want = float16_value(float16_bits(problem.value.get(0, 0, 0, d)));
        check(out.get(0, 0, 0, d) == want, "rounding of " + std::to_string(problem.value.get(0, 0, 0, d)));
      }
    }
  }
}
