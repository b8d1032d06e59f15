// Dropout draws the mask that org.attention4j.op.Dropout defines, the same in both passes.
#include <cmath>

#include "check.h"
#include "naive.h"

namespace {

/** Scores are all equal and values are the unit vectors: the output is the weights themselves. */
std::unique_ptr<TestProblem> weights_as_output(double probability, int64_t seed, int64_t site) {
  Shape shape;
  shape.batch = 3;
  shape.heads = 4;
  shape.key_heads = 2;
  shape.queries = 70;
  shape.keys = 131;
  shape.value_dim = 131;
  Features features;
  features.dropout = probability;
  features.dropout_seed = seed;
  features.dropout_site = site;
  auto problem = std::make_unique<TestProblem>(shape, features, 1);
  problem->query.fill(0);
  problem->value.fill(0);
  for (int64_t b = 0; b < shape.batch; b++) {
    for (int64_t h = 0; h < shape.key_heads; h++) {
      for (int64_t j = 0; j < shape.keys; j++) problem->value.set(b, h, j, j, 1);
    }
  }
  return problem;
}

}  // namespace

TEST(dropout, exactly_the_weights_that_the_hash_names_fall) {
  struct Draw {
    double probability;
    int64_t seed;
    int64_t site;
  };
  const Draw draws[] = {{0.1, 0, 0},
                        {0.5, 42, 7},
                        {0.9, -3, -5},
                        {0.2, int64_t{1} << 40, (int64_t{1} << 50) + 1},
                        {1e-3, 2147483647, 2147483646}};
  for (int32_t isa : available_isas()) {
    for (const Draw& draw : draws) {
      std::unique_ptr<TestProblem> made = weights_as_output(draw.probability, draw.seed, draw.site);
      const TestProblem& problem = *made;
      const Shape& s = problem.shape;
      Results results(problem);
      results.forward(make_context(isa, 2).get(), problem);
      double fell = 0;
      for (int64_t b = 0; b < s.batch; b++) {
        for (int64_t h = 0; h < s.heads; h++) {
          for (int64_t i = 0; i < s.queries; i++) {
            for (int64_t j = 0; j < s.keys; j++) {
              double want = dropout_factor(problem, b, h, i, j) / static_cast<double>(s.keys);
              double got = results.out.get(b, h, i, j);
              check((want == 0) == (got == 0), "another weight fell");
              check(std::abs(got - want) <= 1e-6, "the weight of one that stays");
              fell += want == 0 ? 1 : 0;
            }
          }
        }
      }
      double total = static_cast<double>(s.batch * s.heads * s.queries * s.keys);
      double deviation = std::sqrt(total * draw.probability * (1 - draw.probability));
      check(std::abs(fell - total * draw.probability) < 5 * deviation, "the share that falls");
    }
  }
}

TEST(dropout, the_log_sum_exp_does_not_know_of_it) {
  std::unique_ptr<TestProblem> with = weights_as_output(0.5, 1, 2);
  std::unique_ptr<TestProblem> without = weights_as_output(0, 1, 2);
  Context context = make_context(A4J_ISA_AUTO, 1);
  Results dropped(*with), kept(*without);
  dropped.forward(context.get(), *with);
  kept.forward(context.get(), *without);
  for (int64_t i = 0; i < with->shape.queries; i++) {
    check(dropped.lse.get(0, 0, i, 0) == kept.lse.get(0, 0, i, 0), "lse");
  }
}

TEST(dropout, an_array_loses_the_elements_that_attention_would) {
  for (int32_t isa : available_isas()) {
    for (int64_t count : {int64_t{0}, int64_t{1}, int64_t{15}, int64_t{33}, int64_t{16384}, int64_t{40001}}) {
      Context context = make_context(isa, 2);
      Shape shape;
      shape.keys = count + 1;
      Features features;
      features.dropout = 0.25;
      features.dropout_seed = -5;
      features.dropout_site = 12;
      TestProblem row(shape, features, 1);  // one row of weights, numbered like the array
      std::vector<float> x(static_cast<size_t>(count), 3.0F), added(x.size(), 0.5F), y(x.size() + 1, -7.0F);
      a4j_error error{};
      check(
          a4j_dropout(context.get(), x.data(), added.data(), y.data(), count, 0.25, -5, 12, &error) == A4J_OK,
          error.message);
      for (size_t i = 0; i < x.size(); i++) {
        bool falls = dropout_factor(row, 0, 0, 0, static_cast<int64_t>(i)) == 0;
        check(y[i] == (falls ? 0.5F : 4.5F), "element " + std::to_string(i));
      }
      check(y[x.size()] == -7.0F, "guard");
      check(a4j_dropout(context.get(), x.data(), nullptr, x.data(), count, 0, 1, 1, &error) == A4J_OK,
            "none");
      check(x == std::vector<float>(x.size(), 3.0F), "without dropout nothing changes");
    }
  }
  Context context = make_context(A4J_ISA_AUTO, 1);
  a4j_error error{};
  float one = 1;
  check(a4j_dropout(context.get(), &one, nullptr, &one, -1, 0.5, 0, 0, &error) == A4J_INVALID_ARGUMENT, "-1");
  check(a4j_dropout(context.get(), &one, nullptr, nullptr, 1, 0.5, 0, 0, &error) == A4J_INVALID_ARGUMENT,
        "y");
  check(a4j_dropout(context.get(), &one, nullptr, &one, 1, 1, 0, 0, &error) == A4J_INVALID_ARGUMENT, "1");
  check(a4j_dropout(nullptr, &one, nullptr, &one, 1, 0.5, 0, 0, &error) == A4J_INVALID_ARGUMENT, "context");
}
