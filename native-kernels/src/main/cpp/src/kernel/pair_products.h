// How decoding multiplies two vectors of a query with two of a key.
#pragma once

#include "readers.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

/** In f32, in the order in which the reader reads pairs. */
template <class Isa, class Reader>
struct PairProducts {
  using V = Vectors<Isa>;
  using F = typename V::F;

  struct Pair {
    F first;
    F second;
  };

  /** Two vectors of the query, in order before; `load` then reads them. */
  static void arrange(float* query) {
    Pair pair = load(query);
    Reader::arrange(pair.first, pair.second);
    V::store(query, pair.first);
    V::store(query + V::kCount, pair.second);
  }

  static Pair load(const float* query) { return {V::load(query), V::load(query + V::kCount)}; }

  static Pair read(const View& key, int64_t at) {
    Pair pair;
    Reader::pair(key, at, pair.first, pair.second);
    return pair;
  }

  static F add(F sum, const Pair& a, const Pair& b) { return sum + a.first * b.first + a.second * b.second; }
};

#if defined(__AVX512BF16__)

/** A query and keys that are both bf16, converting neither; subnormals count as 0. */
template <class Isa>
struct PairDots {
  using V = Vectors<Isa>;
  using F = typename V::F;
  using Pair = __m512bh;

  static void arrange(float* query) {
    F even = V::load(query), odd = V::load(query + V::kCount);
    V::split_pairs(even, odd);
    V::store(query, V::floats(V::bits(odd) | V::bits(even) >> 16));  // exact: they were bf16
  }

  static Pair load(const float* query) { return reinterpret_cast<Pair>(_mm512_loadu_ps(query)); }

  static Pair read(const View& key, int64_t at) {
    return reinterpret_cast<Pair>(_mm512_loadu_si512(static_cast<const uint16_t*>(key.data) + at));
  }

  static F add(F sum, Pair a, Pair b) {
    return reinterpret_cast<F>(_mm512_dpbf16_ps(reinterpret_cast<__m512>(sum), a, b));
  }
};

#endif

}  // namespace
}  // namespace attention4j

#endif
