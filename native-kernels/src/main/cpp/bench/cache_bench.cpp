// Times decoding over a cache that lies in memory, in none of the processor's caches; not a test.
//
//   cache_bench [keys] [threads] [rounds]
//
// One token of 12 layers of 12 heads of 64 features, rows in int8, f16 and f32, in pages of 4 KiB and in huge
// ones. Rounds take turns among as many caches as fill 200 MB, so that each is read from memory. Prints the
// median and the least of the rounds.
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "attention4j/kernels.h"

namespace {

constexpr int64_t kLayers = 12, kHeads = 12, kDim = 64;
constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kEnough = size_t{200} << 20;

struct Rows {
  const char* name;
  int32_t dtype;
  int64_t width;  // in elements
  int64_t bytes;  // of an element
};

constexpr Rows kRows[] = {{"int8", A4J_I8_ROWS, kDim + A4J_ROW_SCALE_BYTES, 1},
                          {"f16", A4J_F16, kDim, 2},
                          {"f32", A4J_F32, kDim, 4}};

void require(int32_t code, const a4j_error& error) {
  if (code == A4J_OK) return;
  std::fprintf(stderr, "%s\n", error.message);
  std::exit(1);
}

a4j_view view(void* data, int64_t rows, int64_t width, int32_t dtype) {
  a4j_view view{};
  view.data = data;
  view.elements = kHeads * rows * width;
  view.strides[0] = view.elements;
  view.strides[1] = rows * width;
  view.strides[2] = width;
  view.strides[3] = 1;
  view.dtype = dtype;
  return view;
}

/** Keys and values of all layers, one behind the other, in pages of one kind. */
char* fresh_cache(size_t bytes, bool huge) {
  void* all = mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) {
    std::fprintf(stderr, "there is no memory for %zu bytes\n", bytes);
    std::exit(1);
  }
  char* start = static_cast<char*>(all) + (kHugePage - reinterpret_cast<uintptr_t>(all) % kHugePage);
  madvise(start, bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  return start;
}

void fill(char* cache, size_t bytes, const Rows& rows) {
  if (rows.dtype != A4J_I8_ROWS) {  // the same small number in all places
    const uint16_t half = 0x2e66;
    const float whole = 0.1f;
    for (size_t i = 0; i < bytes; i += static_cast<size_t>(rows.bytes)) {
      if (rows.bytes == 2) std::memcpy(cache + i, &half, 2);
      if (rows.bytes == 4) std::memcpy(cache + i, &whole, 4);
    }
    return;
  }
  const size_t width = static_cast<size_t>(rows.width);
  for (size_t row = 0; row + width <= bytes; row += width) {
    for (size_t d = 0; d < kDim; d++) cache[row + d] = static_cast<char>((row + d * 37) % 255 - 127);
    const float scale = 0.01f;
    std::memcpy(cache + row + kDim, &scale, sizeof scale);
  }
}

void run(a4j_context* context, const Rows& rows, int64_t keys, int rounds, bool huge) {
  const int64_t capacity = keys * 3 / 2;
  const size_t layer = static_cast<size_t>(kHeads * capacity * rows.width * rows.bytes);
  const size_t bytes = 2 * kLayers * layer;
  std::vector<char*> caches(kEnough / bytes + 1);
  for (char*& cache : caches) fill(cache = fresh_cache(bytes, huge), bytes, rows);
  std::vector<float> query(kHeads * kDim, 0.1f), out(query.size());
  a4j_mask_node causal{};
  causal.op = A4J_MASK_CAUSAL;
  a4j_attention problem{};
  problem.struct_size = sizeof problem;
  problem.batch = problem.queries = 1;
  problem.heads = problem.key_heads = kHeads;
  problem.keys = keys;
  problem.key_dim = problem.value_dim = kDim;
  problem.query_start = keys - 1;
  problem.scale = 1 / std::sqrt(static_cast<double>(kDim));
  problem.query = view(query.data(), 1, kDim, A4J_F32);
  problem.mask = &causal;
  problem.mask_nodes = 1;
  const a4j_view result = view(out.data(), 1, kDim, A4J_F32);
  a4j_error error{};
  std::vector<double> seconds;
  for (int round = -2; round < rounds; round++) {
    char* cache = caches[static_cast<size_t>(round + 2) % caches.size()];
    const auto begin = std::chrono::steady_clock::now();
    for (int64_t n = 0; n < kLayers; n++) {
      char* key = cache + static_cast<size_t>(2 * n) * layer;
      problem.key = view(key, capacity, rows.width, rows.dtype);
      problem.value = view(key + layer, capacity, rows.width, rows.dtype);
      require(a4j_attention_forward(context, &problem, &result, nullptr, &error), error);
    }
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    if (round >= 0) seconds.push_back(taken.count());
  }
  for (char* cache : caches) munmap(cache, bytes);
  std::sort(seconds.begin(), seconds.end());
  const double median = seconds[seconds.size() / 2];
  const double read = 2.0 * static_cast<double>(kLayers * kHeads * keys * rows.width * rows.bytes);
  std::printf("%-4s %s pages: %7.3f ms median %7.3f least, %5.1f GB/s of %.1f MB\n", rows.name,
              huge ? "huge " : "small", median * 1e3, seconds.front() * 1e3, read / median * 1e-9,
              read * 1e-6);
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  auto argument = [&](int n, int otherwise) { return count > n ? std::atoi(arguments[n]) : otherwise; };
  const int64_t keys = std::max(1, argument(1, 912));
  a4j_error error{};
  a4j_context* context = nullptr;
  require(a4j_context_create(-1, argument(2, 2), &context, &error), error);
  for (const Rows& rows : kRows) {
    for (bool huge : {false, true}) run(context, rows, keys, std::max(1, argument(3, 40)), huge);
  }
  a4j_context_destroy(context);
  return 0;
}
