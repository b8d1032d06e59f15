// Rows copied to another place, which may have another element type.
#pragma once

#include "output_rows.h"
#include "readers.h"
#include "round_rows.h"
#include "tiles.h"

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct CopyRows {
  /** The rows of one (batch, head, tile of kTile rows). */
  static void item(const CopyCall& call, int64_t item, void*) {
    const int64_t tiles = (call.rows + kTile - 1) / kTile;
    const int64_t head = item / tiles % call.heads;
    const int64_t batch = item / tiles / call.heads;
    const int64_t first = item % tiles * kTile;
    const int64_t end = first + kTile < call.rows ? first + kTile : call.rows;
    for (int64_t row = first; row < end; row++) {
      copy(call, offset_of(call.from, batch, head, row), offset_of(call.to, batch, head, row));
    }
  }

 private:
  static void copy(const CopyCall& call, int64_t from, int64_t to) {
    const bool neighbours = call.from.strides[3] == 1 && call.to.strides[3] == 1;
    const bool rounded = call.to.element == Element::kInt8Rows;
    if (neighbours && call.from.element == call.to.element) {
      const int64_t bytes = element_bytes(call.from.element);
      memcpy(static_cast<char*>(call.to.data) + to * bytes,
             static_cast<const char*>(call.from.data) + from * bytes,
             static_cast<size_t>(call.width * bytes + (rounded ? kRowScaleBytes : 0)));
      return;
    }
    if (rounded) return RoundRows<Isa>::row(call, from, to);
    int64_t d = 0;
#if defined(__AVX2__)
    using V = Vectors<Isa>;
    with_reader<Isa>(call.from, [&](auto reader) {
      float line[V::kCount];
      for (; d + V::kCount <= call.width; d += V::kCount) {
        V::store(line, row_line<Isa>(reader, call.from, from, d, V::kCount));
        OutputRows<Isa>::store(call.to, to + d * call.to.strides[3], V::kCount, 1, line);
      }
    });
#endif
    for (; d < call.width; d++) {
      write_element(call.to, to + d * call.to.strides[3], read_of_row(call.from, from, d));
    }
  }
};

}  // namespace
}  // namespace attention4j
