// What bf16 costs, on inputs that make rounding expensive: the kernel's error against that of attention
// computed op by op in bf16, both against double on the same operands. Twice is what the project allows.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "check.h"
#include "rounded.h"

namespace {

/** A problem whose operands are made unfriendly after they were drawn. */
struct Case {
  const char* name;
  double query_offset;  // added to every element
  double key_offset;
  double value_offset;
  double spread;  // of queries and keys
  Shape shape;
  Features features;
  double huge = 0;  // what one key is multiplied by, unless 0
  bool with_grad_lse = false;
  uint32_t seed = 11;
};

Shape long_rows(int64_t heads = 1, int64_t key_heads = 1, int64_t start = 0) {
  Shape shape;
  shape.heads = heads;
  shape.key_heads = key_heads;
  shape.queries = 40;
  shape.keys = 1100;
  shape.key_dim = shape.value_dim = 64;
  shape.start = start;
  return shape;
}

Shape square(int64_t length) {
  Shape shape = long_rows();
  shape.queries = shape.keys = length;
  return shape;
}

Shape longer_rows() {
  Shape shape = long_rows();
  shape.queries = 20;
  shape.keys = 4000;
  return shape;
}

Features with(void (*change)(Features&)) {
  Features features;
  features.dtype = A4J_BF16;
  change(features);
  return features;
}

void none(Features&) {}

void shift(Buffer& buffer, double by) {
  const Dims& n = buffer.dims();
  for (int64_t b = 0; b < n[0]; b++)
    for (int64_t h = 0; h < n[1]; h++)
      for (int64_t t = 0; t < n[2]; t++)
        for (int64_t d = 0; d < n[3]; d++) buffer.set(b, h, t, d, buffer.get(b, h, t, d) + by);
}

std::vector<Case> cases() {
  const Features plain = with(none);
  std::vector<Case> all = {
      {"plain", 0, 0, 0, 1, long_rows(), plain},
      {"keys + 3", 0, 3, 0, 1, long_rows(), plain},
      {"values + 3", 0, 0, 3, 1, long_rows(), plain},
      {"values + 30", 0, 0, 30, 1, long_rows(), plain},
      {"keys + 10, values + 0.1", 0, 10, 0.1, 1, long_rows(), plain},
      {"keys and values + 1", 0, 1, 1, 1, long_rows(), plain},
      {"keys and values + 3", 0, 3, 3, 1, long_rows(), plain},
      {"keys + 3, values + 30", 0, 3, 30, 1, long_rows(), plain},
      {"queries + 3", 3, 0, 0, 1, long_rows(), plain},
      {"all + 3", 3, 3, 3, 1, long_rows(), plain},
      {"a huge key", 0, 0, 0, 1, long_rows(), plain, 40},
      {"another huge key", 0, 0, 0, 1, long_rows(), plain, 40, false, 2},
      {"a huge key, others + 3", 0, 3, 3, 1, long_rows(), plain, 10},
      {"with a cotangent of lse", 0, 3, 3, 1, long_rows(), plain, 0, true},
      {"causal, 200 of 200", 0, 3, 3, 1, square(200), with([](Features& f) { f.mask = MaskKind::kCausal; })},
      {"4000 keys", 0, 3, 3, 1, longer_rows(), plain},
      {"logits of 4", 0, 0, 0, 2, long_rows(), plain},
      {"logits of 16", 0, 0, 0, 4, long_rows(), plain},
      {"logits of 100", 0, 0, 0, 10, long_rows(), plain},
      {"logits of 4, values + 3", 0, 0, 3, 2, long_rows(), plain},
      {"logits of 16, values + 3", 0, 0, 3, 4, long_rows(), plain},
      {"causal", 0, 3, 3, 1, long_rows(1, 1, 900), with([](Features& f) { f.mask = MaskKind::kCausal; })},
      {"causal from 0", 0, 3, 3, 1, long_rows(), with([](Features& f) { f.mask = MaskKind::kCausal; })},
      {"grouped heads", 0, 3, 3, 1, long_rows(4, 2), plain},
      {"window", 0, 3, 3, 1, long_rows(1, 1, 900),
       with([](Features& f) { f.mask = MaskKind::kCausalWindow; })},
      {"padding", 0, 3, 3, 1, long_rows(), with([](Features& f) { f.mask = MaskKind::kPadding; })},
      {"alibi", 0, 3, 3, 1, long_rows(2, 2, 900), with([](Features& f) { f.alibi = true; })},
      {"softcap 2", 0, 3, 3, 1, long_rows(), with([](Features& f) { f.softcap = 2; })},
      {"softcap 30", 0, 3, 3, 1, long_rows(), with([](Features& f) { f.softcap = 30; })},
      {"dropout", 0, 3, 3, 1, long_rows(), with([](Features& f) { f.dropout = 0.2; })},
      {"bias", 0, 3, 3, 1, long_rows(), with([](Features& f) { f.bias = BiasKind::kFull; })},
      {"bias of keys", 0, 3, 3, 1, long_rows(), with([](Features& f) { f.bias = BiasKind::kPerKey; })},
  };
  return all;
}

}  // namespace

