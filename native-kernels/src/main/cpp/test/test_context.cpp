// Contexts: choice of the instruction set, threads, concurrent callers, the self test.
#include <cmath>
#include <cstring>
#include <thread>

#include "check.h"
#include "naive.h"

namespace {

TestProblem sample(uint32_t seed) {
  Shape shape;
  shape.batch = 2;
  shape.heads = 4;
  shape.key_heads = 2;
  shape.queries = 100;
  shape.keys = 150;
  shape.start = 50;
  Features features;
  features.mask = MaskKind::kCausal;
  features.bias = BiasKind::kPerHead;
  return TestProblem(shape, features, seed);
}

void check_identical(Results& a, Results& b) {
  auto same = [](const Buffer& x, const Buffer& y) {
    return std::memcmp(x.view().data, y.view().data, static_cast<size_t>(x.view().elements) * 4) == 0;
  };
  check(same(a.out, b.out) && same(a.lse, b.lse), "the forward pass differs in bits");
  check(same(a.grad_query, b.grad_query) && same(a.grad_key, b.grad_key) &&
            same(a.grad_value, b.grad_value) && same(*a.grad_bias, *b.grad_bias),
        "the backward pass differs in bits");
}

}  // namespace

TEST(context, reports_what_it_runs_on) {
  Context automatic = make_context(A4J_ISA_AUTO, 0);
  check(a4j_context_isa(automatic.get()) == available_isas().back(), "auto takes the widest");
  check(a4j_context_threads(automatic.get()) >= 1, "threads");
  for (int32_t isa : available_isas()) {
    Context chosen = make_context(isa, 3);
    check(a4j_context_isa(chosen.get()) == isa, "the chosen one");
    check(a4j_context_threads(chosen.get()) == 3, "threads");
  }
  check(a4j_isa_available(A4J_ISA_SCALAR) == 1, "scalar is always there");
  check(a4j_isa_available(A4J_ISA_COUNT) == 0 && a4j_isa_available(-7) == 0, "unknown ones are not");
  check(a4j_isa_name(17) == nullptr && std::string(a4j_isa_name(A4J_ISA_AVX2)) == "avx2", "names");
  check(a4j_abi_version() == A4J_ABI_VERSION && std::strlen(a4j_version()) > 0, "versions");
}

TEST(context, refuses_an_unknown_instruction_set_and_lists_those_available) {
  a4j_context* context = nullptr;
  a4j_error error{};
  check(a4j_context_create(42, 1, &context, &error) == A4J_INVALID_ARGUMENT, "42");
  check(context == nullptr && std::string(error.message).find("scalar") != std::string::npos, error.message);
  check(a4j_context_create(A4J_ISA_AUTO, -1, &context, &error) == A4J_INVALID_ARGUMENT, "-1 threads");
  check(a4j_context_create(A4J_ISA_AUTO, 100000, &context, &error) == A4J_INVALID_ARGUMENT,
        "too many threads");
}

TEST(context, results_do_not_depend_on_the_number_of_threads) {
  TestProblem problem = sample(1);
  for (int32_t isa : available_isas()) {
    Results alone(problem);
    Context one = make_context(isa, 1);
    alone.forward(one.get(), problem);
    alone.backward(one.get(), problem, true, false);
    for (int threads : {2, 3, 8}) {
      Context many = make_context(isa, threads);
      for (int repeat = 0; repeat < 5; repeat++) {
        Results results(problem);
        results.forward(many.get(), problem);
        results.backward(many.get(), problem, true, false);
        check_identical(alone, results);
      }
    }
  }
}

TEST(context, serves_several_callers_at_once) {
  Context context = make_context(A4J_ISA_AUTO, 2);
  TestProblem problem = sample(2);
  Results alone(problem);
  alone.forward(context.get(), problem);
  alone.backward(context.get(), problem, true, false);
  std::vector<std::thread> callers;
  std::vector<std::string> failures(4);
  for (size_t caller = 0; caller < failures.size(); caller++) {
    callers.emplace_back([&, caller] {
      try {
        for (int repeat = 0; repeat < 10; repeat++) {
          Results results(problem);
          results.forward(context.get(), problem);
          results.backward(context.get(), problem, true, false);
          check_identical(alone, results);
        }
      } catch (const std::exception& exception) {
        failures[caller] = exception.what();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const std::string& failure : failures) check(failure.empty(), failure);
}

TEST(context, grows_its_scratch_for_a_larger_problem) {
  Context context = make_context(A4J_ISA_AUTO, 2);
  for (int64_t dim : {1, 256, 16}) {
    Shape shape;
    shape.heads = 3;
    shape.queries = 70;
    shape.keys = 70;
    shape.key_dim = dim;
    shape.value_dim = dim;
    TestProblem problem(shape, Features{}, 3);
    Expected expected = naive(problem, false);
    Results results(problem);
    results.forward(context.get(), problem);
    check_close("out", expected.out, results.out, 3e-6, 0);
  }
}

TEST(context, self_test_passes) {
  a4j_error error{};
  check(a4j_self_test(&error) == A4J_OK, error.message);
}
