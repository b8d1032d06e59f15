// Fuzzes a4j_attention_forward and _backward on every instruction set. The bytes choose a problem and
// what to do with it:
//   values   compare every result with the naive computation in double
//   poison   the same with NaN and infinity in places: nothing that does not attend to them may change
//   extreme  scores of thousands: results finite and within the values' bounds
//   spoiled  numbers of the call changed at random: an error that touches nothing, or a run in bounds
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "attention_input.h"
#include "check.h"
#include "poison.h"
#include "spoiled_call.h"

namespace {

/** Made once for each instruction set and number of threads, so that scratch memory is used again. */
a4j_context* context_of(int32_t isa, int32_t threads) {
  static std::map<std::pair<int32_t, int32_t>, Context> contexts;
  Context& context = contexts[{isa, threads}];
  if (!context) context = make_context(isa, threads);
  return context.get();
}

/** Wide enough for every path's rounding; a wrong tile or mask is off by more than all of this. */
struct Tolerances {
  explicit Tolerances(const TestProblem& p) {
    bool narrow = p.features.dtype != A4J_F32 || (p.bias && p.bias->view().dtype != A4J_F32);
    double scores = 6;
    if (p.features.alibi)
      scores += static_cast<double>(std::abs(p.shape.start) + p.shape.keys + p.shape.queries);
    if (p.features.dropout > 0) scores /= 1 - p.features.dropout;
    forward = scores * 1e-6 + (p.features.dtype != A4J_F32 ? 0.03 : 0);
    backward = 5 * forward + (narrow ? 0.1 : 0);
    // Each element of a broadcast bias sums the errors of many rows.
    double rows =
        p.bias ? static_cast<double>(std::max<int64_t>(1, p.shape.batch * p.shape.heads * p.shape.queries))
               : 1;
    bias = backward * std::sqrt(rows);
  }

