// The two products of decoding, on keys and values as they lie in memory, converted in registers.
#pragma once

#include "readers.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa, class Reader>
struct DecodeProducts {
  using V = Vectors<Isa>;
  using F = typename V::F;

  /**
   * scores[i][j] = query i . key j for j in [from, end); `from` is a multiple of the vector length, and
   * as many scores as fill the last vector are written. query: [rows][key_dim padded].
   */
  static void scores(const View& key, int64_t at, int key_dim, int from, int end, const float* query,
                     int rows, float* scores, int step) {
    int width = V::round_up(key_dim);
    int i = 0;
    for (; i + 4 <= rows; i += 4) {
      some_scores<4>(key, at, key_dim, from, end, query + i * width, scores + i * step, step);
    }
    for (; i + 2 <= rows; i += 2) {
      some_scores<2>(key, at, key_dim, from, end, query + i * width, scores + i * step, step);
    }
    if (i < rows) some_scores<1>(key, at, key_dim, from, end, query + i * width, scores + i * step, step);
  }

  /** out[i] += sum of weights[i][j] * value j over [from, end); out: [rows][value_dim padded]. */
  static void add_values(const View& value, int64_t at, int value_dim, int from, int end,
                         const float* weights, int step, int rows, float* out) {
    int width = V::round_up(value_dim);
    int i = 0;
    for (; i + 4 <= rows; i += 4) {
      some_values<4>(value, at, value_dim, from, end, weights + i * step, step, out + i * width);
    }
    for (; i + 2 <= rows; i += 2) {
      some_values<2>(value, at, value_dim, from, end, weights + i * step, step, out + i * width);
    }
    if (i < rows) some_values<1>(value, at, value_dim, from, end, weights + i * step, step, out + i * width);
  }

  /** Whether the values [from, end) are finite. */
  static bool finite(const View& value, int64_t at, int value_dim, int from, int end) {
    F zeros = F{};
    for (int j = from; j < end; j++) {
      int64_t row = at + j * value.strides[2];
      int d = 0;
      for (; d + V::kCount <= value_dim; d += V::kCount) zeros += Reader::whole(value, row + d) * 0.0f;
      if (d < value_dim) zeros += Reader::part(value, row + d, value_dim - d) * 0.0f;
    }
    return V::total(zeros) == 0;
  }

 private:
  /** One vector of scores at a time: kRows rows times kCount / kRows keys. */
  template <int kRows>
  static void some_scores(const View& key, int64_t at, int key_dim, int from, int end, const float* query,
                          float* scores, int step) {
    constexpr int kKeys = V::kCount / kRows;
    int width = V::round_up(key_dim);
    int whole = key_dim / V::kCount * V::kCount;
    int padded_end = V::round_up(end);
    for (int j = from; j < padded_end; j += kKeys) {
      int64_t rows_at[kKeys];
      for (int k = 0; k < kKeys; k++) {
        int last = j + k < end ? j + k : end - 1;  // nothing beyond the keys is read
        rows_at[k] = at + last * key.strides[2];
      }
      F sums[V::kCount] = {};
      for (int d = 0; d < whole; d += V::kCount) {
        F lines[kKeys];
        for (int k = 0; k < kKeys; k++) lines[k] = Reader::whole(key, rows_at[k] + d);
        add_lines<kRows, kKeys>(lines, query + d, width, sums);
      }
      if (whole < key_dim) {
        F lines[kKeys];
        for (int k = 0; k < kKeys; k++) lines[k] = Reader::part(key, rows_at[k] + whole, key_dim - whole);
        add_lines<kRows, kKeys>(lines, query + whole, width, sums);
      }
      F totals = V::total_of_each(sums);  // [kRows][kKeys]
      if constexpr (kRows == 1) {
        V::store(scores + j, totals);
      } else {
        float by_row[V::kCount];
        V::store(by_row, totals);
        for (int i = 0; i < kRows; i++)
          memcpy(scores + i * step + j, by_row + i * kKeys, sizeof(float) * kKeys);
      }
    }
  }

  template <int kRows, int kKeys>
  static inline __attribute__((always_inline)) void add_lines(const F (&lines)[kKeys], const float* query,
                                                              int width, F (&sums)[V::kCount]) {
#pragma GCC unroll 4
    for (int i = 0; i < kRows; i++) {
      F factor = V::load(query + i * width);
#pragma GCC unroll 16
      for (int k = 0; k < kKeys; k++) sums[i * kKeys + k] += factor * lines[k];
    }
  }

  template <int kRows>
  static void some_values(const View& value, int64_t at, int value_dim, int from, int end,
                          const float* weights, int step, float* out) {
    constexpr int kWide = kRows == 1 ? 8 : 4;
    int width = V::round_up(value_dim);
    int d = 0;
    for (; d + kWide * V::kCount <= value_dim; d += kWide * V::kCount) {
      columns<kRows, kWide>(value, at + d, V::kCount, from, end, weights, step, out + d, width);
    }
    for (; d + 4 * V::kCount <= value_dim; d += 4 * V::kCount) {
      columns<kRows, 4>(value, at + d, V::kCount, from, end, weights, step, out + d, width);
    }
    for (; d < value_dim; d += V::kCount) {
      int count = value_dim - d < V::kCount ? value_dim - d : V::kCount;
      columns<kRows, 1>(value, at + d, count, from, end, weights, step, out + d, width);
    }
  }

  /** kRows rows times kColumns vectors of values; `count` elements of the last one. */
  template <int kRows, int kColumns>
  static void columns(const View& value, int64_t at, int count, int from, int end, const float* weights,
                      int step, float* out, int width) {
    F sums[kRows][kColumns];
    for (int i = 0; i < kRows; i++) {
      for (int c = 0; c < kColumns; c++) sums[i][c] = V::load(out + i * width + c * V::kCount);
    }
    for (int j = from; j < end; j++) {
      int64_t row = at + j * value.strides[2];
      F lines[kColumns];
      if (kColumns == 1 && count < V::kCount) {
        lines[0] = Reader::part(value, row, count);
      } else {
        for (int c = 0; c < kColumns; c++) lines[c] = Reader::whole(value, row + c * V::kCount);
      }
      for (int i = 0; i < kRows; i++) {
        F weight = V::splat(weights[i * step + j]);
        for (int c = 0; c < kColumns; c++) sums[i][c] += weight * lines[c];
      }
    }
    for (int i = 0; i < kRows; i++) {
      for (int c = 0; c < kColumns; c++) V::store(out + i * width + c * V::kCount, sums[i][c]);
    }
  }
};

}  // namespace
}  // namespace attention4j

#endif
