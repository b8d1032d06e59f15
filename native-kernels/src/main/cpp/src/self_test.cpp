// A small problem, forward and backward, against plain loops in double: run when the library is
// loaded, so that a wrong build or a faulty machine is found before it computes anything.
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "attention4j/kernels.h"
#include "failure.h"
#include "isa.h"

namespace attention4j {
namespace {

// Two tiles of keys, a ragged edge, a group of two heads, slots that do not start at 0.
constexpr int kHeads = 2;
constexpr int kQueries = 5;
constexpr int kKeys = 70;
constexpr int kDim = 3;
constexpr int kStart = 64;
constexpr double kScale = 0.7;
constexpr double kCap = 3.0;

struct Case {
  std::vector<float> query, key, value, grad_out;
  std::vector<double> out, lse, grad_query, grad_key, grad_value;
};

std::vector<float> wave(size_t count, double step) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; i++) {
    values[i] = static_cast<float>(2 * std::sin(step * static_cast<double>(i + 1)));
  }
  return values;
}

double dot(const float* a, const float* b) {
  double sum = 0;
  for (size_t d = 0; d < kDim; d++) sum += static_cast<double>(a[d]) * static_cast<double>(b[d]);
  return sum;
}

void expect_row(Case& c, size_t row, size_t query) {
  const float* q = &c.query[row * kDim];
  const float* g = &c.grad_out[row * kDim];
  size_t attended = query + kStart + 1;  // causal
  std::vector<double> score(attended);
  double sum = 0;
  for (size_t j = 0; j < attended; j++) {
    score[j] = kCap * std::tanh(kScale * dot(q, &c.key[j * kDim]) / kCap);
    sum += std::exp(score[j]);
  }
  c.lse[row] = std::log(sum);
  double delta = 0;
  for (size_t j = 0; j < attended; j++) {
    double p = std::exp(score[j]) / sum;
    for (size_t d = 0; d < kDim; d++) c.out[row * kDim + d] += p * static_cast<double>(c.value[j * kDim + d]);
    delta += p * dot(g, &c.value[j * kDim]);
  }
  for (size_t j = 0; j < attended; j++) {
    double p = std::exp(score[j]) / sum;
    double t = score[j] / kCap;
    double ds = p * (dot(g, &c.value[j * kDim]) - delta) * (1 - t * t) * kScale;
    for (size_t d = 0; d < kDim; d++) {
      c.grad_query[row * kDim + d] += ds * static_cast<double>(c.key[j * kDim + d]);
      c.grad_key[j * kDim + d] += ds * static_cast<double>(q[d]);
      c.grad_value[j * kDim + d] += p * static_cast<double>(g[d]);
    }
  }
}

Case make_case() {
  Case c;
  constexpr size_t rows = kHeads * kQueries;
  c.query = wave(rows * kDim, 0.7);
  c.key = wave(kKeys * kDim, 1.3);
  c.value = wave(kKeys * kDim, 2.1);
  c.grad_out = wave(rows * kDim, 0.3);
  c.out.assign(rows * kDim, 0);
  c.lse.assign(rows, 0);
  c.grad_query.assign(rows * kDim, 0);
  c.grad_key.assign(kKeys * kDim, 0);
  c.grad_value.assign(kKeys * kDim, 0);
  for (size_t row = 0; row < rows; row++) expect_row(c, row, row % kQueries);
  return c;
}

a4j_view view_of(std::vector<float>& values, int64_t heads, int64_t rows, int64_t width) {
  a4j_view view{};
  view.data = values.data();
  view.elements = static_cast<int64_t>(values.size());
  view.strides[0] = heads * rows * width;
  view.strides[1] = rows * width;
  view.strides[2] = width;
  view.strides[3] = 1;
  view.dtype = A4J_F32;
  return view;
}

void compare(int32_t isa, const char* what, const std::vector<double>& expected,
             const std::vector<float>& got) {
  for (size_t i = 0; i < expected.size(); i++) {
    double error = std::fabs(expected[i] - static_cast<double>(got[i]));
    if (!(error < 1e-4)) {
      char message[200];
      std::snprintf(message, sizeof message, "self test on %s: %s[%zu] is %.9g, expected %.9g", isa_name(isa),
                    what, i, static_cast<double>(got[i]), expected[i]);
      throw Failure(A4J_INTERNAL, message);
    }
  }
}

struct ContextOwner {
  a4j_context* context = nullptr;
  ~ContextOwner() { a4j_context_destroy(context); }
};

void require(int32_t code, const a4j_error& error) {
  if (code != A4J_OK) throw Failure(A4J_INTERNAL, std::string("self test: ") + error.message);
}

void run_on(int32_t isa, Case& c) {
  a4j_error error{};
  ContextOwner owner;
  require(a4j_context_create(isa, 1, &owner.context, &error), error);
  a4j_mask_node causal{};
  causal.op = A4J_MASK_CAUSAL;
  a4j_attention problem{};
  problem.struct_size = sizeof problem;
  problem.batch = 1;
  problem.heads = kHeads;
  problem.key_heads = 1;
  problem.queries = kQueries;
  problem.keys = kKeys;
  problem.key_dim = kDim;
  problem.value_dim = kDim;
  problem.query_start = kStart;
  problem.scale = kScale;
  problem.softcap = kCap;
  problem.query = view_of(c.query, kHeads, kQueries, kDim);
  problem.key = view_of(c.key, 1, kKeys, kDim);
  problem.value = view_of(c.value, 1, kKeys, kDim);
  problem.mask = &causal;
  problem.mask_nodes = 1;
  std::vector<float> out(c.out.size()), lse(c.lse.size());
  a4j_view out_view = view_of(out, kHeads, kQueries, kDim);
  a4j_view lse_view = view_of(lse, kHeads, kQueries, 1);
  require(a4j_attention_forward(owner.context, &problem, &out_view, &lse_view, &error), error);
  compare(isa, "out", c.out, out);
  compare(isa, "lse", c.lse, lse);
  std::vector<float> grad_query(c.grad_query.size()), grad_key(c.grad_key.size()),
      grad_value(c.grad_value.size());
  a4j_gradients gradients{};
  gradients.struct_size = sizeof gradients;
  gradients.out = out_view;
  gradients.lse = lse_view;
  gradients.grad_out = view_of(c.grad_out, kHeads, kQueries, kDim);
  gradients.grad_query = view_of(grad_query, kHeads, kQueries, kDim);
  gradients.grad_key = view_of(grad_key, 1, kKeys, kDim);
  gradients.grad_value = view_of(grad_value, 1, kKeys, kDim);
  require(a4j_attention_backward(owner.context, &problem, &gradients, &error), error);
  compare(isa, "grad_query", c.grad_query, grad_query);
  compare(isa, "grad_key", c.grad_key, grad_key);
  compare(isa, "grad_value", c.grad_value, grad_value);
}

}  // namespace
}  // namespace attention4j

extern "C" int32_t a4j_self_test(a4j_error* error) {
  using namespace attention4j;
  try {
    Case c = make_case();
    for (int32_t isa = 0; isa < A4J_ISA_COUNT; isa++) {
      if (kernels_for(isa) != nullptr) run_on(isa, c);
    }
    return A4J_OK;
  } catch (...) {
    return report_current_exception(error);
  }
}
