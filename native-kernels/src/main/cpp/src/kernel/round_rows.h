// A row rounded to signed bytes with one scale behind them: A4J_I8_ROWS.
#pragma once

#include "readers.h"
#include "tiles.h"

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct RoundRows {
  /** The row at `from`, of any floating type, to the bytes at `to`. */
  static void row(const CopyCall& call, int64_t from, int64_t to) {
    int8_t* bytes = static_cast<int8_t*>(call.to.data) + to;
    Size size = size_of(call, from);
    float scale = size.finite ? size.largest / 127 : __builtin_nanf("");
    if (size.finite && size.largest >= kLeast) {
      round(call, from, 127 / size.largest, bytes);
    } else {  // 0, or 0 times NaN
      memset(bytes, 0, static_cast<size_t>(call.width));
      if (size.finite) scale = 0;
    }
    memcpy(bytes + call.to.scale, &scale, sizeof scale);
  }

 private:
  static constexpr float kLeast = 1e-35f;  // below it, scale or inverse would not be normal

  struct Size {
    float largest;
    bool finite;
  };

#if defined(__AVX2__)
  using V = Vectors<Isa>;
  using F = typename V::F;

  static Size size_of(const CopyCall& call, int64_t from) {
    F largest = F{}, zeros = F{};
    lines(call, from, [&](int64_t, int64_t, F line) {
      largest = V::larger(V::magnitude(line), largest);
      zeros += line * 0.0f;
    });
    return {V::largest(largest), V::total(zeros) == 0};
  }

  static void round(const CopyCall& call, int64_t from, float inverse, int8_t* to) {
    lines(call, from, [&](int64_t d, int64_t count, F line) {
      if (count >= V::kCount) return V::store_bytes(to + d, line * inverse);
      int8_t part[V::kCount];
      V::store_bytes(part, line * inverse);
      memcpy(to + d, part, static_cast<size_t>(count));
    });
  }

  /** Calls `body` with the row's vectors: their first element, how many are left, and the vector. */
  template <class Body>
  static void lines(const CopyCall& call, int64_t from, Body body) {
    with_reader<Isa>(call.from, [&](auto reader) {
      for (int64_t d = 0; d < call.width; d += V::kCount) {
        int64_t rest = call.width - d;
        int count = rest < V::kCount ? static_cast<int>(rest) : V::kCount;
        body(d, rest, row_line<Isa>(reader, call.from, from, d, count));
      }
    });
  }
#else
  static Size size_of(const CopyCall& call, int64_t from) {
    Size size{0, true};
    for (int64_t d = 0; d < call.width; d++) {
      float value = __builtin_fabsf(read_of_row(call.from, from, d));
      size.finite = size.finite && value * 0 == 0;
      if (value > size.largest) size.largest = value;
    }
    return size;
  }

  static void round(const CopyCall& call, int64_t from, float inverse, int8_t* to) {
    for (int64_t d = 0; d < call.width; d++) {
      to[d] = static_cast<int8_t>(__builtin_lrintf(read_of_row(call.from, from, d) * inverse));
    }
  }
#endif
};

}  // namespace
}  // namespace attention4j
