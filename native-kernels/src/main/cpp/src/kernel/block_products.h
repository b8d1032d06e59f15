// Rows of f32 times a matrix of weights in blocks of 4 or 8 bits: see a4j_block_product.
//
// Rows are rounded to bytes first, so that bytes are multiplied by bytes and their sums are whole numbers.
// Weights stand as they are read: a vector holds four inputs of each of several outputs, which are
// multiplied by four bytes of a row, so that every output has a lane of its own and none is added up across.
// They are read strictly upwards, scales first: a step back costs a third of the rate at which memory is
// read.
#pragma once

#include "tiles.h"
#include "vectors.h"

namespace attention4j {
namespace {  // private to each instruction set's translation unit

#if defined(__AVX2__)

/** Sums of four products of an unsigned byte and a signed one in each lane. */
template <class Isa>
struct ByteDots {
#if defined(__AVX512F__)
  using Bytes = __m512i;

  static Bytes load(const uint8_t* from) {
    return _mm512_loadu_si512(from);
  }
  static Bytes splat(int32_t value) {
    return _mm512_set1_epi32(value);
  }
  static Bytes lower(Bytes both) {
    return _mm512_and_si512(both, _mm512_set1_epi8(15));
  }
  static Bytes upper(Bytes both) {
    return lower(_mm512_srli_epi16(both, 4));
  }
  static Bytes plus(Bytes a, Bytes b) {
    return _mm512_add_epi32(a, b);
  }
  static __m512 floats(Bytes words) {
    return _mm512_cvtepi32_ps(words);
  }

  /** Of weights below 16. */
  static Bytes add_small(Bytes sum, Bytes weights, Bytes row) {
#if defined(__AVX512VNNI__)
    return _mm512_dpbusd_epi32(sum, weights, row);
#else
    return scaled(sum, weights, row, 1);
  }

  static Bytes scaled(Bytes sum, Bytes weights, Bytes row, int16_t factor) {
    __m512i pairs = _mm512_maddubs_epi16(weights, row);
    return _mm512_add_epi32(sum, _mm512_madd_epi16(pairs, _mm512_set1_epi16(factor)));
#endif
  }
#else
  using Bytes = __m256i;

  static Bytes load(const uint8_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  static Bytes splat(int32_t value) {
    return _mm256_set1_epi32(value);
  }
  static Bytes lower(Bytes both) {
    return _mm256_and_si256(both, _mm256_set1_epi8(15));
  }
  static Bytes upper(Bytes both) {
    return lower(_mm256_srli_epi16(both, 4));
  }
  static Bytes plus(Bytes a, Bytes b) {
    return _mm256_add_epi32(a, b);
  }
  static __m256 floats(Bytes words) {
    return _mm256_cvtepi32_ps(words);
  }

  static Bytes add_small(Bytes sum, Bytes weights, Bytes row) {
    return scaled(sum, weights, row, 1);
  }

  static Bytes scaled(Bytes sum, Bytes weights, Bytes row, int16_t factor) {
    __m256i pairs = _mm256_maddubs_epi16(weights, row);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(factor)));
  }
#endif

  static Bytes add(Bytes sum, Bytes weights, Bytes row) {
#if defined(__AVX512VNNI__)
    return add_small(sum, weights, row);
#else
    // Two products of whole bytes may not fit into 16 bits; those of half ones do.
    return scaled(scaled(sum, lower(weights), row, 1), upper(weights), row, 16);
#endif
  }

  static Bytes four(const int8_t* row) {
    int32_t bytes;
    memcpy(&bytes, row, sizeof bytes);
    return splat(bytes);
  }
};

#endif

template <class Isa>
struct BlockProducts {
  using V = Lanes<Isa>;
  using F = typename V::F;

  /** One row of x: its bytes, and for each step its scale and its offset. */
  static void round_row(const BlockProductCall& call, int64_t row, void*) {
    const int32_t middle = 1 << (call.bits - 1);
    for (int64_t s = 0; s < call.steps; s++) {
      const int64_t first = s * kStepInputs, rest = call.inputs - first;
      alignas(64) float part[kStepInputs] = {};
      const float* step = call.x + row * call.inputs + first;
      if (rest < kStepInputs) {
        if (rest > 0) memcpy(part, step, sizeof(float) * static_cast<size_t>(rest));
        step = part;
      }
      const int64_t at = row * call.steps + s;
      call.offsets[at] = -middle * round_step(step, call.bytes + at * kStepInputs, call.scales + at);
    }
  }

