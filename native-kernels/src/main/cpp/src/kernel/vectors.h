// What the fast paths need beyond lanes.h, written out for AVX-512 and for AVX2 with FMA. Together with
// micro.h and pair_products.h these are the only files with intrinsics on the way forward.
#pragma once

#if defined(__AVX2__)

#include <immintrin.h>

#include "tiles.h"

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct Vectors : Lanes<Isa> {
  using Base = Lanes<Isa>;
  using F = typename Base::F;
  using I = typename Base::I;
  using Base::kCount;
  using Base::splat;
  using Halves = typename Isa::Halves;

  /** 2^x to 1e-7, or 3e-6 for bf16; exact for x = 0; 0 far below 2^-126. NaN stays NaN. */
  template <bool kForBfloat16 = false>
  static F exp2(F x) {
#if defined(__AVX512F__)
    // The order of the operands keeps NaN; -200 keeps infinity out of the subtraction.
    __m512 clamped = _mm512_max_ps(_mm512_set1_ps(-200.0f), raw(x));
    __m512 whole = _mm512_roundscale_ps(clamped, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    F fraction = cooked(_mm512_sub_ps(clamped, whole));
    return cooked(_mm512_scalef_ps(raw(exp2_fraction<kForBfloat16>(fraction)), whole));
#else
    F clamped = cooked(_mm256_max_ps(_mm256_set1_ps(-126.0f), raw(x)));
    __m256 whole = _mm256_round_ps(raw(clamped), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    F fraction = clamped - cooked(whole);
    I exponent = reinterpret_cast<I>(_mm256_slli_epi32(_mm256_cvtps_epi32(whole), 23));
    F result = Base::floats(Base::bits(exp2_fraction<kForBfloat16>(fraction)) + exponent);
    result = x <= -126.0f ? F{} : result;
    return x != x ? x : result;
#endif
  }

  /** The larger one; `b` where either is NaN. */
  static F larger(F a, F b) {
#if defined(__AVX512F__)
    return cooked(_mm512_max_ps(raw(a), raw(b)));
#else
    return cooked(_mm256_max_ps(raw(a), raw(b)));
#endif
  }

  static F magnitude(F x) {
    return Base::floats(Base::bits(x) & 0x7fffffffu);
  }

  /** Lane i is `a` if bit i is set, else `b`. */
  static F select(uint64_t bits, F a, F b) {
#if defined(__AVX512F__)
    return cooked(_mm512_mask_blend_ps(static_cast<__mmask16>(bits), raw(b), raw(a)));
#else
    const I lane_bit = {1, 2, 4, 8, 16, 32, 64, 128};
    I chosen = (lane_bit & static_cast<uint32_t>(bits)) != 0u;
    return Base::floats((Base::bits(a) & chosen) | (Base::bits(b) & ~chosen));
#endif
  }

  static float largest(F x) {
#if defined(__AVX512F__)
    __m256 half = _mm256_max_ps(_mm512_castps512_ps256(raw(x)), _mm512_extractf32x8_ps(raw(x), 1));
#else
    __m256 half = raw(x);
#endif
    __m128 quarter = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    quarter = _mm_max_ps(quarter, _mm_movehl_ps(quarter, quarter));
    return _mm_cvtss_f32(_mm_max_ss(quarter, _mm_movehdup_ps(quarter)));
  }

  static float total(F x) {
#if defined(__AVX512F__)
    __m256 half = _mm256_add_ps(_mm512_castps512_ps256(raw(x)), _mm512_extractf32x8_ps(raw(x), 1));
#else
    __m256 half = raw(x);
#endif
    __m128 quarter = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    quarter = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
    return _mm_cvtss_f32(_mm_add_ss(quarter, _mm_movehdup_ps(quarter)));
  }

  /** `count` elements, and 0 in the other lanes; nothing beyond them is read. */
  static F load_part(const float* from, int count) {
#if defined(__AVX512F__)
    return cooked(_mm512_maskz_loadu_ps(first_lanes(count), from));
#else
    return cooked(_mm256_maskload_ps(from, first_lanes(count)));
#endif
  }

  static void store_part(float* to, F value, int count) {
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(to, first_lanes(count), raw(value));
#else
    _mm256_maskstore_ps(to, first_lanes(count), raw(value));
#endif
  }

  static Halves load_halves(const uint16_t* from) {
    Halves value;
    memcpy(&value, from, sizeof value);
    return value;
  }

  static Halves load_halves_part(const uint16_t* from, int count) {
#if defined(__AVX512F__)
    return reinterpret_cast<Halves>(_mm256_maskz_loadu_epi16(first_lanes(count), from));
#else
    Halves value = {};
    memcpy(&value, from, sizeof(uint16_t) * static_cast<size_t>(count));
    return value;
#endif
  }

#if defined(__AVX512F__)
  /** `count` 16-bit elements, two in a lane, and 0 beyond them. */
  static F load_pairs_part(const uint16_t* from, int count) {
    __m512i pairs = _mm512_maskz_loadu_epi16((__mmask32{1} << count) - 1, from);
    return reinterpret_cast<F>(pairs);
  }
#endif

  /** Signed bytes. */
  static F load_bytes(const int8_t* from) {
#if defined(__AVX512F__)
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return cooked(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes)));
#else
    __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
    return cooked(_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)));
