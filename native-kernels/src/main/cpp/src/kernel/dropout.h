// Dropout of attention weights. Whether weight n of [batch, heads, queries, keys] falls is a pure
// function of (seed, site, n), the same as in org.attention4j.op.Dropout, bit for bit:
//
//   h = ((n + first_key)^5 + second_key)^5   in the field of 2^31 - 1 elements;  falls if h < threshold
//
// x^5 is a permutation of that field. Its size is a Mersenne number, so that a product is reduced by
// adding its upper bits to its lower ones: six products for each weight, in 32-bit lanes.
#pragma once

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "../problem.h"
#include "lanes.h"

namespace attention4j {
namespace {  // private to each instruction set's translation unit

/** Draws the factors of consecutive weights of one row: 0, or 1 / (1 - probability). */
template <class Isa>
class DropoutRow {
 public:
  using V = Lanes<Isa>;
  using F = typename V::F;
  using I = typename V::I;

  DropoutRow(const Problem& problem, int64_t batch, int64_t head, int64_t query, int64_t key)
      : DropoutRow(problem.dropout,
                   static_cast<uint64_t>((batch * problem.heads + head) * problem.queries + query) *
                           static_cast<uint64_t>(problem.keys) +
                       static_cast<uint64_t>(key)) {}

  /** From weight number `first` on. */
  DropoutRow(const DropoutPlan& plan, uint64_t first) : plan_(plan) {
    uint32_t shifted = static_cast<uint32_t>((first % kDropoutPrime + plan_.first_key) % kDropoutPrime);
    I index;
    for (uint32_t lane = 0; lane < static_cast<uint32_t>(V::kCount); lane++) index[lane] = shifted + lane;
    index_ = reduced(index);
  }

  /** The factors of the next weights, as many as a vector holds. */
  F next() {
    I hash = fifth_power(reduced(fifth_power(index_) + plan_.second_key));
    index_ = reduced(index_ + static_cast<uint32_t>(V::kCount));
    using Signed = decltype(hash < hash);
    Signed falls = reinterpret_cast<Signed>(hash) < static_cast<int32_t>(plan_.threshold);
    return falls ? F{} : V::splat(plan_.factor);
  }

 private:
  /** Of x below 2^32 - 1: what the field has in its place. */
  static I reduced(I x) {
    I less = x - static_cast<uint32_t>(kDropoutPrime);
    return less < x ? less : x;  // the subtraction wraps around where x was small enough
  }

  static I fifth_power(I x) {
    I square = product(x, x);
    return product(product(square, square), x);
  }

  static I product(I a, I b) {
    I low;
    I high;
    wide_products(a + a, b, low, high);  // of 2a, so that the border between the words is at bit 31
    return reduced((low >> 1) + high);
  }

#if defined(__AVX512F__)
  static void wide_products(I a, I b, I& low, I& high) {
    __m512i x = reinterpret_cast<__m512i>(a);
    __m512i y = reinterpret_cast<__m512i>(b);
    __m512i even = _mm512_mul_epu32(x, y);
    __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(x, 32), _mm512_srli_epi64(y, 32));
    low = reinterpret_cast<I>(_mm512_mask_shuffle_epi32(even, 0xaaaa, odd, _MM_PERM_CCAA));
    high = reinterpret_cast<I>(_mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB));
  }
#elif defined(__AVX2__)
  static void wide_products(I a, I b, I& low, I& high) {
    __m256i x = reinterpret_cast<__m256i>(a);
    __m256i y = reinterpret_cast<__m256i>(b);
    __m256i even = _mm256_mul_epu32(x, y);
    __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), _mm256_srli_epi64(y, 32));
    low = reinterpret_cast<I>(_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa));
    high = reinterpret_cast<I>(_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa));
  }
#else
  static void wide_products(I a, I b, I& low, I& high) {
    for (int lane = 0; lane < V::kCount; lane++) {
      uint64_t wide = static_cast<uint64_t>(a[lane]) * b[lane];
      low[lane] = static_cast<uint32_t>(wide);
      high[lane] = static_cast<uint32_t>(wide >> 32);
    }
  }
#endif

  const DropoutPlan& plan_;
  I index_;  // of the next weights, plus the first key
};

}  // namespace
}  // namespace attention4j