  /** Some rows of some groups of outputs. */
  static void item(const BlockProductCall& call, int64_t item, void*) {
    const int64_t row_parts = (call.rows + call.rows_of_item - 1) / call.rows_of_item;
    const int64_t row = item % row_parts * call.rows_of_item;
    const int64_t row_end = row + call.rows_of_item < call.rows ? row + call.rows_of_item : call.rows;
    const int64_t groups = product_groups(call);
    const int64_t first = item / row_parts * call.groups_of_item;
    const int64_t end = first + call.groups_of_item < groups ? first + call.groups_of_item : groups;
    for (int64_t group = first; group < end; group++) {
      if (call.bits == 4) {
        group_of<4>(call, group, row, row_end);
      } else {
        group_of<8>(call, group, row, row_end);
      }
    }
  }

 private:
  static constexpr float kLeast = 1e-35f;  // below it, scale or inverse would not be normal

  /** Rounds kStepInputs elements; the sum of their bytes. */
  static int32_t round_step(const float* from, int8_t* to, float* scale) {
    float largest = 0, zeros = 0;
#if defined(__AVX2__)
    using W = Vectors<Isa>;
    F sizes = F{}, nothing = F{};
    for (int64_t i = 0; i < kStepInputs; i += V::kCount) {
      F line = V::load(from + i);
      sizes = W::larger(W::magnitude(line), sizes);
      nothing += line * 0.0f;
    }
    largest = W::largest(sizes);
    zeros = W::total(nothing);
#else
    for (int64_t i = 0; i < kStepInputs; i++) {
      const float size = __builtin_fabsf(from[i]);
      largest = size > largest ? size : largest;
      zeros += size * 0.0f;
    }
#endif
    if (zeros != 0 || largest < kLeast) {  // NaN is not 0 either
      memset(to, 0, kStepInputs);
      *scale = zeros != 0 ? __builtin_nanf("") : 0;
      return 0;
    }
    *scale = largest / 127;
    const float inverse = 127 / largest;
#if defined(__AVX2__)
    for (int64_t i = 0; i < kStepInputs; i += V::kCount) W::store_bytes(to + i, V::load(from + i) * inverse);
    __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(to));
    __m256i above = _mm256_xor_si256(bytes, _mm256_set1_epi8(-128));  // 128 more, without a sign
    __m256i four = _mm256_sad_epu8(above, _mm256_setzero_si256());
    __m128i two = _mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
    return _mm_cvtsi128_si32(two) + _mm_extract_epi32(two, 2) - 128 * static_cast<int32_t>(kStepInputs);
#else
    int32_t sum = 0;
    for (int64_t i = 0; i < kStepInputs; i++) {
      to[i] = static_cast<int8_t>(__builtin_lrintf(from[i] * inverse));
      sum += to[i];
    }
    return sum;
#endif
  }

#if defined(__AVX512VNNI__)
  static constexpr int kManyRows = 8;  // as many sums as fit into registers beside all else
#else
  static constexpr int kManyRows = 4;
#endif

  template <int kBits>
  static void group_of(const BlockProductCall& call, int64_t group, int64_t row, int64_t end) {
    if constexpr (kManyRows > 4) {
      for (; row + kManyRows <= end; row += kManyRows) tile<kBits, kManyRows>(call, group, row);
    }
    for (; row + 4 <= end; row += 4) tile<kBits, 4>(call, group, row);
    for (; row + 2 <= end; row += 2) tile<kBits, 2>(call, group, row);
    if (row < end) tile<kBits, 1>(call, group, row);
  }

  static float scale_of(const uint8_t* from) {
    float scale;
    memcpy(&scale, from, sizeof scale);
    return scale;
  }

  /** kRows rows times one group of outputs. */
  template <int kBits, int kRows>
  static void tile(const BlockProductCall& call, int64_t group, int64_t row) {
    constexpr int kParts = static_cast<int>(kGroupOutputs) / V::kCount;
    float out[kRows][kGroupOutputs];
    const int64_t blocks = call.steps * kStepInputs / call.block;
    const uint8_t* weights = call.weights + group * blocks * block_bytes(call);
    for (int part = 0; part < kParts; part++)
      columns<kBits, kRows>(call, weights, row, part * V::kCount, out);
    const int64_t first = group * kGroupOutputs;
    const int64_t rest = call.outputs - first < kGroupOutputs ? call.outputs - first : kGroupOutputs;
    for (int i = 0; i < kRows; i++) {
      if (call.bias != nullptr) {
        for (int64_t o = 0; o < rest; o++) out[i][o] += call.bias[first + o];
      }
      memcpy(call.y + (row + i) * call.outputs + first, out[i], sizeof(float) * static_cast<size_t>(rest));
    }
  }

