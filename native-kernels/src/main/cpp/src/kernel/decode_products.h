// The two products of decoding, on keys and values as they lie in memory, converted in registers.
#pragma once

#include "pair_products.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa, class Reader, class Products>
struct DecodeProducts {
  using V = Vectors<Isa>;
  using F = typename V::F;
  using Pair = typename Products::Pair;

  /** From row to row of the queries. */
  static int query_width(int key_dim) { return V::round_up(key_dim); }

  /** Brings a row of the query, [key_dim padded], into the order in which `scores` reads it. */
  static void arrange(float* query, int key_dim) {
    for (int d = 0; d + 2 * V::kCount <= key_dim; d += 2 * V::kCount) Products::arrange(query + d);
  }

  /**
   * scores[i][j] = query i . key j for j in [from, end); `from` is a multiple of the vector length, and
   * as many scores as fill the last vector are written. query: [rows][key_dim padded], arranged. Of the
   * rows ahead, j is asked for beside key j.
   */
  static void scores(const View& key, int64_t at, int key_dim, int from, int end, const float* query,
                     int rows, float* scores, int step, RowsAhead ahead) {
    int width = V::round_up(key_dim);
    int i = 0;
    for (; i + kMostRows <= rows; i += kMostRows) {
      some_scores<kMostRows>(key, at, key_dim, from, end, query + i * width, scores + i * step, step, ahead);
      ahead.rows = 0;
    }
    if (i + 2 <= rows) {
      some_scores<2>(key, at, key_dim, from, end, query + i * width, scores + i * step, step, ahead);
      ahead.rows = 0;
      i += 2;
    }
    if (i < rows) {
      some_scores<1>(key, at, key_dim, from, end, query + i * width, scores + i * step, step, ahead);
    }
  }

  /**
   * out[i] += sum of weights[i][j] * value j over [from, end); out: [rows][value_dim padded]. Of the rows
   * ahead, j is asked for beside value j.
   */
  static void add_values(const View& value, int64_t at, int value_dim, int from, int end,
                         const float* weights, int step, int rows, float* out, RowsAhead ahead) {
    int width = V::round_up(value_dim);
    int i = 0;
    for (; i + 4 <= rows; i += 4) {
      some_values<4>(value, at, value_dim, from, end, weights + i * step, step, out + i * width, ahead);
      ahead.rows = 0;
    }
    for (; i + 2 <= rows; i += 2) {
      some_values<2>(value, at, value_dim, from, end, weights + i * step, step, out + i * width, ahead);
      ahead.rows = 0;
    }
    if (i < rows) {
      some_values<1>(value, at, value_dim, from, end, weights + i * step, step, out + i * width, ahead);
    }
  }

  /** Whether the values [from, end) are finite. */
  static bool finite(const View& value, int64_t at, int value_dim, int from, int end) {
    F zeros = F{};
    if constexpr (Reader::kScaled) {
      for (int j = from; j < end; j++) zeros += Reader::scale(value, at + j * value.strides[2]) * 0.0f;
      return zeros[0] == 0;
    }
    for (int j = from; j < end; j++) {
      int64_t row = at + j * value.strides[2];
      int d = 0;
      for (; d + V::kCount <= value_dim; d += V::kCount) zeros += Reader::whole(value, row + d) * 0.0f;
      if (d < value_dim) zeros += Reader::part(value, row + d, value_dim - d) * 0.0f;
    }
    return V::total(zeros) == 0;
  }

 private:
  static constexpr int kMostRows = V::kCount / 4;  // so that a vector holds scores of at least four keys

  template <int kRows>
  static void some_scores(const View& key, int64_t at, int key_dim, int from, int end, const float* query,
                          float* scores, int step, RowsAhead ahead) {
    constexpr int kKeys = V::kCount / kRows;
    int64_t stride = key.strides[2];
    int j = from;
    for (; j + kKeys <= end; j += kKeys) {
      int64_t first = at + j * stride;
      ahead.ask(j, kKeys);
      one_vector<kRows>(key, key_dim, query, scores + j, step, [=](int k) { return first + k * stride; });
    }
    for (int padded_end = V::round_up(end); j < padded_end; j += kKeys) {
      one_vector<kRows>(key, key_dim, query, scores + j, step, [=](int k) {
        return at + (j + k < end ? j + k : end - 1) * stride;  // nothing beyond the keys is read
      });
    }
  }

