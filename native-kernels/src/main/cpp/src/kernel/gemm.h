// Small matrix products on tiles in cache: C[m,n] (+)= A[m,k] B[k,n], with n padded to whole vectors.
#pragma once

#include "lanes.h"

namespace attention4j {
namespace {  // private to each instruction set's translation unit

/** A's element (row, k) is data[row * row_stride + k * k_stride], so a transposed A is free. */
struct Operand {
  const float* data;
  int64_t row_stride;
  int64_t k_stride;
};

template <class Isa>
struct Gemm {
  using V = Lanes<Isa>;
  using F = typename V::F;

  /** n is a multiple of the vector length; B and C are row-major. */
  static void run(int m, int n, int k, Operand a, const float* b, int64_t ldb, float* c, int64_t ldc,
                  bool accumulate) {
    constexpr int kWide = Isa::kColumns * V::kCount;
    int i = 0;
    for (; i + Isa::kRows <= m; i += Isa::kRows) {
      int j = 0;
      for (; j + kWide <= n; j += kWide) {
        block<Isa::kRows, Isa::kColumns>(k, row(a, i), b + j, ldb, c + i * ldc + j, ldc, accumulate);
      }
      for (; j < n; j += V::kCount) {
        block<Isa::kRows, 1>(k, row(a, i), b + j, ldb, c + i * ldc + j, ldc, accumulate);
      }
    }
    for (; i < m; i++) {
      int j = 0;
      for (; j + kWide <= n; j += kWide) {
        block<1, Isa::kColumns>(k, row(a, i), b + j, ldb, c + i * ldc + j, ldc, accumulate);
      }
      for (; j < n; j += V::kCount) {
        block<1, 1>(k, row(a, i), b + j, ldb, c + i * ldc + j, ldc, accumulate);
      }
    }
  }

  /**
   * The same sum over the pairs that `allowed` (strided like A) lets through. A masked pair has
   * A = 0, but 0 * NaN is NaN: this is for a B that holds NaN or infinity.
   */
  static void run_allowed(int m, int n, int k, Operand a, const uint8_t* allowed, const float* b, int64_t ldb,
                          float* c, int64_t ldc, bool accumulate) {
    for (int i = 0; i < m; i++) {
      float* row_c = c + i * ldc;
      if (!accumulate) memset(row_c, 0, sizeof(float) * static_cast<size_t>(n));
      for (int p = 0; p < k; p++) {
        int64_t at = i * a.row_stride + p * a.k_stride;
        if (!allowed[at]) continue;
        float factor = a.data[at];
        for (int j = 0; j < n; j++) row_c[j] += factor * b[p * ldb + j];
      }
    }
  }

 private:
  static Operand row(Operand a, int i) { return {a.data + i * a.row_stride, a.row_stride, a.k_stride}; }

  template <int kRows, int kColumns>
  static void block(int k, Operand a, const float* b, int64_t ldb, float* c, int64_t ldc, bool accumulate) {
    F sums[kRows][kColumns];
    for (int i = 0; i < kRows; i++) {
      for (int j = 0; j < kColumns; j++) {
        sums[i][j] = accumulate ? V::load(c + i * ldc + j * V::kCount) : F{};
      }
    }
    for (int p = 0; p < k; p++) {
      F line[kColumns];
      for (int j = 0; j < kColumns; j++) line[j] = V::load(b + p * ldb + j * V::kCount);
      for (int i = 0; i < kRows; i++) {
        float factor = a.data[i * a.row_stride + p * a.k_stride];
        for (int j = 0; j < kColumns; j++) sums[i][j] += factor * line[j];
      }
    }
    for (int i = 0; i < kRows; i++) {
      for (int j = 0; j < kColumns; j++) V::store(c + i * ldc + j * V::kCount, sums[i][j]);
    }
  }
};

}  // namespace
}  // namespace attention4j
