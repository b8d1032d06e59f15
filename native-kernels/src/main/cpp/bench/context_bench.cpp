// context_bench CONTEXT full|causal|window forward|backward [threads] [heads] [head_dim] [repeats] [limit]
//
// One attention over a long context in f32: seconds (the median of the repeats, 1 unless given), and the
// highest resident memory beyond what the process had before it made the tensors. Prints one JSON object.
// With a limit it fails if that memory is more than `limit` times the bytes of inputs and outputs. Linux:
// reads /proc.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "attention4j/kernels.h"

namespace {

/** A field of /proc/self/status, in bytes. */
long resident_bytes(const char* field) {
  std::FILE* status = std::fopen("/proc/self/status", "r");
  if (status == nullptr) return -1;
  char line[256];
  long kilobytes = -1;
  while (std::fgets(line, sizeof line, status) != nullptr) {
    if (std::strncmp(line, field, std::strlen(field)) == 0) {
      kilobytes = std::strtol(line + std::strlen(field) + 1, nullptr, 10);
    }
  }
  std::fclose(status);
  return kilobytes * 1024;
}

struct Tensors {
  Tensors(int64_t heads_, int64_t time_, int64_t dim_) : heads(heads_), time(time_), dim(dim_) {}

  a4j_view add(int64_t width, bool random) {
    memory.emplace_back(static_cast<size_t>(heads * time * width));
    std::vector<float>& values = memory.back();
    uint32_t state = static_cast<uint32_t>(memory.size());
    for (float& value : values) {
      state = state * 1664525u + 1013904223u;
      value = random ? static_cast<float>(state >> 8) / 8388608.0f - 1.0f : 0.0f;
    }
    bytes += static_cast<long>(values.size() * sizeof(float));
    a4j_view view{};
    view.data = values.data();
    view.elements = static_cast<int64_t>(values.size());
    view.strides[1] = time * width;
    view.strides[2] = width;
    view.strides[3] = 1;
    view.strides[0] = heads * view.strides[1];
    view.dtype = A4J_F32;
    return view;
  }

  int64_t heads, time, dim;
  std::vector<std::vector<float>> memory;
  long bytes = 0;
};

void require(int32_t code, const a4j_error& error) {
  if (code == A4J_OK) return;
  std::fprintf(stderr, "%s\n", error.message);
  std::exit(1);
}

/** The median of some runs. */
template <class Body>
double seconds(int64_t repeats, Body body) {
  std::vector<double> all(static_cast<size_t>(repeats));
  for (double& one : all) {
    auto begin = std::chrono::steady_clock::now();
    body();
    one = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

}  // namespace

int main(int count, char** arguments) {
  auto number = [&](int at, int64_t otherwise) {
    return count > at ? std::strtoll(arguments[at], nullptr, 10) : otherwise;
  };
  if (count < 4) {
    std::fprintf(stderr,
                 "context_bench CONTEXT full|causal|window forward|backward [threads] [heads] [head_dim] "
                 "[repeats] [limit]\n");
    return 2;
  }
  const int64_t time = number(1, 0);
  const std::string mask = arguments[2];
  const bool backward = std::string(arguments[3]) == "backward";
  const int32_t threads = static_cast<int32_t>(number(4, 2));
  const int64_t heads = number(5, 12);
  const int64_t dim = number(6, 64);
  const int64_t repeats = std::max<int64_t>(1, number(7, 1));
  const double limit = count > 8 ? std::strtod(arguments[8], nullptr) : 0;

  a4j_error error{};
  a4j_context* context = nullptr;
  require(a4j_context_create(A4J_ISA_AUTO, threads, &context, &error), error);
  const long before = resident_bytes("VmRSS");
  Tensors tensors(heads, time, dim);
  a4j_mask_node node{};
  node.op = mask == "window" ? A4J_MASK_WINDOW : A4J_MASK_CAUSAL;
  node.left = 128;
  a4j_attention problem{};
  problem.struct_size = sizeof problem;
  problem.batch = 1;
  problem.heads = problem.key_heads = heads;
  problem.queries = problem.keys = time;
  problem.key_dim = problem.value_dim = dim;
  problem.scale = 0.125;
  problem.query = tensors.add(dim, true);
  problem.key = tensors.add(dim, true);
  problem.value = tensors.add(dim, true);
  problem.mask = &node;
  problem.mask_nodes = mask == "full" ? 0 : 1;
  a4j_view out = tensors.add(dim, false);
  a4j_view lse = tensors.add(1, false);
  double forward_seconds =
      seconds(repeats, [&] { require(a4j_attention_forward(context, &problem, &out, &lse, &error), error); });
  double backward_seconds = 0;
  if (backward) {
    a4j_gradients gradients{};
    gradients.struct_size = sizeof gradients;
    gradients.out = out;
    gradients.lse = lse;
    gradients.grad_out = tensors.add(dim, true);
    gradients.grad_query = tensors.add(dim, false);
    gradients.grad_key = tensors.add(dim, false);
    gradients.grad_value = tensors.add(dim, false);
    backward_seconds = seconds(
        repeats, [&] { require(a4j_attention_backward(context, &problem, &gradients, &error), error); });
  }
  const long peak = resident_bytes("VmHWM") - before;
  const double ratio = static_cast<double>(peak) / static_cast<double>(tensors.bytes);
  std::printf(
      "{\"context\": %lld, \"heads\": %lld, \"head_dim\": %lld, \"mask\": \"%s\", \"threads\": %d, "
      "\"isa\": \"%s\", \"forward_seconds\": %.6g, \"backward_seconds\": %.6g, "
      "\"tensor_bytes\": %ld, \"extra_bytes\": %ld}\n",
      static_cast<long long>(time), static_cast<long long>(heads), static_cast<long long>(dim), mask.c_str(),
      threads, a4j_isa_name(a4j_context_isa(context)), forward_seconds, backward_seconds, tensors.bytes,
      peak - tensors.bytes);
  a4j_context_destroy(context);
  if (limit > 0 && ratio > limit) {
    std::fprintf(stderr, "%.2f times the bytes of inputs and outputs, more than %.2f\n", ratio, limit);
    return 1;
  }
  return 0;
}
