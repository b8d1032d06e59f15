// Rows copied to another place, which may have another element type.
#pragma once

#include "output_rows.h"
#include "readers.h"
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
    if (neighbours && call.from.element == call.to.element) {
      const size_t bytes = call.from.element == Element::kFloat32 ? 4 : 2;
      memcpy(static_cast<char*>(call.to.data) + static_cast<size_t>(to) * bytes,
             static_cast<const char*>(call.from.data) + static_cast<size_t>(from) * bytes,
             static_cast<size_t>(call.width) * bytes);
      return;
    }
    int64_t d = 0;
#if defined(__AVX2__)
    using V = Vectors<Isa>;
    with_reader<Isa>(call.from, [&](auto reader) {
      float line[V::kCount];
      for (; d + V::kCount <= call.width; d += V::kCount) {
        V::store(line, reader.whole(call.from, from + d * call.from.strides[3]));
        OutputRows<Isa>::store(call.to, to + d * call.to.strides[3], V::kCount, 1, line);
      }
    });
#endif
    for (; d < call.width; d++) {
      write_element(call.to, to + d * call.to.strides[3],
                    read_element(call.from, from + d * call.from.strides[3]));
    }
  }
};

}  // namespace
}  // namespace attention4j
