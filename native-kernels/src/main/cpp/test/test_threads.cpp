// What the sanitizers must see: several contexts, each with threads, under several callers at once.
#include <cstring>
#include <thread>

#include "check.h"
#include "naive.h"

namespace {

std::vector<std::unique_ptr<TestProblem>> problems() {
  std::vector<std::unique_ptr<TestProblem>> all;
  auto add = [&](int64_t queries, int64_t keys, const Features& features) {
    Shape shape;
    shape.heads = 4;
    shape.key_heads = 2;
    shape.queries = queries;
    shape.keys = keys;
    shape.key_dim = 16;
    shape.value_dim = 16;
    shape.start = keys - queries;
    all.push_back(std::make_unique<TestProblem>(shape, features, static_cast<uint32_t>(all.size())));
  };
  Features dropout;
  dropout.mask = MaskKind::kCausal;
  dropout.dropout = 0.2;
  dropout.dropout_seed = 3;
  add(130, 130, dropout);
  for (int32_t dtype : {A4J_F32, A4J_BF16}) {
    Features plain;
    plain.dtype = dtype;
    add(1, 3000, plain);  // decode: the keys are what there is to share out
    add(3, 700, plain);
    plain.mask = MaskKind::kCausal;
    add(200, 200, plain);
  }
  Features biased;
  biased.bias = BiasKind::kPerHead;
  biased.mask = MaskKind::kTree;
  add(70, 90, biased);
  return all;
}

bool same_bits(const Buffer& a, const Buffer& b) {
  size_t each = a.view().dtype == A4J_F32 ? 4 : 2;
  return std::memcmp(a.view().data, b.view().data, static_cast<size_t>(a.view().elements) * each) == 0;
}

void run_both(a4j_context* context, const TestProblem& problem, Results& results) {
  results.forward(context, problem);
  results.backward(context, problem, true, true);
}

void check_same(const TestProblem& problem, const Results& expected, const Results& results) {
  bool same = same_bits(expected.out, results.out) && same_bits(expected.lse, results.lse) &&
              same_bits(expected.grad_query, results.grad_query) &&
              same_bits(expected.grad_key, results.grad_key) &&
              same_bits(expected.grad_value, results.grad_value) &&
              (!expected.grad_bias || same_bits(*expected.grad_bias, *results.grad_bias));
  check(same, problem.description() + " differs from the run without other callers");
}

void in_parallel(size_t count, const std::function<void(size_t)>& body) {
  std::vector<std::thread> callers;
  std::vector<std::string> failures(count);
  for (size_t caller = 0; caller < count; caller++) {
    callers.emplace_back([&, caller] {
      try {
        body(caller);
      } catch (const std::exception& exception) {
        failures[caller] = exception.what();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const std::string& failure : failures) check(failure.empty(), failure);
}

}  // namespace

TEST(context, several_contexts_and_callers_at_once_change_no_bit) {
  auto all = problems();
  for (int32_t isa : available_isas()) {
    std::vector<std::unique_ptr<Results>> expected;
    Context alone = make_context(isa, 1);
    for (const auto& problem : all) {
      expected.push_back(std::make_unique<Results>(*problem));
      run_both(alone.get(), *problem, *expected.back());
    }
    Context shared = make_context(isa, 3);
    in_parallel(4, [&](size_t caller) {
      Context own = make_context(isa, 2);
      for (size_t n = 0; n < 2 * all.size(); n++) {
        size_t at = (n + caller) % all.size();
        Results results(*all[at]);
        run_both((n + caller) % 2 == 0 ? own.get() : shared.get(), *all[at], results);
        check_same(*all[at], *expected[at], results);
      }
    });
  }
}

TEST(context, contexts_come_and_go_while_others_work) {
  auto all = problems();
  Context steady = make_context(A4J_ISA_AUTO, 2);
  in_parallel(3, [&](size_t caller) {
    for (size_t n = 0; n < 8; n++) {
      const TestProblem& problem = *all[(n + caller) % all.size()];
      Results results(problem);
      Context brief = make_context(A4J_ISA_AUTO, 1 + static_cast<int32_t>(n % 3));
      run_both(caller == 0 ? steady.get() : brief.get(), problem, results);
    }
  });
}
