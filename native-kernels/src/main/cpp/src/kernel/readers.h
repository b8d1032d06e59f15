// Vectors of f32 from one row of the caller's memory, one reader for each way that it may lie there.
//
// What a reader gives is `scale` of the row times too small if it is `kScaled`; row_line multiplies.
//
// `pair` reads two vectors in the order that is cheapest, which `arrange` gives to two that are in order and
// `restore` takes from them again.
#pragma once

#include "vectors.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

/** Pairs in the order of memory. */
template <class Isa, class Reader>
struct OrderedPairs {
  using F = typename Vectors<Isa>::F;
  static constexpr bool kScaled = false;
  static void pair(const View& view, int64_t at, F& first, F& second) {
    first = Reader::whole(view, at);
    second = Reader::whole(view, at + Vectors<Isa>::kCount);
  }
  static void arrange(F&, F&) {}
  static void restore(F&, F&) {}
};

/** Neighbouring f32. */
template <class Isa>
struct Float32Reader : OrderedPairs<Isa, Float32Reader<Isa>> {
  using V = Vectors<Isa>;
  static typename V::F whole(const View& view, int64_t at) {
    return V::load(static_cast<const float*>(view.data) + at);
  }
  static typename V::F part(const View& view, int64_t at, int count) {
    return V::load_part(static_cast<const float*>(view.data) + at, count);
  }
};

/** Neighbouring bf16. */
template <class Isa>
struct Bfloat16Reader {
  using V = Vectors<Isa>;
  static constexpr bool kScaled = false;
  static typename V::F whole(const View& view, int64_t at) {
    return V::from_bfloat16s(V::load_halves(static_cast<const uint16_t*>(view.data) + at));
  }
  static typename V::F part(const View& view, int64_t at, int count) {
    return V::from_bfloat16s(V::load_halves_part(static_cast<const uint16_t*>(view.data) + at, count));
  }
  /** Even and odd places: a shift and a mask make them f32. */
  static void pair(const View& view, int64_t at, typename V::F& even, typename V::F& odd) {
    V::load_bfloat16_pairs(static_cast<const uint16_t*>(view.data) + at, even, odd);
  }
  static void arrange(typename V::F& first, typename V::F& second) { V::split_pairs(first, second); }
  static void restore(typename V::F& even, typename V::F& odd) { V::join_pairs(even, odd); }
};

/** Neighbouring f16. */
template <class Isa>
struct Float16Reader : OrderedPairs<Isa, Float16Reader<Isa>> {
  using V = Vectors<Isa>;
  static typename V::F whole(const View& view, int64_t at) {
    return V::from_float16s(V::load_halves(static_cast<const uint16_t*>(view.data) + at));
  }
  static typename V::F part(const View& view, int64_t at, int count) {
    return V::from_float16s(V::load_halves_part(static_cast<const uint16_t*>(view.data) + at, count));
  }
};

/** Rows of bytes with their scale behind them. */
template <class Isa>
struct Int8Reader : OrderedPairs<Isa, Int8Reader<Isa>> {
  using V = Vectors<Isa>;
  static constexpr bool kScaled = true;
  static typename V::F whole(const View& view, int64_t at) {
    return V::load_bytes(static_cast<const int8_t*>(view.data) + at);
  }
  static typename V::F part(const View& view, int64_t at, int count) {
    return V::load_bytes_part(static_cast<const int8_t*>(view.data) + at, count);
  }
  static float scale(const View& view, int64_t row) { return read_scale(view, row); }
};

/** Any floating type and any step between elements, none included. */
template <class Isa>
struct SteppedReader : OrderedPairs<Isa, SteppedReader<Isa>> {
  using V = Vectors<Isa>;
  static typename V::F whole(const View& view, int64_t at) { return part(view, at, V::kCount); }
  static typename V::F part(const View& view, int64_t at, int count) {
    float values[V::kCount] = {};
    for (int i = 0; i < count; i++) values[i] = read_element(view, at + i * view.strides[3]);
    return V::load(values);
  }
};

/**
 * Rows that will be read soon, asked for a few at a time while others are multiplied. No line is left out:
 * where 17 lines hold 16 rows, waiting for one of them took a quarter of the time of decoding.
 */
struct RowsAhead {
  const char* first;
  int64_t step;  // in bytes, as are rows
  int64_t bytes;
  int rows;

  /** Asks for [row, row + count), of which some may not be there. */
  inline __attribute__((always_inline)) void ask(int row, int count) const {
    if (row >= rows) return;
    if (step - bytes < kLine) {  // one line after the other, whatever rows they belong to
      for (int64_t at = row * step; at < (row + count) * step; at += kLine) prefetch(at);
      return;
    }
    for (int i = row; i < row + count; i++) {
      for (int64_t at = 0; at < bytes; at += kLine) prefetch(i * step + at);
    }
  }

 private:
  static constexpr int64_t kLine = 64;
  void prefetch(int64_t at) const { __builtin_prefetch(first + at, 0, 2); }
};

/** `rows` of them from `at` on; none where elements are no neighbours. */
inline RowsAhead rows_ahead(const View& view, int64_t at, int rows, int width) {
  int64_t size = element_bytes(view.element);
  return {static_cast<const char*>(view.data) + at * size, view.strides[2] * size, width * size, rows};
}

/** Calls `body` with the reader for `view`, so that its loops are compiled for that one. */
template <class Isa, class Body>
inline void with_reader(const View& view, Body body) {
  if (view.element == Element::kInt8Rows) return body(Int8Reader<Isa>{});
  if (view.strides[3] != 1) return body(SteppedReader<Isa>{});
  if (view.element == Element::kFloat32) return body(Float32Reader<Isa>{});
  if (view.element == Element::kBfloat16) return body(Bfloat16Reader<Isa>{});
  return body(Float16Reader<Isa>{});
}

/** Elements d, d + 1, ... of the row that begins at `row`: kCount of them, or `count` and then 0. */
template <class Isa, class Reader>
inline typename Vectors<Isa>::F row_line(Reader reader, const View& view, int64_t row, int64_t d, int count) {
  int64_t at = row + d * view.strides[3];
  typename Vectors<Isa>::F line =
      count >= Vectors<Isa>::kCount ? reader.whole(view, at) : reader.part(view, at, count);
  if constexpr (Reader::kScaled) line *= Reader::scale(view, row);
  return line;
}

}  // namespace
}  // namespace attention4j

#endif
