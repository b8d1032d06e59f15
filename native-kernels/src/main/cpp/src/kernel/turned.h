// Products with a transposed left side: C[rows, columns] += A^T B, where A has the depth as its rows.
// The backward pass sums over queries what it stored query by query.
#pragma once

#include "micro.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

/** kRows rows of C at once; `columns` is a multiple of the vector length. */
template <class Isa, class Micro>
struct TurnedProduct;

/** A is [depth][a_step], B [depth][b_step]. */
template <class Isa>
struct TurnedProduct<Isa, MicroFloat32<Isa>> {
  using V = Vectors<Isa>;
  using F = typename V::F;
  static constexpr int kRows = Isa::kRows;

  static void run(int columns, int depth, const float* a, int64_t a_step, const float* b, int64_t b_step,
                  float* c, int64_t c_step) {
    constexpr int kWidth = Isa::kColumns * V::kCount;
    int j = 0;
    for (; j + kWidth <= columns; j += kWidth)
      tile<Isa::kColumns>(depth, a, a_step, b + j, b_step, c + j, c_step);
    for (; j < columns; j += V::kCount) tile<1>(depth, a, a_step, b + j, b_step, c + j, c_step);
  }

 private:
  template <int kColumns>
  static void tile(int depth, const float* a, int64_t a_step, const float* b, int64_t b_step, float* c,
                   int64_t c_step) {
    F sums[kRows][kColumns];
#pragma GCC unroll 16
    for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 4
      for (int j = 0; j < kColumns; j++) sums[i][j] = V::load(c + i * c_step + j * V::kCount);
    }
#pragma GCC unroll 4
    for (int k = 0; k < depth; k++, a += a_step, b += b_step) {
      F line[kColumns];
#pragma GCC unroll 4
      for (int j = 0; j < kColumns; j++) line[j] = V::load(b + j * V::kCount);
#pragma GCC unroll 16
      for (int i = 0; i < kRows; i++) {
        F factor = V::splat(a[i]);
#pragma GCC unroll 4
        for (int j = 0; j < kColumns; j++) sums[i][j] += factor * line[j];
      }
    }
#pragma GCC unroll 16
    for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 4
      for (int j = 0; j < kColumns; j++) V::store(c + i * c_step + j * V::kCount, sums[i][j]);
    }
  }
};

#if defined(__AVX512BF16__)

/** A is [depth pairs][row][2], B [depth pairs][column][2]; steps count 16-bit elements. */
template <class Isa>
struct TurnedProduct<Isa, MicroBfloat16<Isa>> {
  using V = Vectors<Isa>;
  static constexpr int kRows = Isa::kRows;

  static void run(int columns, int depth, const uint16_t* a, int64_t a_step, const uint16_t* b,
                  int64_t b_step, float* c, int64_t c_step) {
    constexpr int kWidth = Isa::kColumns * V::kCount;
    int j = 0;
    for (; j + kWidth <= columns; j += kWidth) {
      tile<Isa::kColumns>(depth, a, a_step, b + 2 * j, b_step, c + j, c_step);
    }
    for (; j < columns; j += V::kCount) tile<1>(depth, a, a_step, b + 2 * j, b_step, c + j, c_step);
  }

 private:
  template <int kColumns>
  static void tile(int depth, const uint16_t* a, int64_t a_step, const uint16_t* b, int64_t b_step, float* c,
                   int64_t c_step) {
    __m512 sums[kRows][kColumns];
#pragma GCC unroll 16
    for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 4
      for (int j = 0; j < kColumns; j++) sums[i][j] = _mm512_loadu_ps(c + i * c_step + j * V::kCount);
    }
#pragma GCC unroll 4
    for (int k = 0; k < depth; k++, a += a_step, b += b_step) {
      __m512bh line[kColumns];
#pragma GCC unroll 4
      for (int j = 0; j < kColumns; j++) {
        line[j] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b + 2 * j * V::kCount));
      }
#pragma GCC unroll 16
      for (int i = 0; i < kRows; i++) {
        int32_t pair;
        memcpy(&pair, a + 2 * i, sizeof pair);
        __m512bh factor = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
#pragma GCC unroll 4
        for (int j = 0; j < kColumns; j++) sums[i][j] = _mm512_dpbf16_ps(sums[i][j], factor, line[j]);
      }
    }
#pragma GCC unroll 16
    for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 4
      for (int j = 0; j < kColumns; j++) _mm512_storeu_ps(c + i * c_step + j * V::kCount, sums[i][j]);
    }
  }
};

#endif

}  // namespace
}  // namespace attention4j

#endif
