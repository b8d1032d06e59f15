// The two products of decoding on rows of bytes, in integers: vector instructions multiply more of them.
//
// A query is rounded to 16 bits, in steps of 1/32767 of its largest element, and weights times the scales of
// their values to steps of 1/65535 of the largest of a run: both far below what rounding to bytes changed.
#pragma once

#include "mask_rows.h"
#include "readers.h"

#if defined(__AVX512BF16__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct ByteProducts {
  using V = Vectors<Isa>;
  using F = typename V::F;
  using Reader = Int8Reader<Isa>;

  /** From row to row of the queries: 16-bit elements, padded with 0, and a scale; in f32 before. */
  static int query_width(int key_dim) {
    int rounded = whole_words(key_dim) / 2 + V::kCount, padded = V::round_up(key_dim);
    return rounded > padded ? rounded : padded;
  }

  /** Rounds a row of the query, [key_dim padded] f32 with a sign, in place. */
  static void arrange(float* query, int key_dim) {
    F largest = F{}, zeros = F{};
    for (int d = 0; d < key_dim; d += V::kCount) {
      F line = V::load(query + d);
      largest = V::larger(V::magnitude(line), largest);
      zeros += line * 0.0f;
    }
    float size = V::largest(largest);
    bool finite = V::total(zeros) == 0;
    bool rounds = finite && size > 1e-30f;  // the inverse of less could be infinite
    float inverse = rounds ? kQuerySteps / size : 0;
    int padded = V::round_up(key_dim);
    for (int d = 0; d < whole_words(key_dim); d += V::kCount) {  // each vector is read before it is written
      F line = rounds && d < padded ? V::load(query + d) : F{};
      __m256i words = _mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(reinterpret_cast<__m512>(line * inverse)));
      memcpy(query + d / 2, &words, sizeof words);
    }
    query[whole_words(key_dim) / 2] = !finite ? __builtin_nanf("") : rounds ? size / kQuerySteps : 0;
  }

  /** As in DecodeProducts. */
  static void scores(const View& key, int64_t at, int key_dim, int from, int end, const float* query,
                     int rows, float* scores, int step, RowsAhead ahead) {
    int width = query_width(key_dim);
    for (int i = 0; i < rows;) {
      const float* of = query + i * width;
      float* to = scores + i * step;
      int done = i + 4 <= rows ? 4 : i + 2 <= rows ? 2 : 1;
      if (done == 4) some_scores<4, 0>(key, at, key_dim, from, end, of, to, step, ahead);
      if (done == 2) some_scores<2, 0>(key, at, key_dim, from, end, of, to, step, ahead);
      if (done == 1 && key_dim == 64) some_scores<1, 2>(key, at, key_dim, from, end, of, to, step, ahead);
      if (done == 1 && key_dim != 64) some_scores<1, 0>(key, at, key_dim, from, end, of, to, step, ahead);
      ahead.rows = 0;
      i += done;
    }
  }

  /** As in DecodeProducts; at most kRunKeys values. */
  static void add_values(const View& value, int64_t at, int value_dim, int from, int end,
                         const float* weights, int step, int rows, float* out, RowsAhead ahead) {
    int width = V::round_up(value_dim);
    int i = 0;
    for (; i + 2 <= rows; i += 2) {
      some_values<2>(value, at, value_dim, from, end, weights + i * step, step, out + i * width, ahead);
      ahead.rows = 0;
    }
    if (i < rows) {
      some_values<1>(value, at, value_dim, from, end, weights + i * step, step, out + i * width, ahead);
    }
  }

  /** Whether the values [from, end) are finite. */
  static bool finite(const View& value, int64_t at, int, int from, int end) {
    float zeros = 0;
    for (int j = from; j < end; j++) zeros += Reader::scale(value, at + j * value.strides[2]) * 0.0f;
    return zeros == 0;
  }

 private:
  static constexpr float kQuerySteps = 32767;
  static constexpr float kWeightSteps = 65535;
  static constexpr int kScales = 64;
  static constexpr int kWords = 2 * V::kCount;  // 16-bit elements of a vector

  static int whole_words(int key_dim) { return (key_dim + kWords - 1) / kWords * kWords; }

  static const int8_t* bytes(const View& view, int64_t row) {
    return static_cast<const int8_t*>(view.data) + row;
  }

  static __m512i words(const int8_t* from) {
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }

  static __m512i words_part(const int8_t* from, int count) {
    return _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8((__mmask32{1} << count) - 1, from));
  }

  template <int kRows, int kWhole>
  static void some_scores(const View& key, int64_t at, int key_dim, int from, int end, const float* query,
                          float* scores, int step, RowsAhead ahead) {
    constexpr int kKeys = V::kCount / kRows;
    int64_t stride = key.strides[2];
    for (int block = from; block < end; block += kScales) {
      int last = end - block < kScales ? end : block + kScales;
      alignas(64) float scales[kScales] = {};  // a vector that is read right after its lanes would wait
      for (int j = block; j < last; j++) scales[j - block] = Reader::scale(key, at + j * stride);
      int j = block;
      for (; j + kKeys <= last; j += kKeys) {
        int64_t first = at + j * stride;
        ahead.ask(j, kKeys);
        one_vector<kRows, kWhole>(key, key_dim, query, scales + (j - block), scores + j, step,
                                  [=](int k) { return first + k * stride; });
      }
      for (int padded_end = V::round_up(last); j < padded_end; j += kKeys) {
        one_vector<kRows, kWhole>(key, key_dim, query, scales + (j - block), scores + j, step, [=](int k) {
          return at + (j + k < end ? j + k : end - 1) * stride;  // nothing beyond the keys is read
        });
      }
    }
  }

  /** One vector of scores, kRows times kCount / kRows keys, of kWhole vectors of words or, with 0, of any. */
  template <int kRows, int kWhole, class Row>
  static inline __attribute__((always_inline)) void one_vector(const View& key, int key_dim,
                                                               const float* query, const float* scales,
                                                               float* scores, int step, Row row) {
    constexpr int kKeys = V::kCount / kRows;
    int width = query_width(key_dim);
    __m512i partials[V::kCount / 4];  // [kRows][kKeys / 4]
    for (int k = 0; k < kKeys; k += 4) {
      __m512i sums[kRows][4];
#pragma GCC unroll 4
      for (int n = 0; n < 4; n++) {
        const int8_t* from = bytes(key, row(k + n));
#pragma GCC unroll 4
        for (int i = 0; i < kRows; i++) sums[i][n] = _mm512_setzero_si512();
        if constexpr (kWhole > 0) {
#pragma GCC unroll 4
          for (int e = 0; e < kWhole; e++) {
            sums[0][n] = _mm512_dpwssd_epi32(sums[0][n], words(from + e * kWords),
                                             _mm512_loadu_si512(query + e * V::kCount));
          }
        } else {
          for (int e = 0; e < key_dim; e += kWords) {
            __m512i line = key_dim - e >= kWords ? words(from + e) : words_part(from + e, key_dim - e);
#pragma GCC unroll 4
            for (int i = 0; i < kRows; i++) {
              __m512i of = _mm512_loadu_si512(query + i * width + e / 2);
              sums[i][n] = _mm512_dpwssd_epi32(sums[i][n], line, of);
            }
          }
        }
      }
#pragma GCC unroll 4
      for (int i = 0; i < kRows; i++) partials[(i * kKeys + k) / 4] = partial_totals(sums[i]);
    }
    // 256 products of 127 and 32767 are below 2^31
    F found = reinterpret_cast<F>(_mm512_cvtepi32_ps(totals(partials)));
    if constexpr (kRows == 1) {
      V::store(scores, found * V::load(scales) * query[whole_words(key_dim) / 2]);
    } else {
      float by_row[V::kCount];
      V::store(by_row, found);
      for (int i = 0; i < kRows; i++) {
        float scale = query[i * width + whole_words(key_dim) / 2];
        for (int k = 0; k < kKeys; k++) scores[i * step + k] = by_row[i * kKeys + k] * scales[k] * scale;
      }
    }
  }

  /** Vectors::partial_totals and totals in integers. */
  static inline __attribute__((always_inline)) __m512i partial_totals(const __m512i (&rows)[4]) {
    __m512i ab =
        _mm512_add_epi32(_mm512_unpacklo_epi32(rows[0], rows[1]), _mm512_unpackhi_epi32(rows[0], rows[1]));
    __m512i cd =
        _mm512_add_epi32(_mm512_unpacklo_epi32(rows[2], rows[3]), _mm512_unpackhi_epi32(rows[2], rows[3]));
    return _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
  }

  static inline __attribute__((always_inline)) __m512i totals(const __m512i (&partials)[V::kCount / 4]) {
    __m512i a = partials[0], b = partials[1], c = partials[2], d = partials[3];
    __m512i ab = _mm512_add_epi32(_mm512_shuffle_i32x4(a, b, 0x44), _mm512_shuffle_i32x4(a, b, 0xee));
    __m512i cd = _mm512_add_epi32(_mm512_shuffle_i32x4(c, d, 0x44), _mm512_shuffle_i32x4(c, d, 0xee));
    return _mm512_add_epi32(_mm512_shuffle_i32x4(ab, cd, 0x88), _mm512_shuffle_i32x4(ab, cd, 0xdd));
  }

  /** Weights times the scales of their values as `unit` times the 16 bits of two bytes, one in each plane. */
  template <int kRows>
  struct Weights {
    alignas(64) uint8_t high[kRows][kRunKeys + 4];  // by key - from; whole groups of four
    alignas(64) uint8_t low[kRows][kRunKeys + 4];
    float unit[kRows];
  };

  template <int kRows>
  static void some_values(const View& value, int64_t at, int value_dim, int from, int end,
                          const float* weights, int step, float* out, RowsAhead ahead) {
    int width = V::round_up(value_dim);
    Weights<kRows> rounded;
    if (!round_weights<kRows>(value, at, from, end, weights, step, rounded)) {
      return seen_values<kRows>(value, at, value_dim, from, end, weights, step, out);
    }
    for (int d = 0; d < value_dim; d += kBlock) {
      columns<kRows>(value, at, d, value_dim - d, from, end, rounded, out, width, ahead);
      ahead.rows = 0;
    }
  }

  /** False if a product is NaN, infinite or, with a scale that nobody here wrote, negative. */
  template <int kRows>
  static bool round_weights(const View& value, int64_t at, int from, int end, const float* weights, int step,
                            Weights<kRows>& rounded) {
    alignas(64) float scales[kRunKeys + V::kCount];
    int keys = end - from;
    for (int j = 0; j < keys; j++) scales[j] = Reader::scale(value, at + (from + j) * value.strides[2]);
    for (int j = keys; j < V::round_up(keys); j++) scales[j] = 0;
    for (int i = 0; i < kRows; i++) {
      float products[kRunKeys + V::kCount];
      F largest = F{}, zeros = F{};
      __mmask16 negative = 0;
      for (int j = 0; j < keys; j += V::kCount) {
        int count = keys - j < V::kCount ? keys - j : V::kCount;
        F product = V::load_part(weights + i * step + from + j, count) * V::load(scales + j);
        V::store(products + j, product);
        largest = V::larger(product, largest);
        zeros += product * 0.0f;
        negative |= _mm512_movepi32_mask(reinterpret_cast<__m512i>(product + 0.0f));
      }
      float size = V::largest(largest);
      if (negative != 0 || V::total(zeros) != 0) return false;
      float inverse = size > 1e-30f ? kWeightSteps / size : 0;
      rounded.unit[i] = size > 1e-30f ? size / kWeightSteps : 0;
      for (int j = 0; j < keys; j += V::kCount) {
        F product = V::load(products + j) * inverse;
        __m512i steps = _mm512_cvtps_epi32(reinterpret_cast<__m512>(product));
        __m128i high = _mm512_cvtusepi32_epi8(_mm512_srli_epi32(steps, 8));
        __m128i low = _mm512_cvtepi32_epi8(steps);
        int count = (keys - j + 3) / 4 * 4;
        __mmask16 some = static_cast<__mmask16>(count < V::kCount ? (1u << count) - 1u : 0xffffu);
        _mm_mask_storeu_epi8(rounded.high[i] + j, some, high);
        _mm_mask_storeu_epi8(rounded.low[i] + j, some, low);
      }
    }
    return true;
  }

  static constexpr int kBlock = 64;  // elements of a row that are read at once

  /** kRows rows times a block of values at d, of which `rest` or more elements are there. */
  template <int kRows>
  static void columns(const View& value, int64_t at, int d, int rest, int from, int end,
                      const Weights<kRows>& rounded, float* out, int width, RowsAhead ahead) {
    __mmask64 own = rest < kBlock ? (__mmask64{1} << rest) - 1 : ~__mmask64{0};
    __m512i high[kRows][4], low[kRows][4];
#pragma GCC unroll 2
    for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 4
      for (int c = 0; c < 4; c++) high[i][c] = low[i][c] = _mm512_setzero_si512();
    }
    int64_t stride = value.strides[2];
    const int8_t* first = bytes(value, at + d);
    for (int j = from; j < end; j += 4) {
      ahead.ask(j, 4);
      __m512i rows[4];
#pragma GCC unroll 4
      for (int n = 0; n < 4; n++) {  // beyond the last weights are 0, but there may be nothing to read
        rows[n] = _mm512_maskz_loadu_epi8(own, first + (j + n < end ? j + n : end - 1) * stride);
      }
      // Neighbours become the bytes of four keys: lane m of quarter q of by[c] is d = 16 q + 4 c + m.
      __m512i a = _mm512_unpacklo_epi8(rows[0], rows[1]), b = _mm512_unpackhi_epi8(rows[0], rows[1]);
      __m512i e = _mm512_unpacklo_epi8(rows[2], rows[3]), f = _mm512_unpackhi_epi8(rows[2], rows[3]);
      __m512i by[4] = {_mm512_unpacklo_epi16(a, e), _mm512_unpackhi_epi16(a, e), _mm512_unpacklo_epi16(b, f),
                       _mm512_unpackhi_epi16(b, f)};
#pragma GCC unroll 2
      for (int i = 0; i < kRows; i++) {
        int32_t four_high, four_low;
        memcpy(&four_high, rounded.high[i] + (j - from), sizeof four_high);
        memcpy(&four_low, rounded.low[i] + (j - from), sizeof four_low);
        __m512i of_high = _mm512_set1_epi32(four_high), of_low = _mm512_set1_epi32(four_low);
#pragma GCC unroll 4
        for (int c = 0; c < 4; c++) {
          high[i][c] = _mm512_dpbusd_epi32(high[i][c], of_high, by[c]);
          low[i][c] = _mm512_dpbusd_epi32(low[i][c], of_low, by[c]);
        }
      }
    }
