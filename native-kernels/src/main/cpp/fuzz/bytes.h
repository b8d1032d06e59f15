// Decisions read from fuzzed bytes. Beyond the end every byte is 0, so that every input decodes.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>

class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  uint8_t byte() { return at_ < size_ ? data_[at_++] : 0; }

  /** From low to high, both included; up to 2^16 values. */
  int64_t between(int64_t low, int64_t high) {
    int64_t value = byte();
    if (high - low > 255) value += 256 * byte();
    return low + value % (high - low + 1);
  }

  /** True about once in n times, never beyond the end. */
  bool once_in(int64_t n) { return between(0, n - 1) == n - 1; }

  template <class T>
  T pick(std::initializer_list<T> choices) {
    return choices.begin()[between(0, static_cast<int64_t>(choices.size()) - 1)];
  }

  /** Any number: a small one, one at a border, or 64 bits as they come. */
  int64_t number() {
    switch (between(0, 3)) {
      case 0:
        return between(-4, 12);
      case 1: {
        int64_t power = int64_t{1} << between(0, 62);
        return pick({power, -power, power - 1, power + 1});
      }
      case 2:
        return pick(
            {INT64_MAX, INT64_MIN, int64_t{INT32_MAX}, int64_t{INT32_MIN}, int64_t{256}, int64_t{257}});
      default:
        return static_cast<int64_t>(bits());
    }
  }

  /** Any double, the odd ones often. */
  double real() {
    if (once_in(3)) {
      uint64_t raw = bits();
      double value;
      std::memcpy(&value, &raw, sizeof value);
      return value;
    }
    return pick({0.0, -0.0, 1.0, -1.0, 0.5, 1e-320, 1e-40, 1e30, 1e39, 1e308, HUGE_VAL, -1e308, 0.999999999,
                 std::nan("")});
  }

  uint64_t bits() {
    uint64_t value = 0;
    for (int n = 0; n < 8; n++) value = value << 8 | byte();
    return value;
  }

 private:
  const uint8_t* data_;
  size_t size_;
  size_t at_ = 0;
};