#endif
  }

  static F load_bytes_part(const int8_t* from, int count) {
#if defined(__AVX512F__)
    __m128i bytes = _mm_maskz_loadu_epi8(first_lanes(count), from);
    return cooked(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes)));
#else
    int8_t bytes[kCount] = {};
    memcpy(bytes, from, static_cast<size_t>(count));
    return load_bytes(bytes);
#endif
  }

  /** To signed bytes, rounded to nearest, ties to even. */
  static void store_bytes(int8_t* to, F x) {
#if defined(__AVX512F__)
    __m128i bytes = _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(raw(x)));
    memcpy(to, &bytes, sizeof bytes);
#else
    __m256i words = _mm256_cvtps_epi32(raw(x));
    __m128i halves = _mm_packs_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packs_epi16(halves, halves));
#endif
  }

  static I widened(Halves halves) {
#if defined(__AVX512F__)
    return reinterpret_cast<I>(_mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(halves)));
#else
    return reinterpret_cast<I>(_mm256_cvtepu16_epi32(reinterpret_cast<__m128i>(halves)));
#endif
  }

  /** The lower half of each lane. */
  static Halves narrowed(I lanes) {
#if defined(__AVX512F__)
    return reinterpret_cast<Halves>(_mm512_cvtepi32_epi16(reinterpret_cast<__m512i>(lanes)));
#else
    __m256i words = reinterpret_cast<__m256i>(lanes & 0xffffu);
    __m128i low = _mm256_castsi256_si128(words), high = _mm256_extracti128_si256(words, 1);
    return reinterpret_cast<Halves>(_mm_packus_epi32(low, high));
#endif
  }

  static F from_bfloat16s(Halves halves) {
    return Base::floats(widened(halves) << 16);
  }

  /** 2 kCount neighbouring bf16: those at even places and those at odd ones. */
  static void load_bfloat16_pairs(const uint16_t* from, F& even, F& odd) {
    I pairs;
    memcpy(&pairs, from, sizeof pairs);
    even = Base::floats(pairs << 16);
    odd = Base::floats(pairs & 0xffff0000u);
  }

  /** a: elements [0, kCount) in order, b: the next ones; they become those at even and at odd places. */
  static void split_pairs(F& a, F& b) {
#if defined(__AVX512F__)
    const __m512i evens = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odds = _mm512_or_si512(evens, _mm512_set1_epi32(1));
    F even = cooked(_mm512_permutex2var_ps(raw(a), evens, raw(b)));
    b = cooked(_mm512_permutex2var_ps(raw(a), odds, raw(b)));
    a = even;
#else
    __m256d evens = _mm256_castps_pd(_mm256_shuffle_ps(raw(a), raw(b), 0x88));
    __m256d odds = _mm256_castps_pd(_mm256_shuffle_ps(raw(a), raw(b), 0xdd));
    a = cooked(_mm256_castpd_ps(_mm256_permute4x64_pd(evens, 0xd8)));
    b = cooked(_mm256_castpd_ps(_mm256_permute4x64_pd(odds, 0xd8)));
#endif
  }

  /** The way back from split_pairs. */
  static void join_pairs(F& even, F& odd) {
#if defined(__AVX512F__)
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
    F first = cooked(_mm512_permutex2var_ps(raw(even), low, raw(odd)));
    odd = cooked(_mm512_permutex2var_ps(raw(even), high, raw(odd)));
    even = first;
#else
    __m256 low = _mm256_unpacklo_ps(raw(even), raw(odd)), high = _mm256_unpackhi_ps(raw(even), raw(odd));
    even = cooked(_mm256_permute2f128_ps(low, high, 0x20));
    odd = cooked(_mm256_permute2f128_ps(low, high, 0x31));
#endif
  }

  /** Rounds to nearest, ties to even; NaN stays a quiet NaN; subnormals are kept. */
  static Halves to_bfloat16s(F x) {
    I bits = Base::bits(x);
    I rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    I quiet = (bits >> 16) | 0x40u;
    return narrowed(x != x ? quiet : rounded);
  }

  /** Rounds to nearest, ties to even. */
  static Halves to_float16s(F x) {
#if defined(__AVX512F__)
    return reinterpret_cast<Halves>(_mm512_cvtps_ph(raw(x), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
#else
    Halves result = {};
    for (int i = 0; i < kCount; i++) result[i] = to_float16(x[i]);
    return result;
#endif
  }

  /** rows[i] lane j becomes rows[j] lane i. */
  static void transpose(F (&rows)[kCount]) {
#if defined(__AVX512F__)
    for (int block = 0; block < 16; block += 4) transpose_quarters<__m512>(rows + block);
    for (int i = 0; i < 4; i++) {  // then the 4x4 blocks themselves
      __m512 a = raw(rows[i]), b = raw(rows[4 + i]), c = raw(rows[8 + i]), d = raw(rows[12 + i]);
      __m512 ab_even = _mm512_shuffle_f32x4(a, b, 0x88), ab_odd = _mm512_shuffle_f32x4(a, b, 0xdd);
      __m512 cd_even = _mm512_shuffle_f32x4(c, d, 0x88), cd_odd = _mm512_shuffle_f32x4(c, d, 0xdd);
      rows[i] = cooked(_mm512_shuffle_f32x4(ab_even, cd_even, 0x88));
      rows[4 + i] = cooked(_mm512_shuffle_f32x4(ab_odd, cd_odd, 0x88));
      rows[8 + i] = cooked(_mm512_shuffle_f32x4(ab_even, cd_even, 0xdd));
      rows[12 + i] = cooked(_mm512_shuffle_f32x4(ab_odd, cd_odd, 0xdd));
    }
#else
    for (int block = 0; block < 8; block += 4) transpose_quarters<__m256>(rows + block);
    for (int i = 0; i < 4; i++) {
      __m256 a = raw(rows[i]), b = raw(rows[4 + i]);
      rows[i] = cooked(_mm256_permute2f128_ps(a, b, 0x20));
      rows[4 + i] = cooked(_mm256_permute2f128_ps(a, b, 0x31));
    }
#endif
  }

  /** Four sums in kCount / 4 parts: adding up lanes i, 4 + i, ... gives the sum of all lanes of rows[i]. */
  static inline __attribute__((always_inline)) F partial_totals(const F (&rows)[4]) {
#if defined(__AVX512F__)
    __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(raw(rows[0]), raw(rows[1])),
                              _mm512_unpackhi_ps(raw(rows[0]), raw(rows[1])));
    __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(raw(rows[2]), raw(rows[3])),
                              _mm512_unpackhi_ps(raw(rows[2]), raw(rows[3])));
    return cooked(_mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xee)));