#pragma GCC unroll 2
    for (int i = 0; i < kRows; i++) {
      F sums[4];
      for (int c = 0; c < 4; c++) {  // of 256 products of 65535 and 128 at most
        __m512i both = _mm512_add_epi32(_mm512_slli_epi32(high[i][c], 8), low[i][c]);
        sums[c] = reinterpret_cast<F>(_mm512_cvtepi32_ps(both)) * rounded.unit[i];
      }
      turn_quarters(sums);
      for (int c = 0; c < 4 && c * V::kCount < rest; c++) {
        float* to = out + i * width + d + c * V::kCount;
        V::store(to, V::load(to) + sums[c]);
      }
    }
  }

  /** Quarter q of vector c becomes quarter c of vector q. */
  static void turn_quarters(F (&x)[4]) {
    __m512 a = reinterpret_cast<__m512>(x[0]), b = reinterpret_cast<__m512>(x[1]);
    __m512 c = reinterpret_cast<__m512>(x[2]), d = reinterpret_cast<__m512>(x[3]);
    __m512 ab_even = _mm512_shuffle_f32x4(a, b, 0x88), ab_odd = _mm512_shuffle_f32x4(a, b, 0xdd);
    __m512 cd_even = _mm512_shuffle_f32x4(c, d, 0x88), cd_odd = _mm512_shuffle_f32x4(c, d, 0xdd);
    x[0] = reinterpret_cast<F>(_mm512_shuffle_f32x4(ab_even, cd_even, 0x88));
    x[1] = reinterpret_cast<F>(_mm512_shuffle_f32x4(ab_odd, cd_odd, 0x88));
    x[2] = reinterpret_cast<F>(_mm512_shuffle_f32x4(ab_even, cd_even, 0xdd));
    x[3] = reinterpret_cast<F>(_mm512_shuffle_f32x4(ab_odd, cd_odd, 0xdd));
  }

  /** What integers cannot say: NaN and infinity come through, one value after the other. */
  template <int kRows>
  static void seen_values(const View& value, int64_t at, int value_dim, int from, int end,
                          const float* weights, int step, float* out) {
    int width = V::round_up(value_dim);
    for (int i = 0; i < kRows; i++) {
      for (int j = from; j < end; j++) {
        int64_t row = at + j * value.strides[2];
        for (int d = 0; d < value_dim; d += V::kCount) {
          float* to = out + i * width + d;
          F line = row_line<Isa>(Reader{}, value, row, d, value_dim - d);
          V::store(to, V::load(to) + line * weights[i * step + j]);
        }
      }
    }
  }
};

}  // namespace
}  // namespace attention4j

#endif
