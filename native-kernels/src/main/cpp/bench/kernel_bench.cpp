// Times the kernels; not a test. Prints one line per setting: the least and the median time of its runs.
//
//   kernel_bench [part of a setting's name] [f32|bf16|f16|all] [threads] [instruction set] [forward|both]
//
// With one thread the clock is that thread's CPU time, which a busy machine disturbs less.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "attention4j/kernels.h"

namespace {

struct Setting {
  const char* name;
  int64_t batch, heads, key_heads, queries, keys, dim;
  bool causal;
};

constexpr Setting kSettings[] = {
    {"12x1024x64 full", 1, 12, 12, 1024, 1024, 64, false},
    {"12x1024x64 causal", 1, 12, 12, 1024, 1024, 64, true},
    {"4x12x512x64 full", 4, 12, 12, 512, 512, 64, false},
    {"4x12x512x64 causal", 4, 12, 12, 512, 512, 64, true},
    {"8x4096x64 full", 1, 8, 8, 4096, 4096, 64, false},
    {"8x4096x64 causal", 1, 8, 8, 4096, 4096, 64, true},
    {"32/8x1024x128 causal", 1, 32, 8, 1024, 1024, 128, true},
    {"12x4x64x32 causal", 12, 4, 4, 64, 64, 32, true},
    {"64x6x256x64 causal", 64, 6, 6, 256, 256, 64, true},
    {"1x4x16x64 full", 1, 4, 4, 16, 16, 64, false},
    {"decode 12x4096x64", 1, 12, 12, 1, 4096, 64, true},
    {"decode 32/8x4096x128", 1, 32, 8, 1, 4096, 128, true},
    {"decode 12x512x64", 1, 12, 12, 1, 512, 64, true},
};

/** Numbers in any of the three types, with the view of a dense [batch, heads, rows, width] tensor. */
class Tensor {
 public:
  Tensor(int64_t batch, int64_t heads, int64_t rows, int64_t width, int32_t dtype) {
    count_ = batch * heads * rows * width;
    size_t bytes = static_cast<size_t>(count_) * (dtype == A4J_F32 ? 4 : 2);
    memory_.resize(bytes);
    for (int64_t i = 0; i < count_; i++) fill(i, std::sin(static_cast<float>(i % 100003) * 1.7f), dtype);
    view_.data = memory_.data();
    view_.elements = count_;
    view_.strides[0] = heads * rows * width;
    view_.strides[1] = rows * width;
    view_.strides[2] = width;
    view_.strides[3] = 1;
    view_.dtype = dtype;
  }

  const a4j_view& view() const { return view_; }

 private:
  void fill(int64_t i, float value, int32_t dtype) {
    char* to = memory_.data() + i * (dtype == A4J_F32 ? 4 : 2);
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    uint16_t half = static_cast<uint16_t>(bits >> 16);
    if (dtype == A4J_F16) half = static_cast<uint16_t>(((bits >> 16) & 0x8000u) | (bits % 0x3c00u));
    if (dtype == A4J_F32) {
      std::memcpy(to, &value, 4);
    } else {
      std::memcpy(to, &half, 2);
    }
  }

  std::vector<char> memory_;
  int64_t count_;
  a4j_view view_{};
};

double now(int32_t threads) {
  timespec t;
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

struct Times {
  double least;
  double median;
};

/** Runs for half a second, at least 5 and at most 1000 times. */
template <class Body>
Times measure(int32_t threads, Body body) {
  std::vector<double> seconds;
  double total = 0;
  body();
  while (seconds.size() < 5 || (total < 0.5 && seconds.size() < 1000)) {
    double begin = now(threads);
    body();
    seconds.push_back(now(threads) - begin);
    total += seconds.back();
  }
  std::sort(seconds.begin(), seconds.end());
  return {seconds.front(), seconds[seconds.size() / 2]};
}

void require(int32_t code, const a4j_error& error) {
  if (code == A4J_OK) return;
  std::fprintf(stderr, "%s\n", error.message);
  std::exit(1);
}

void run(const Setting& s, int32_t isa, int32_t dtype, int32_t threads, bool backward) {
  a4j_error error{};
  a4j_context* context = nullptr;
  require(a4j_context_create(isa, threads, &context, &error), error);
  threads = a4j_context_threads(context);
  auto like_query = [&] { return Tensor(s.batch, s.heads, s.queries, s.dim, dtype); };
  auto like_key = [&] { return Tensor(s.batch, s.key_heads, s.keys, s.dim, dtype); };
  Tensor query = like_query(), out = like_query();
  Tensor key = like_key(), value = like_key();
  Tensor lse(s.batch, s.heads, s.queries, 1, A4J_F32);
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
  problem.query = query.view();
  problem.key = key.view();
  problem.value = value.view();
  problem.mask = &causal;
  problem.mask_nodes = s.causal ? 1 : 0;
  double flops = 4.0 * static_cast<double>(s.batch * s.heads * s.queries * s.keys * s.dim) *
                 (s.causal && s.queries > 1 ? 0.5 : 1);
  Times forward = measure(threads, [&] {
    require(a4j_attention_forward(context, &problem, &out.view(), &lse.view(), &error), error);
  });
  const char* dtypes[] = {"f32", "bf16", "", "", "", "f16"};
  std::printf("%-22s %-11s %-4s %d threads  forward %8.3f ms least %8.3f median %6.1f GF/s", s.name,
              a4j_isa_name(isa), dtypes[dtype], threads, forward.least * 1e3, forward.median * 1e3,
              flops / forward.median * 1e-9);
  if (backward) {
    Tensor grad_out = like_query(), grad_query = like_query(), grad_key = like_key(), grad_value = like_key();
    a4j_gradients gradients{};
    gradients.struct_size = sizeof gradients;
    gradients.out = out.view();
    gradients.lse = lse.view();
    gradients.grad_out = grad_out.view();
    gradients.grad_query = grad_query.view();
    gradients.grad_key = grad_key.view();
    gradients.grad_value = grad_value.view();
    Times time = measure(
        threads, [&] { require(a4j_attention_backward(context, &problem, &gradients, &error), error); });
    std::printf("  backward %8.3f ms least %8.3f median %6.1f GF/s", time.least * 1e3, time.median * 1e3,
                2.5 * flops / time.median * 1e-9);
  }
  std::printf("\n");
  std::fflush(stdout);
  a4j_context_destroy(context);
}

}  // namespace

int main(int count, char** arguments) {
  auto argument = [&](int n, const char* otherwise) {
    return std::string(count > n ? arguments[n] : otherwise);
  };
  std::string part = argument(1, ""), type = argument(2, "f32"), isa_name = argument(4, "");
  int threads = std::atoi(argument(3, "0").c_str());
  bool backward = argument(5, "both") == "both";
  int32_t widest = A4J_ISA_COUNT - 1;
  while (a4j_isa_available(widest) == 0) widest--;
  for (const Setting& setting : kSettings) {
    if (std::strstr(setting.name, part.c_str()) == nullptr) continue;
    for (int32_t isa = 0; isa < A4J_ISA_COUNT; isa++) {
      bool wanted = isa_name.empty() ? isa == widest : isa_name == "all" || isa_name == a4j_isa_name(isa);
      if (!wanted || a4j_isa_available(isa) == 0) continue;
      if (type == "f32" || type == "all") run(setting, isa, A4J_F32, threads, backward);
      if (type == "bf16" || type == "all") run(setting, isa, A4J_BF16, threads, backward);
      if (type == "f16" || type == "all") run(setting, isa, A4J_F16, threads, backward);
    }
  }
  return 0;
}
