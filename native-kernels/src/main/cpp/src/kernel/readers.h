// Vectors of f32 from one row of the caller's memory, one reader for each way that it may lie there.
#pragma once

#include "vectors.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

/** Neighbouring f32. */
template <class Isa>
struct Float32Reader {
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
  static typename V::F whole(const View& view, int64_t at) {
    return V::from_bfloat16s(V::load_halves(static_cast<const uint16_t*>(view.data) + at));
  }
  static typename V::F part(const View& view, int64_t at, int count) {
    return V::from_bfloat16s(V::load_halves_part(static_cast<const uint16_t*>(view.data) + at, count));
  }
};

/** Neighbouring f16. */
template <class Isa>
struct Float16Reader {
  using V = Vectors<Isa>;
  static typename V::F whole(const View& view, int64_t at) {
    return V::from_float16s(V::load_halves(static_cast<const uint16_t*>(view.data) + at));
  }
  static typename V::F part(const View& view, int64_t at, int count) {
    return V::from_float16s(V::load_halves_part(static_cast<const uint16_t*>(view.data) + at, count));
  }
};

/** Any type and any step between elements, none included. */
template <class Isa>
struct SteppedReader {
  using V = Vectors<Isa>;
  static typename V::F whole(const View& view, int64_t at) { return part(view, at, V::kCount); }
  static typename V::F part(const View& view, int64_t at, int count) {
    float values[V::kCount] = {};
    for (int i = 0; i < count; i++) values[i] = read_element(view, at + i * view.strides[3]);
    return V::load(values);
  }
};

/** Calls `body` with the reader for `view`, so that its loops are compiled for that one. */
template <class Isa, class Body>
inline void with_reader(const View& view, Body body) {
  if (view.strides[3] != 1) return body(SteppedReader<Isa>{});
  if (view.element == Element::kFloat32) return body(Float32Reader<Isa>{});
  if (view.element == Element::kBfloat16) return body(Bfloat16Reader<Isa>{});
  return body(Float16Reader<Isa>{});
}

}  // namespace
}  // namespace attention4j

#endif