TEST(accuracy, bf16_on_unfriendly_inputs_errs_at_most_twice_as_much_as_a_naive_bf16_run) {
  bool print = std::getenv("A4J_PRINT_ERRORS") != nullptr;
  std::string failures;
  for (const Case& one : cases()) {
    Features features = one.features;
    features.spread = one.spread;
    TestProblem problem(one.shape, features, one.seed);
    shift(problem.query, one.query_offset);
    shift(problem.key, one.key_offset);
    shift(problem.value, one.value_offset);
    for (int64_t d = 0; one.huge != 0 && d < one.shape.key_dim; d++) {
      problem.key.set(0, 0, 17, d, one.huge * problem.key.get(0, 0, 17, d));
    }
    Expected exact = naive(problem, one.with_grad_lse);
    Expected rounded = naive_rounded(problem, one.with_grad_lse);
    for (int32_t isa : available_isas()) {
      for (int way = 0; way < 3; way++) {
        Context context = make_context(isa, 1);
        Results results(problem, way == 1 ? A4J_F32 : A4J_BF16);
        results.forward(context.get(), problem);
        results.backward(context.get(), problem, way < 2, one.with_grad_lse);
        const char* ways[] = {"out in bf16", "out in f32", "out computed again"};
        auto compare = [&](const char* name, Tensor& truth, Tensor& allowed, const Buffer& got) {
          Errors ours = errors_of(truth, got), theirs = errors_of(truth, allowed);
          double square = 0;
          for (double value : truth.values) square += value * value;
          double size = std::sqrt(square / static_cast<double>(truth.values.size()));
          double ratio = ours.root_mean_square / theirs.root_mean_square,
                 most = ours.largest / theirs.largest;
          char text[200];
          std::snprintf(text, sizeof text, "%-24s %-11s %-18s %-10s %8.2g of %8.2g %6.2f %6.2f", one.name,
                        a4j_isa_name(isa), ways[way], name, ours.root_mean_square / size,
                        theirs.root_mean_square / size, ratio, most);
          bool failed = !(ratio <= 2 && most <= 2);
          if (print) std::printf("%s%s\n", text, failed ? " !" : "");
          if (failed) failures += std::string("\n") + text;
        };
        if (way == 0) compare("out", exact.out, rounded.out, results.out);
        compare("grad_query", exact.grad_query, rounded.grad_query, results.grad_query);
        compare("grad_key", exact.grad_key, rounded.grad_key, results.grad_key);
        compare("grad_value", exact.grad_value, rounded.grad_value, results.grad_value);
        if (problem.bias) compare("grad_bias", exact.grad_bias, rounded.grad_bias, *results.grad_bias);
      }
    }
  }
  check(failures.empty(), failures);
}
