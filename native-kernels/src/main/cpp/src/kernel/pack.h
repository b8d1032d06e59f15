// From the caller's rows to the layouts of the micro-kernels (micro.h), for f32 and for bf16 products.
//
//   queries  [rows][key_dim]                    bf16: [rows][key_dim / 2][2]
//   keys     [keys / W][key_dim][W]             bf16: [keys / W][key_dim / 2][W][2]
//   values   [keys][value_dim padded]           bf16: [keys / 2][value_dim padded][2]
//
// W is the width of the micro-kernel's register tile in keys. Missing elements are 0.
#pragma once

#include "readers.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

/** Where a tile's rows begin: row i is at `first + i * step`. */
struct RowSpan {
  const View* view;
  int64_t first;
  int64_t step;
  int rows;
  int width;
};

inline RowSpan rows_of(const View& view, int64_t batch, int64_t head, int64_t row, int rows, int width) {
  return {&view, offset_of(view, batch, head, row), view.strides[2], rows, width};
}

/**
 * Asks the second-level cache for rows that will be wanted soon. Always inlined: a function that does nothing
 * else has no effect in GCC's eyes, and calls of it go.
 */
inline __attribute__((always_inline)) void prefetch(const RowSpan& from) {
  if (from.view->strides[3] != 1) return;
  int64_t size = element_bytes(from.view->element);
  for (int i = 0; i < from.rows; i++) {
    const char* row = static_cast<const char*>(from.view->data) + (from.first + i * from.step) * size;
    for (int64_t at = 0; at < from.width * size; at += 64) {
      __builtin_prefetch(row + at, 0, 2);
    }
  }
}

/** Products of f32, whatever the caller's type. */
template <class Isa>
struct PackFloat32 {
  using V = Vectors<Isa>;
  using F = typename V::F;
  using Packed = float;
  static constexpr int kWidth = Isa::kColumns * V::kCount;

  static size_t query_bytes(int64_t rows, int key_dim) {
    return sizeof(float) * static_cast<size_t>(rows * key_dim);
  }
  static size_t key_bytes(int64_t keys, int key_dim) {
    return sizeof(float) * static_cast<size_t>(keys * key_dim);
  }
  static size_t value_bytes(int64_t keys, int value_dim) {
    return sizeof(float) * static_cast<size_t>(keys * V::round_up(value_dim));
  }

  static int query_step(int key_dim) { return key_dim; }

  /** The sign of the scale goes here, so that what multiplies the scores is positive. */
  static void queries(const RowSpan& from, bool negate, float* to) {
    float sign = negate ? -1.0f : 1.0f;
    with_reader<Isa>(*from.view, [&](auto reader) {
      for (int i = 0; i < from.rows; i++) {
        int64_t at = from.first + i * from.step;
        float* row = to + i * from.width;
        int d = 0;
        for (; d + V::kCount <= from.width; d += V::kCount) {
          V::store(row + d, reader.whole(*from.view, at + d * from.view->strides[3]) * sign);
        }
        if (d < from.width) {
          int rest = from.width - d;
          V::store_part(row + d, reader.part(*from.view, at + d * from.view->strides[3], rest) * sign, rest);
        }
      }
    });
  }

  static void keys(const RowSpan& from, float* to) {
    with_reader<Isa>(*from.view, [&](auto reader) {
      for (int first = 0; first < from.rows; first += kWidth) {
        for (int lane = 0; lane < kWidth; lane += V::kCount) {
          for (int d = 0; d < from.width; d += V::kCount) {
            float* panel = to + first * from.width + d * kWidth + lane;
            turn(reader, from, first + lane, d, panel);
          }
        }
      }
    });
  }

  static void values(const RowSpan& from, float* to) {
    int padded = V::round_up(from.width);
    with_reader<Isa>(*from.view, [&](auto reader) {
      for (int i = 0; i < from.rows; i++) {
        int64_t at = from.first + i * from.step;
        for (int d = 0; d < padded; d += V::kCount) {
          V::store(to + i * padded + d, row_line<Isa>(reader, *from.view, at, d, from.width - d));
        }
      }
    });
  }

  /** Whether all of rows x width elements, `step` apart from row to row, are finite. */
  static bool finite(const float* values, int64_t step, int rows, int width) {
    F zeros = F{};
    for (int i = 0; i < rows; i++) {
      for (int d = 0; d < width; d += V::kCount) zeros += V::load(values + i * step + d) * 0.0f;
    }
    return V::total(zeros) == 0;
  }

 private:
  /** kCount keys times kCount dimensions, turned, into rows of a panel. */
  template <class Reader>
  static void turn(Reader reader, const RowSpan& from, int key, int d, float* panel) {
    F lines[V::kCount];
    int64_t at = from.first + key * from.step;
    int dims = from.width - d < V::kCount ? from.width - d : V::kCount;
    if (dims == V::kCount && key + V::kCount <= from.rows) {
      for (int i = 0; i < V::kCount; i++) {
        lines[i] = row_line<Isa>(reader, *from.view, at + i * from.step, d, V::kCount);
      }
    } else {
      for (int i = 0; i < V::kCount; i++) {
        lines[i] = key + i < from.rows ? row_line<Isa>(reader, *from.view, at + i * from.step, d, dims) : F{};
      }
    }
    V::transpose(lines);
    for (int i = 0; i < dims; i++) V::store(panel + i * kWidth, lines[i]);
  }
};