  /** V::kCount outputs of a group, from lane on. */
  template <int kBits, int kRows>
  static inline __attribute__((always_inline)) void columns(const BlockProductCall& call,
                                                            const uint8_t* weights, int64_t row, int lane,
                                                            float (&out)[kRows][kGroupOutputs]) {
    constexpr int64_t kStepBytes = kGroupOutputs * kStepInputs * kBits / 8;
    F sums[kRows];
    for (int i = 0; i < kRows; i++) sums[i] = F{};
    const int64_t steps = call.block / kStepInputs;
    const int8_t* bytes = call.bytes + row * call.steps * kStepInputs;
    const float* scales = call.scales + row * call.steps;
    const int32_t* offsets = call.offsets + row * call.steps;
    const int64_t wide = call.steps * kStepInputs;
    for (int64_t s = 0; s < call.steps;) {
      F scale;
      memcpy(&scale, weights + 4 * lane, sizeof scale);
      weights += 4 * kGroupOutputs;
      for (int64_t end = s + steps; s < end; s++, weights += kStepBytes) {
        F dots[kRows];
        step<kBits, kRows>(weights + 4 * lane, bytes + s * kStepInputs, wide, offsets + s, call.steps, dots);
#pragma GCC unroll 8
        for (int i = 0; i < kRows; i++) sums[i] += dots[i] * (scale * scales[i * call.steps + s]);
      }
    }
    for (int i = 0; i < kRows; i++) V::store(out[i] + lane, sums[i]);
  }

  /** The products of a step: whole numbers, as f32. From row to row are `wide` bytes and `far` offsets. */
  template <int kBits, int kRows>
  static inline __attribute__((always_inline)) void step(const uint8_t* weights, const int8_t* bytes,
                                                         int64_t wide, const int32_t* offsets, int64_t far,
                                                         F (&dots)[kRows]) {
    constexpr int kVectors = static_cast<int>(kStepInputs) / 4 * kBits / 8;
#if defined(__AVX2__)
    using D = ByteDots<Isa>;
    constexpr int kChains = kRows == 1 ? 2 : 1;  // sums that do not wait for each other
    typename D::Bytes sums[kChains][kRows];
#pragma GCC unroll 8
    for (int i = 0; i < kRows; i++) {
      sums[kChains - 1][i] = D::splat(0);
      sums[0][i] = D::splat(offsets[i * far]);
    }
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) {
      const auto some = D::load(weights + 64 * v);
      if constexpr (kBits == 8) {
        auto& chain = sums[v % kChains];
#pragma GCC unroll 8
        for (int i = 0; i < kRows; i++) chain[i] = D::add(chain[i], some, D::four(bytes + i * wide + 4 * v));
      } else {
        const auto lower = D::lower(some), upper = D::upper(some);
        auto& other = sums[kChains - 1];
#pragma GCC unroll 8
        for (int i = 0; i < kRows; i++) {
          sums[0][i] = D::add_small(sums[0][i], lower, D::four(bytes + i * wide + 8 * v));
          other[i] = D::add_small(other[i], upper, D::four(bytes + i * wide + 8 * v + 4));
        }
      }
    }
#pragma GCC unroll 8
    for (int i = 0; i < kRows; i++) {
      if constexpr (kChains == 2) sums[0][i] = D::plus(sums[0][i], sums[1][i]);
      dots[i] = reinterpret_cast<F>(D::floats(sums[0][i]));
    }
#else
    for (int i = 0; i < kRows; i++) {
      const int8_t* own = bytes + i * wide;
      for (int o = 0; o < V::kCount; o++) {
        int32_t sum = offsets[i * far];
        for (int v = 0; v < kVectors; v++) {
          const uint8_t* some = weights + 64 * v + 4 * o;
          for (int j = 0; j < 4; j++) {
            if constexpr (kBits == 8) {
              sum += some[j] * own[4 * v + j];
            } else {
              sum += (some[j] & 15) * own[8 * v + j] + (some[j] >> 4) * own[8 * v + 4 + j];
            }
          }
        }
        dots[i][o] = static_cast<float>(sum);
      }
    }
#endif
  }
};

}  // namespace
}  // namespace attention4j