  double forward, backward, bias;
};

void check_backward(const std::string& what, Expected& expected, const Results& results,
                    const Tolerances& t) {
  check_close(what + "grad_query", expected.grad_query, results.grad_query, t.backward, 1e-3);
  check_close(what + "grad_key", expected.grad_key, results.grad_key, t.backward, 1e-3);
  check_close(what + "grad_value", expected.grad_value, results.grad_value, t.backward, 1e-3);
  if (results.grad_bias)
    check_close(what + "grad_bias", expected.grad_bias, *results.grad_bias, t.bias, 1e-2);
}

void check_guards(const TestProblem& problem, const Results& results) {
  check(problem.guards_intact() && results.guards_intact(), "wrote beyond a buffer");
}

void compare_values(TestProblem& problem, Bytes& bytes, bool poisoned) {
  bool with_grad_lse = bytes.once_in(2);
  bool saved = bytes.once_in(2);
  int32_t threads = static_cast<int32_t>(bytes.between(1, 2));
  Expected clean = naive(problem, with_grad_lse);
  if (poisoned) poison(problem, bytes);
  Tolerances tolerances(problem);
  for (int32_t isa : available_isas()) {
    std::string what = std::string(a4j_isa_name(isa)) + ": ";
    Expected expected = clean;
    Results results(problem);
    results.forward(context_of(isa, threads), problem);
    if (poisoned) {
      forgive_forward(problem, expected, results);
      check_arrived(problem, results);
    }
    check_close(what + "out", expected.out, results.out, tolerances.forward, 1e-2);
    check_close(what + "lse", expected.lse, results.lse, tolerances.forward, 1e-5);
    results.backward(context_of(isa, threads), problem, saved, with_grad_lse);
    if (poisoned) forgive_backward(problem, expected, results);
    check_backward(what, expected, results, tolerances);
    check_guards(problem, results);
  }
}

double largest(const Buffer& buffer) {
  double size = 0;
  const Dims& n = buffer.dims();
  for (int64_t b = 0; b < n[0]; b++) {
    for (int64_t h = 0; h < n[1]; h++) {
      for (int64_t t = 0; t < n[2]; t++) {
        for (int64_t d = 0; d < n[3]; d++) {
          double value = std::abs(buffer.get(b, h, t, d));
          check(std::isfinite(value), "a result is not finite");
          size = std::max(size, value);
        }
      }
    }
  }
  return size;
}

/** An output is a mean of values, whatever the scores are. */
void check_extreme(TestProblem& problem, Bytes& bytes) {
  std::mt19937 random(problem.seed);
  problem.query.fill_random(random, bytes.pick({30.0, 300.0, 1e-39, 1e-20}));
  problem.key.fill_random(random, bytes.pick({30.0, 300.0, 1e-39, 1e10}));
  if (problem.features.dtype == A4J_F16) problem.key.fill_random(random, 30);  // 1e10 would be infinite
  int32_t threads = static_cast<int32_t>(bytes.between(1, 2));
  double bound = largest(problem.value) * 1.02 / (1 - problem.features.dropout) + 1e-6;
  for (int32_t isa : available_isas()) {
    Results results(problem);
    results.forward(context_of(isa, threads), problem);
    check(largest(results.out) <= bound, std::string(a4j_isa_name(isa)) + ": an output is beyond all values");
    for (int64_t b = 0; b < problem.shape.batch; b++) {
      for (int64_t h = 0; h < problem.shape.heads; h++) {
        for (int64_t i = 0; i < problem.shape.queries; i++) {
          double lse = results.lse.get(b, h, i, 0);
          bool any = false;
          for (int64_t j = 0; j < problem.shape.keys; j++) any = any || attends(problem, b, h, i, j);
          check(any ? std::isfinite(lse) : std::isinf(lse) && lse < 0, "log-sum-exp of an extreme row");
        }
      }
    }
    results.backward(context_of(isa, threads), problem, bytes.once_in(2), false);
    check_guards(problem, results);
  }
}

bool untouched(const Buffer& buffer, size_t element_bytes) {
  a4j_view view = buffer.view();
  const unsigned char* at = static_cast<const unsigned char*>(view.data);
  return std::all_of(at, at + static_cast<size_t>(view.elements) * element_bytes,
                     [](unsigned char byte) { return byte == 0xff; });
}

void check_spoiled(TestProblem& problem, Bytes& bytes) {
  Results results(problem);
  SpoiledCall call(problem, results, bytes);
  bool large = call.pairs() > (1 << 15);
  bool backward = bytes.once_in(2);
  int32_t threads = static_cast<int32_t>(bytes.between(1, 2));
  for (int32_t isa : available_isas()) {
    // Without a context a call is checked but not run.
    a4j_context* context = large ? nullptr : context_of(isa, threads);
    int32_t code = backward ? call.backward(context) : call.forward(context);
    check(context != nullptr || code != A4J_OK, "a call without a context succeeded");
    check_guards(problem, results);
    if (code == A4J_OK) return;  // its bytes may be anything now
    size_t bytes_each = problem.features.dtype == A4J_F32 ? 4 : 2;
    check(untouched(results.out, bytes_each) && untouched(results.lse, 4) &&
              untouched(results.grad_query, bytes_each) && untouched(results.grad_key, bytes_each) &&
              untouched(results.grad_value, bytes_each),
          "a refused call wrote something");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes bytes(data, size);
  int64_t mode = bytes.between(0, 3);
  std::unique_ptr<TestProblem> problem = decode_problem(bytes);
  try {
    if (mode == 0) {
      check_spoiled(*problem, bytes);
    } else if (mode == 3) {
      check_extreme(*problem, bytes);
    } else {
      compare_values(*problem, bytes, mode == 2);
    }
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "mode %d %s: %s\n", static_cast<int>(mode), problem->description().c_str(),
                 exception.what());
    std::abort();
  }
  return 0;
}