#if defined(__AVX512BF16__)

/** Products of bf16 pairs, for bf16 memory whose elements are neighbours. */
template <class Isa>
struct PackBfloat16 {
  using V = Vectors<Isa>;
  using F = typename V::F;
  using Packed = uint16_t;
  static constexpr int kWidth = Isa::kColumns * V::kCount;

  static int even(int n) { return (n + 1) / 2 * 2; }

  static size_t query_bytes(int64_t rows, int key_dim) {
    return sizeof(uint16_t) * static_cast<size_t>(rows * even(key_dim));
  }
  static size_t key_bytes(int64_t keys, int key_dim) {
    return sizeof(uint16_t) * static_cast<size_t>(keys * even(key_dim));
  }
  static size_t value_bytes(int64_t keys, int value_dim) {
    return sizeof(uint16_t) * static_cast<size_t>((keys + 1) * V::round_up(value_dim));
  }

  static int query_step(int key_dim) { return even(key_dim); }

  static void queries(const RowSpan& from, bool negate, uint16_t* to) {
    uint16_t sign = negate ? 0x8000 : 0;
    int padded = even(from.width);
    for (int i = 0; i < from.rows; i++) {
      const uint16_t* row = elements(from, i);
      uint16_t* out = to + i * padded;
      for (int d = 0; d < from.width; d++) out[d] = static_cast<uint16_t>(row[d] ^ sign);
      if (padded > from.width) out[from.width] = 0;
    }
  }

  /** A pair of dimensions is one 32-bit lane, so this is the f32 layout of pairs. */
  static void keys(const RowSpan& from, uint16_t* to) {
    int pairs = even(from.width) / 2;
    for (int first = 0; first < from.rows; first += kWidth) {
      for (int lane = 0; lane < kWidth; lane += V::kCount) {
        for (int pair = 0; pair < pairs; pair += V::kCount) {
          F lines[V::kCount];
          int rest = from.width - 2 * pair;
          for (int i = 0; i < V::kCount; i++) {
            int key = first + lane + i;
            lines[i] = key < from.rows ? pair_lanes(elements(from, key) + 2 * pair, rest) : F{};
          }
          V::transpose(lines);
          uint16_t* panel = to + 2 * (first * pairs + pair * kWidth + lane);
          int count = pairs - pair < V::kCount ? pairs - pair : V::kCount;
          for (int i = 0; i < count; i++) memcpy(panel + 2 * i * kWidth, &lines[i], sizeof lines[i]);
        }
      }
    }
  }

  static void values(const RowSpan& from, uint16_t* to) {
    using I = typename V::I;
    int padded = V::round_up(from.width);
    for (int i = 0; i < from.rows; i += 2) {
      const uint16_t* first = elements(from, i);
      const uint16_t* second = i + 1 < from.rows ? elements(from, i + 1) : nullptr;
      for (int d = 0; d < padded; d += V::kCount) {
        int rest = from.width - d;
        I pairs = V::widened(lanes(first + d, rest));
        if (second != nullptr) pairs |= V::widened(lanes(second + d, rest)) << 16;
        memcpy(to + 2 * (i / 2 * padded + d), &pairs, sizeof pairs);
      }
    }
  }

  /** Of packed values: `pairs` x `width` pairs. */
  static bool finite(const uint16_t* values, int pairs, int width) {
    using I = typename V::I;
    I found = I{};
    for (int n = 0; n < pairs * width; n += V::kCount) {
      I lanes_of;
      memcpy(&lanes_of, values + 2 * n, sizeof lanes_of);
      found |= reinterpret_cast<I>((lanes_of & 0x7f80u) == 0x7f80u);
      found |= reinterpret_cast<I>((lanes_of & 0x7f800000u) == 0x7f800000u);
    }
    for (int i = 0; i < V::kCount; i++) {
      if (found[i] != 0) return false;
    }
    return true;
  }

 private:
  static const uint16_t* elements(const RowSpan& from, int row) {
    return static_cast<const uint16_t*>(from.view->data) + from.first + row * from.step;
  }

  static typename V::Halves lanes(const uint16_t* from, int rest) {
    return rest >= V::kCount ? V::load_halves(from) : V::load_halves_part(from, rest);
  }

  static F pair_lanes(const uint16_t* from, int rest) {
    if (rest < 2 * V::kCount) return V::load_pairs_part(from, rest);
    F pairs;
    memcpy(&pairs, from, sizeof pairs);  // 16-bit elements: no float need begin here
    return pairs;
  }
};

#endif

}  // namespace
}  // namespace attention4j

#endif