#else
    return cooked(_mm256_hadd_ps(_mm256_hadd_ps(raw(rows[0]), raw(rows[1])),
                                 _mm256_hadd_ps(raw(rows[2]), raw(rows[3]))));
#endif
  }

  /** The totals of partials[0], then those of partials[1], and so on. */
  static inline __attribute__((always_inline)) F totals(const F (&partials)[kCount / 4]) {
#if defined(__AVX512F__)
    __m512 a = raw(partials[0]), b = raw(partials[1]), c = raw(partials[2]), d = raw(partials[3]);
    __m512 ab = _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xee));
    __m512 cd = _mm512_add_ps(_mm512_shuffle_f32x4(c, d, 0x44), _mm512_shuffle_f32x4(c, d, 0xee));
    return cooked(_mm512_add_ps(_mm512_shuffle_f32x4(ab, cd, 0x88), _mm512_shuffle_f32x4(ab, cd, 0xdd)));
#else
    return cooked(_mm256_add_ps(_mm256_permute2f128_ps(raw(partials[0]), raw(partials[1]), 0x20),
                                _mm256_permute2f128_ps(raw(partials[0]), raw(partials[1]), 0x31)));
#endif
  }

  /** Bit i is set if byte i is not 0. */
  static uint64_t nonzero_bytes(const uint8_t* from) {
#if defined(__AVX512F__)
    __m512i bytes = _mm512_loadu_si512(from);
    return _mm512_test_epi8_mask(bytes, bytes);
#else
    uint64_t zeros = 0;
    for (int half = 0; half < 2; half++) {
      __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + 32 * half));
      __m256i zero = _mm256_cmpeq_epi8(bytes, _mm256_setzero_si256());
      zeros |= static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(zero))) << (32 * half);
    }
    return ~zeros;
