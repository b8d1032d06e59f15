// Moving rows between the caller's strided f32 or bf16 memory and padded f32 tiles.
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

inline float read_element(const View& view, int64_t at) {
  return view.element == Element::kFloat32 ? static_cast<const float*>(view.data)[at]
                                           : from_bfloat16(static_cast<const uint16_t*>(view.data)[at]);
}

inline void write_element(const View& view, int64_t at, float value) {
  if (view.element == Element::kFloat32) {
    static_cast<float*>(view.data)[at] = value;
  } else {
    static_cast<uint16_t*>(view.data)[at] = to_bfloat16(value);
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
      } else if (stride == 1) {
        const uint16_t* from = static_cast<const uint16_t*>(view.data) + at;
        for (int d = 0; d < width; d++) row[d] = from_bfloat16(from[d]) * factor;
      } else {
        for (int d = 0; d < width; d++) row[d] = read_element(view, at + d * stride) * factor;
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
