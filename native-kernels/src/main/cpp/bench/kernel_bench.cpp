// kernel_bench [threads]: times the kernels on a few usual shapes. Not a test; prints one line per run.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "attention4j/kernels.h"

namespace {

struct Setting {
  const char* name;
  int64_t batch, heads, key_heads, queries, keys, dim;
  bool causal;
};

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

std::vector<float> noise(int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); i++) values[i] = std::sin(static_cast<float>(i % 100003) * 1.7f);
  return values;
}

template <class Body>
double best_seconds(Body body) {
  double best = 1e30;
  for (int repeat = 0; repeat < 5; repeat++) {
    auto begin = std::chrono::steady_clock::now();
    body();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

void require(int32_t code, const a4j_error& error) {
  if (code == A4J_OK) return;
  std::fprintf(stderr, "%s\n", error.message);
  std::exit(1);
}

void run(const Setting& s, int32_t isa, int32_t threads) {
  a4j_error error{};
  a4j_context* context = nullptr;
  require(a4j_context_create(isa, threads, &context, &error), error);
  std::vector<float> query = noise(s.batch * s.heads * s.queries * s.dim), grad_out = query;
  std::vector<float> key = noise(s.batch * s.key_heads * s.keys * s.dim), value = key;
  std::vector<float> out(query.size()), grad_query(query.size()), grad_key(key.size()),
      grad_value(key.size());
  std::vector<float> lse(static_cast<size_t>(s.batch * s.heads * s.queries));
  a4j_mask_node causal{};
  causal.op = A4J_MASK_CAUSAL;
  a4j_attention problem{};
  problem.struct_size = sizeof problem;
  problem.batch = s.batch;
  problem.heads = s.heads;
  problem.key_heads = s.key_heads;
  problem.queries = s.queries;
  problem.keys = s.keys;
  problem.key_dim = problem.value_dim = s.dim;
  problem.query_start = s.keys - s.queries;
  problem.scale = 1 / std::sqrt(static_cast<double>(s.dim));
  problem.query = view_of(query, s.heads, s.queries, s.dim);
  problem.key = view_of(key, s.key_heads, s.keys, s.dim);
  problem.value = view_of(value, s.key_heads, s.keys, s.dim);
  problem.mask = &causal;
  problem.mask_nodes = s.causal ? 1 : 0;
  a4j_view out_view = view_of(out, s.heads, s.queries, s.dim);
  a4j_view lse_view = view_of(lse, s.heads, s.queries, 1);
  a4j_gradients gradients{};
  gradients.struct_size = sizeof gradients;
  gradients.out = out_view;
  gradients.lse = lse_view;
  gradients.grad_out = view_of(grad_out, s.heads, s.queries, s.dim);
  gradients.grad_query = view_of(grad_query, s.heads, s.queries, s.dim);
  gradients.grad_key = view_of(grad_key, s.key_heads, s.keys, s.dim);
  gradients.grad_value = view_of(grad_value, s.key_heads, s.keys, s.dim);
  double forward = best_seconds(
      [&] { require(a4j_attention_forward(context, &problem, &out_view, &lse_view, &error), error); });
  double backward =
      best_seconds([&] { require(a4j_attention_backward(context, &problem, &gradients, &error), error); });
  double flops =
      4.0 * static_cast<double>(s.batch * s.heads * s.queries * s.keys * s.dim) * (s.causal ? 0.5 : 1);
  std::printf("%-20s %-7s %d threads  forward %8.3f ms %6.1f GF/s  backward %8.3f ms\n", s.name,
              a4j_isa_name(isa), a4j_context_threads(context), forward * 1e3, flops / forward * 1e-9,
              backward * 1e3);
  a4j_context_destroy(context);
}

}  // namespace

int main(int count, char** arguments) {
  int threads = count > 1 ? std::atoi(arguments[1]) : 0;
  const Setting settings[] = {
      {"12x4x64x32 causal", 12, 4, 4, 64, 64, 32, true},
      {"4x8x512x64 causal", 4, 8, 8, 512, 512, 64, true},
      {"1x12x1024x64", 1, 12, 12, 1024, 1024, 64, false},
      {"1x32/8x1024x128", 1, 32, 8, 1024, 1024, 128, true},
      {"decode 1x32/8x2048", 1, 32, 8, 1, 2048, 128, true},
  };
  for (const Setting& setting : settings) {
    for (int32_t isa = 0; isa < A4J_ISA_COUNT; isa++) {
      if (a4j_isa_available(isa) != 0) run(setting, isa, threads);
    }
  }
  return 0;
}