#endif
  }

#if defined(__AVX512F__)
  static F from_float16s(Halves halves) {
    return cooked(_mm512_cvtph_ps(reinterpret_cast<__m256i>(halves)));
  }
#else
  static F from_float16s(Halves halves) {
    F result = F{};
    for (int i = 0; i < kCount; i++) result[i] = from_float16(halves[i]);
    return result;
  }
#endif

 private:
  /** 2^f for |f| <= 1/2: the minimax polynomial of degree 6 or 4 among those that are 1 at 0. */
  template <bool kForBfloat16>
  static F exp2_fraction(F f) {
    if constexpr (kForBfloat16) {
      F p = splat(9.582853e-3f);
      p = p * f + 5.5906426e-2f;
      p = p * f + 0.24024099f;
      p = p * f + 0.6931242f;
      return p * f + 1.0f;
    }
    F p = splat(1.5353362e-4f);
    p = p * f + 1.3398875e-3f;
    p = p * f + 9.618437e-3f;
    p = p * f + 5.5503324e-2f;
    p = p * f + 0.24022648f;
    p = p * f + 0.6931472f;
    return p * f + 1.0f;
  }

#if defined(__AVX512F__)
  using Raw = __m512;
  static __mmask16 first_lanes(int count) {
    return static_cast<__mmask16>((1u << count) - 1u);
  }
  static __m512 low_pairs(__m512 a, __m512 b) {
    return _mm512_unpacklo_ps(a, b);
  }
  static __m512 high_pairs(__m512 a, __m512 b) {
    return _mm512_unpackhi_ps(a, b);
  }
  static __m512 low_halves(__m512 a, __m512 b) {
    return _mm512_shuffle_ps(a, b, 0x44);
  }
  static __m512 high_halves(__m512 a, __m512 b) {
    return _mm512_shuffle_ps(a, b, 0xee);
  }
#else
  using Raw = __m256;
  static __m256i first_lanes(int count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static __m256 low_pairs(__m256 a, __m256 b) {
    return _mm256_unpacklo_ps(a, b);
  }
  static __m256 high_pairs(__m256 a, __m256 b) {
    return _mm256_unpackhi_ps(a, b);
  }
  static __m256 low_halves(__m256 a, __m256 b) {
    return _mm256_shuffle_ps(a, b, 0x44);
  }
  static __m256 high_halves(__m256 a, __m256 b) {
    return _mm256_shuffle_ps(a, b, 0xee);
  }
#endif

  static Raw raw(F x) {
    return reinterpret_cast<Raw>(x);
  }
  static F cooked(Raw x) {
    return reinterpret_cast<F>(x);
  }

  /** Transposes each 128-bit quarter (or half) of four rows as a 4x4 block. */
  template <class R>
  static void transpose_quarters(F* rows) {
    R a = low_pairs(raw(rows[0]), raw(rows[1])), b = high_pairs(raw(rows[0]), raw(rows[1]));
    R c = low_pairs(raw(rows[2]), raw(rows[3])), d = high_pairs(raw(rows[2]), raw(rows[3]));
    rows[0] = cooked(low_halves(a, c));
    rows[1] = cooked(high_halves(a, c));
    rows[2] = cooked(low_halves(b, d));
    rows[3] = cooked(high_halves(b, d));
  }
};

}  // namespace
}  // namespace attention4j

#endif
