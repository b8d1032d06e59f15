// Moving rows between the caller's strided f32, bf16 or f16 memory and padded f32 tiles.
#pragma once

#include "../problem.h"
#include "lanes.h"

namespace attention4j {
namespace {  // private to each instruction set's translation unit

inline float from_bfloat16(uint16_t value) {
  uint32_t bits = static_cast<uint32_t>(value) << 16;
  float result;
  memcpy(&result, &bits, sizeof result);
  return result;
}

/** Rounds to nearest, ties to even; NaN stays a quiet NaN. */
inline uint16_t to_bfloat16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if (value != value) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

/** Exact. Subnormals come out right because the product is one of normal numbers. */
inline float from_float16(uint16_t value) {
  uint32_t sign = static_cast<uint32_t>(value & 0x8000u) << 16;
  uint32_t size = static_cast<uint32_t>(value & 0x7fffu) << 13;
  float scaled;  // 2^-112 of the value, or with the exponent of infinity and NaN put right
  if (size >= 0x0f800000u) size |= 0x70000000u;
  memcpy(&scaled, &size, sizeof scaled);
  float magnitude = size >= 0x7f800000u ? scaled : scaled * 5.192296858534828e33f;
  uint32_t bits;
  memcpy(&bits, &magnitude, sizeof bits);
  bits |= sign;
  memcpy(&magnitude, &bits, sizeof bits);
  return magnitude;
}

/** Rounds to nearest, ties to even; infinite from 65520 on; NaN stays a quiet NaN. */
inline uint16_t to_float16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint32_t sign = (bits >> 16) & 0x8000u;
  uint32_t size = bits & 0x7fffffffu;
  uint32_t half;
  if (size > 0x7f800000u) {
    half = 0x7e00u | ((size >> 13) & 0x1ffu);
  } else if (size >= 0x477ff000u) {
    half = 0x7c00u;
  } else if (size >= 0x38800000u) {
    half = (size - 0x38000000u + 0xfffu + ((size >> 13) & 1u)) >> 13;
  } else {  // subnormal: adding 0.5 lets the sum's own rounding drop what is below 2^-24
    float magnitude;
    memcpy(&magnitude, &size, sizeof magnitude);
    magnitude += 0.5f;
    memcpy(&half, &magnitude, sizeof half);
    half -= 0x3f000000u;
  }
  return static_cast<uint16_t>(sign | half);
}

inline float read_element(const View& view, int64_t at) {
  if (view.element == Element::kFloat32) return static_cast<const float*>(view.data)[at];
  uint16_t bits = static_cast<const uint16_t*>(view.data)[at];
  return view.element == Element::kBfloat16 ? from_bfloat16(bits) : from_float16(bits);
}

inline float read_scale(const View& view, int64_t row) {
  float scale;  // not aligned if the width is odd
  memcpy(&scale, static_cast<const char*>(view.data) + row + view.scale, sizeof scale);
  return scale;
}

/** Element d of the row that begins at `row`. */
inline float read_of_row(const View& view, int64_t row, int64_t d) {
  if (view.element != Element::kInt8Rows) return read_element(view, row + d * view.strides[3]);
  return static_cast<const int8_t*>(view.data)[row + d] * read_scale(view, row);
}

inline void write_element(const View& view, int64_t at, float value) {
  if (view.element == Element::kFloat32) {
    static_cast<float*>(view.data)[at] = value;
  } else {
    static_cast<uint16_t*>(view.data)[at] =
        view.element == Element::kBfloat16 ? to_bfloat16(value) : to_float16(value);
  }
}

inline int64_t offset_of(const View& view, int64_t batch, int64_t head, int64_t row) {
  return batch * view.strides[0] + head * view.strides[1] + row * view.strides[2];
}

template <class Isa>
struct Tiles {
  using V = Lanes<Isa>;
  using F = typename V::F;

  /** Rows [first, first + rows) of one head to tile[rows][width padded], padding 0, times factor. */
  static void load(const View& view, int64_t batch, int64_t head, int64_t first, int rows, int width,
                   float factor, float* tile) {
    int padded = V::round_up(width);
    for (int i = 0; i < rows; i++) {
      int64_t at = offset_of(view, batch, head, first + i);
      int64_t stride = view.strides[3];
      float* row = tile + i * padded;
      if (view.element == Element::kFloat32 && stride == 1) {
        const float* from = static_cast<const float*>(view.data) + at;
        for (int d = 0; d < width; d++) row[d] = from[d] * factor;
      } else if (view.element == Element::kBfloat16 && stride == 1) {
        const uint16_t* from = static_cast<const uint16_t*>(view.data) + at;
        for (int d = 0; d < width; d++) row[d] = from_bfloat16(from[d]) * factor;
      } else {
        for (int d = 0; d < width; d++) row[d] = read_of_row(view, at, d) * factor;
      }
      for (int d = width; d < padded; d++) row[d] = 0;
    }
  }

  static void store(const View& view, int64_t batch, int64_t head, int64_t first, int rows, int width,
                    float factor, const float* tile) {
    int padded = V::round_up(width);
    for (int i = 0; i < rows; i++) {
      int64_t at = offset_of(view, batch, head, first + i);
      for (int d = 0; d < width; d++) {
        write_element(view, at + d * view.strides[3], tile[i * padded + d] * factor);
      }
    }
  }

  /** tile[rows][width padded] to turned[width][kTile]; columns from `rows` on are 0. */
  static void transpose(const float* tile, int rows, int width, float* turned) {
    int padded = V::round_up(width);
    for (int d = 0; d < width; d++) {
      for (int i = 0; i < rows; i++) turned[d * kTile + i] = tile[i * padded + d];
      for (int i = rows; i < kTile; i++) turned[d * kTile + i] = 0;
    }
  }

  /** Whether no element is NaN or infinite: x * 0 is 0 for the finite ones only. */
  static bool finite(const float* tile, int rows, int width) {
    int count = rows * V::round_up(width);
    F zeros = F{};
    for (int i = 0; i < count; i += V::kCount) zeros += V::load(tile + i) * 0.0f;
    return V::sum(zeros) == 0;
  }
};

/** Hands out pieces of a thread's workspace, 64-byte aligned; with no memory it only counts. */
class Arena {
 public:
  explicit Arena(void* memory) : memory_(static_cast<char*>(memory)) {}

  float* floats(size_t count) { return static_cast<float*>(take(count * sizeof(float))); }
  uint8_t* bytes(size_t count) { return static_cast<uint8_t*>(take(count)); }
  size_t used() const { return used_; }

 private:
  void* take(size_t bytes) {
    void* piece = memory_ == nullptr ? nullptr : memory_ + used_;
    used_ += (bytes + 63) / 64 * 64;
    return piece;
  }

  char* memory_;
  size_t used_ = 0;
};

}  // namespace
}  // namespace attention4j
