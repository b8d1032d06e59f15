// The products in registers: kRows rows times kColumns vectors, C (+)= A B, in f32 and in bf16 pairs.
#pragma once

#include "pack.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

/** A is [rows][>= depth] with its step, B is [depth][>= columns] with its step; steps in elements. */
template <class Isa>
struct MicroFloat32 {
  using V = Vectors<Isa>;
  using F = typename V::F;
  using Pack = PackFloat32<Isa>;
  using Packed = float;

  static int depth(int elements) { return elements; }
  static void store_weights(float* to, F weights) { V::store(to, weights); }
  static float weight(const float* row, int j) { return row[j]; }
  /** Columns [d, d + kCount) of value j. */
  static F value(const float* values, int64_t step, int j, int d) { return V::load(values + j * step + d); }

  template <int kRows, int kColumns, bool kAdd>
  static inline __attribute__((always_inline)) void tile(int depth, const float* a, int64_t a_step,
                                                         const float* b, int64_t b_step, float* c,
                                                         int64_t c_step) {
    F sums[kRows][kColumns];
#pragma GCC unroll 16
    for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 4
      for (int j = 0; j < kColumns; j++) sums[i][j] = kAdd ? V::load(c + i * c_step + j * V::kCount) : F{};
    }
#pragma GCC unroll 4
    for (int k = 0; k < depth; k++) {
      F line[kColumns];
#pragma GCC unroll 4
      for (int j = 0; j < kColumns; j++) line[j] = V::load(b + k * b_step + j * V::kCount);
#pragma GCC unroll 16
      for (int i = 0; i < kRows; i++) {
        F factor = V::splat(a[i * a_step + k]);
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

/** The same on pairs: depth counts pairs, steps count 16-bit elements; C is f32. */
template <class Isa>
struct MicroBfloat16 {
  using V = Vectors<Isa>;
  using F = typename V::F;
  using Pack = PackBfloat16<Isa>;
  using Packed = uint16_t;

  static int depth(int elements) { return (elements + 1) / 2; }
  static void store_weights(uint16_t* to, F weights) {
    __m256bh halves = _mm512_cvtneps_pbh(reinterpret_cast<__m512>(weights));
    memcpy(to, &halves, sizeof halves);
  }
  static float weight(const uint16_t* row, int j) { return from_bfloat16(row[j]); }
  static F value(const uint16_t* values, int64_t step, int j, int d) {
    typename V::I pairs;
    memcpy(&pairs, values + j / 2 * step + 2 * d, sizeof pairs);
    return V::floats(j % 2 == 0 ? pairs << 16 : pairs & 0xffff0000u);
  }

  template <int kRows, int kColumns, bool kAdd>
  static inline __attribute__((always_inline)) void tile(int depth, const uint16_t* a, int64_t a_step,
                                                         const uint16_t* b, int64_t b_step, float* c,
                                                         int64_t c_step) {
    __m512 sums[kRows][kColumns];
#pragma GCC unroll 16
    for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 4
      for (int j = 0; j < kColumns; j++) {
        sums[i][j] = kAdd ? _mm512_loadu_ps(c + i * c_step + j * V::kCount) : _mm512_setzero_ps();
      }
    }
#pragma GCC unroll 4
    for (int k = 0; k < depth; k++) {
      __m512bh line[kColumns];
#pragma GCC unroll 4
      for (int j = 0; j < kColumns; j++) {
        line[j] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b + k * b_step + 2 * j * V::kCount));
      }
#pragma GCC unroll 16
      for (int i = 0; i < kRows; i++) {
        int32_t pair;
        memcpy(&pair, a + i * a_step + 2 * k, sizeof pair);
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

/** A panel of at most Isa::kRows rows times any number of columns (a multiple of the vector length). */
template <class Isa, class Micro>
struct PanelProduct {
  using V = Vectors<Isa>;
  using Packed = typename Micro::Packed;
  static constexpr int kWidth = Isa::kColumns * V::kCount;

  template <bool kAdd>
  static void run(int rows, int columns, int depth, const Packed* a, int64_t a_step, const Packed* b,
                  int64_t b_step, float* c, int64_t c_step) {
    constexpr int kPerColumn = sizeof(Packed) == 2 ? 2 : 1;  // packed elements of B for each column
    int j = 0;
    for (; j + kWidth <= columns; j += kWidth) {
      rows_of_tile<Isa::kColumns, kAdd>(rows, depth, a, a_step, b + j * kPerColumn, b_step, c + j, c_step);
    }
    for (; j < columns; j += V::kCount) {
      rows_of_tile<1, kAdd>(rows, depth, a, a_step, b + j * kPerColumn, b_step, c + j, c_step);
    }
  }

 private:
  /** The tile with as many rows as there are: one with fewer would not fill the pipelines. */
  template <int kColumns, bool kAdd, int kRows = Isa::kRows>
  static void rows_of_tile(int rows, int depth, const Packed* a, int64_t a_step, const Packed* b,
                           int64_t b_step, float* c, int64_t c_step) {
    if constexpr (kRows > 1) {
      if (rows < kRows) {
        rows_of_tile<kColumns, kAdd, kRows - 1>(rows, depth, a, a_step, b, b_step, c, c_step);
        return;
      }
    }
    Micro::template tile<kRows, kColumns, kAdd>(depth, a, a_step, b, b_step, c, c_step);
  }
};

}  // namespace
}  // namespace attention4j

#endif