  /**
   * One vector of scores: kRows rows times kCount / kRows keys; key k begins at row(k). Key after key, as
   * they lie in memory: what lies ahead is then fetched while these are multiplied.
   */
  template <int kRows, class Row>
  static inline __attribute__((always_inline)) void one_vector(const View& key, int key_dim,
                                                               const float* query, float* scores, int step,
                                                               Row row) {
    constexpr int kKeys = V::kCount / kRows;
    constexpr int kPair = 2 * V::kCount;
    int width = V::round_up(key_dim);
    F partials[V::kCount / 4];  // [kRows][kKeys / 4]
    for (int k = 0; k < kKeys; k += 4) {
      F sums[kRows][4];
#pragma GCC unroll 4
      for (int i = 0; i < kRows; i++) {
        for (int n = 0; n < 4; n++) sums[i][n] = F{};
      }
      int whole = key_dim / kPair * kPair;
#pragma GCC unroll 4
      for (int n = 0; n < 4; n++) {
        int64_t element = row(k + n);
        for (int e = 0; e < whole; e += kPair) {
          Pair elements = Products::read(key, element + e);
#pragma GCC unroll 4
          for (int i = 0; i < kRows; i++) {
            sums[i][n] = Products::add(sums[i][n], Products::load(query + i * width + e), elements);
          }
        }
      }
      int d = whole;
      for (; d < key_dim; d += V::kCount) {
        int count = key_dim - d;
#pragma GCC unroll 4
        for (int n = 0; n < 4; n++) {
          int64_t element = row(k + n) + d;
          F line = count < V::kCount ? Reader::part(key, element, count) : Reader::whole(key, element);
#pragma GCC unroll 4
          for (int i = 0; i < kRows; i++) sums[i][n] += V::load(query + i * width + d) * line;
        }
      }
      if constexpr (Reader::kScaled) {
#pragma GCC unroll 4
        for (int n = 0; n < 4; n++) {
          float scale = Reader::scale(key, row(k + n));
          for (int i = 0; i < kRows; i++) sums[i][n] *= scale;
        }
      }
#pragma GCC unroll 4
      for (int i = 0; i < kRows; i++) partials[(i * kKeys + k) / 4] = V::partial_totals(sums[i]);
    }
    F totals = V::totals(partials);  // [kRows][kKeys]
    if constexpr (kRows == 1) {
      V::store(scores, totals);
    } else {
      float by_row[V::kCount];
      V::store(by_row, totals);
      for (int i = 0; i < kRows; i++) memcpy(scores + i * step, by_row + i * kKeys, sizeof(float) * kKeys);
    }
  }

  template <int kVectors>
  static inline __attribute__((always_inline)) void read(const View& view, int64_t at, F (&into)[kVectors]) {
#pragma GCC unroll 4
    for (int c = 0; c < kVectors; c += 2) Reader::pair(view, at + c * V::kCount, into[c], into[c + 1]);
  }

  template <int kRows>
  static void some_values(const View& value, int64_t at, int value_dim, int from, int end,
                          const float* weights, int step, float* out, RowsAhead ahead) {
    constexpr int kWide = kRows == 1 ? 8 : 4;
    int width = V::round_up(value_dim);
    int d = 0;
    for (; d + kWide * V::kCount <= value_dim; d += kWide * V::kCount) {
      columns<kRows, kWide>(value, at, d, V::kCount, from, end, weights, step, out + d, width, ahead);
      ahead.rows = 0;
    }
    for (; d + 4 * V::kCount <= value_dim; d += 4 * V::kCount) {
      columns<kRows, 4>(value, at, d, V::kCount, from, end, weights, step, out + d, width, ahead);
      ahead.rows = 0;
    }
    for (; d < value_dim; d += V::kCount) {
      int count = value_dim - d < V::kCount ? value_dim - d : V::kCount;
      columns<kRows, 1>(value, at, d, count, from, end, weights, step, out + d, width, ahead);
      ahead.rows = 0;
    }
  }

  /** kRows rows times kColumns vectors of values at d; `count` elements of a single one. */
  template <int kRows, int kColumns>
  static void columns(const View& value, int64_t first, int d, int count, int from, int end,
                      const float* weights, int step, float* out, int width, RowsAhead ahead) {
    int64_t at = first + d;
    F sums[kRows][kColumns];
#pragma GCC unroll 4
    for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 8
      for (int c = 0; c < kColumns; c++) sums[i][c] = V::load(out + i * width + c * V::kCount);
#pragma GCC unroll 4
      for (int c = 0; c + 1 < kColumns; c += 2) Reader::arrange(sums[i][c], sums[i][c + 1]);
    }
    for (int j = from; j < end; j++) {
      if (j % 4 == 0) ahead.ask(j, 4);
      int64_t row = at + j * value.strides[2];
      float scale = 1;
      if constexpr (Reader::kScaled) scale = Reader::scale(value, first + j * value.strides[2]);
      F lines[kColumns];
      if constexpr (kColumns == 1) {
        lines[0] = count < V::kCount ? Reader::part(value, row, count) : Reader::whole(value, row);
      } else {
        read<kColumns>(value, row, lines);
      }
#pragma GCC unroll 4
      for (int i = 0; i < kRows; i++) {
        F weight = V::splat(weights[i * step + j] * scale);
#pragma GCC unroll 8
        for (int c = 0; c < kColumns; c++) sums[i][c] += weight * lines[c];
      }
    }
#pragma GCC unroll 4
    for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 4
      for (int c = 0; c + 1 < kColumns; c += 2) Reader::restore(sums[i][c], sums[i][c + 1]);
#pragma GCC unroll 8
      for (int c = 0; c < kColumns; c++) V::store(out + i * width + c * V::kCount, sums[i][c]);
    }
  }
};

}  // namespace
}  // namespace attention4j

#endif
