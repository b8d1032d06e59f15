// Strided test memory with guards: whoever reads a guard gets NaN, whoever writes one is found.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "attention4j/kernels.h"

using Dims = std::array<int64_t, 4>;

/** How the elements of a [batch, heads, time, width] tensor lie in memory. */
enum class Layout {
  kDense,
  kTimeFirst,   // [batch, time, heads, width], as a projection leaves them
  kPaddedRows,  // each row has three elements more than it needs
  kSpread,      // every other element
  kBackwards    // time runs down
};
constexpr int kLayouts = 5;

float bfloat16_value(uint16_t bits);
uint16_t bfloat16_bits(float value);
double float16_value(uint16_t bits);
uint16_t float16_bits(double value);

class Buffer {
 public:
  Buffer(Dims dims, int32_t dtype, Layout layout = Layout::kDense);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  const Dims& dims() const { return dims_; }
  a4j_view view() const;
  /** Axes of size 1 broadcast, so an index of the full shape is fine. */
  double get(int64_t b, int64_t h, int64_t t, int64_t d) const;
  void set(int64_t b, int64_t h, int64_t t, int64_t d, double value);
  void fill(double value);
  void fill_random(std::mt19937& random, double spread);
  /** 1 with the given probability, else 0. */
  void fill_bits(std::mt19937& random, double probability);
  bool guards_intact() const;

 private:
  int64_t index(int64_t b, int64_t h, int64_t t, int64_t d) const;
  unsigned char* element(int64_t index) const;

  Dims dims_;
  int32_t dtype_;
  std::array<int64_t, 4> strides_;
  std::array<int64_t, 4> steps_;  // strides, 0 for axes of size 1
  int64_t offset_;
  int64_t elements_;
  size_t bytes_;
  std::unique_ptr<unsigned char[]> memory_;
};
