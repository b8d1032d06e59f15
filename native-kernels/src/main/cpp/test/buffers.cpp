#include "buffers.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) static_cast<void>(address)
#define ASAN_UNPOISON_MEMORY_REGION(address, size) static_cast<void>(address)
#endif

namespace {
constexpr size_t kGuard = 256;
constexpr unsigned char kGuardByte = 0xff;  // a NaN in every floating type

size_t size_of(int32_t dtype) {
  if (dtype == A4J_I64) return 8;
  if (dtype == A4J_F32 || dtype == A4J_I32) return 4;
  return dtype == A4J_BF16 || dtype == A4J_F16 ? 2 : 1;
}

/** A true that a kernel reading one byte only would take for false. */
constexpr int64_t kTrue = 0x5600;
}  // namespace

float bfloat16_value(uint16_t bits) {
  uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

uint16_t bfloat16_bits(float value) {
  if (value != value) return 0x7fc0;
  uint32_t wide;
  std::memcpy(&wide, &value, sizeof wide);
  uint32_t half = wide & 0xffffu;
  uint32_t kept = wide >> 16;
  if (half > 0x8000u || (half == 0x8000u && (kept & 1u) != 0)) kept++;
  return static_cast<uint16_t>(kept);
}

double float16_value(uint16_t bits) {
  int exponent = (bits >> 10) & 31;
  double fraction = static_cast<double>(bits & 1023);
  double size = exponent == 0    ? std::ldexp(fraction, -24)
                : exponent != 31 ? std::ldexp(1024 + fraction, exponent - 25)
                : fraction == 0  ? std::numeric_limits<double>::infinity()
                                 : std::numeric_limits<double>::quiet_NaN();
  return (bits & 0x8000) != 0 ? -size : size;
}

uint16_t float16_bits(double value) {
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  double size = std::abs(value);
  if (size != size) return static_cast<uint16_t>(sign | 0x7e00);
  if (size >= 65520) return static_cast<uint16_t>(sign | 0x7c00);
  int exponent = std::max(size == 0 ? -14 : std::ilogb(size), -14);
  double steps = std::nearbyint(std::ldexp(size, 10 - exponent));  // of 2^(exponent - 10), ties to even
  return static_cast<uint16_t>(sign | (static_cast<int>(steps) + (exponent + 14) * 1024));
}

Buffer::Buffer(Dims dims, int32_t dtype, Layout layout) : dims_(dims), dtype_(dtype), offset_(0) {
  int64_t b = dims[0], h = dims[1], t = dims[2], d = dims[3];
  int64_t step = layout == Layout::kSpread ? 2 : 1;
  int64_t row = d * step + (layout == Layout::kPaddedRows ? 3 : 0);
  if (layout == Layout::kTimeFirst) {
    strides_ = {t * h * row, row, h * row, step};
  } else {
    strides_ = {h * t * row, t * row, row, step};
  }
  elements_ = b * h * t * row;
  if (layout == Layout::kBackwards && t > 0) {
    offset_ = (t - 1) * strides_[2];
    strides_[2] = -strides_[2];
  }
  for (size_t axis = 0; axis < 4; axis++) steps_[axis] = dims[axis] == 1 ? 0 : strides_[axis];
  bytes_ = static_cast<size_t>(elements_) * size_of(dtype);
  memory_.reset(new unsigned char[bytes_ + 2 * kGuard]);
  std::memset(memory_.get(), kGuardByte, bytes_ + 2 * kGuard);
  ASAN_POISON_MEMORY_REGION(memory_.get(), kGuard);
  ASAN_POISON_MEMORY_REGION(memory_.get() + kGuard + bytes_, kGuard);
}

Buffer::~Buffer() {
  ASAN_UNPOISON_MEMORY_REGION(memory_.get(), bytes_ + 2 * kGuard);
}

a4j_view Buffer::view() const {
  a4j_view view{};
  view.data = memory_.get() + kGuard;
  view.elements = elements_;
  view.offset = offset_;
  std::copy(strides_.begin(), strides_.end(), view.strides);
  view.dtype = dtype_;
  return view;
}

int64_t Buffer::index(int64_t b, int64_t h, int64_t t, int64_t d) const {
  return offset_ + b * steps_[0] + h * steps_[1] + t * steps_[2] + d * steps_[3];
}

unsigned char* Buffer::element(int64_t index) const {
  return memory_.get() + kGuard + static_cast<size_t>(index) * size_of(dtype_);
}

double Buffer::get(int64_t b, int64_t h, int64_t t, int64_t d) const {
  unsigned char* at = element(index(b, h, t, d));
  if (dtype_ == A4J_BOOL) return *at != 0 ? 1 : 0;
  if (dtype_ == A4J_I32 || dtype_ == A4J_I64) {
    int64_t wide = 0;
    std::memcpy(&wide, at, size_of(dtype_));
    return wide != 0 ? 1 : 0;
  }
  if (dtype_ == A4J_BF16) {
    uint16_t bits;
    std::memcpy(&bits, at, sizeof bits);
    return static_cast<double>(bfloat16_value(bits));
  }
  if (dtype_ == A4J_F16) {
    uint16_t bits;
    std::memcpy(&bits, at, sizeof bits);
    return float16_value(bits);
  }
  float value;
  std::memcpy(&value, at, sizeof value);
  return static_cast<double>(value);
}

void Buffer::set(int64_t b, int64_t h, int64_t t, int64_t d, double value) {
  unsigned char* at = element(index(b, h, t, d));
  if (dtype_ == A4J_BOOL) {
    *at = value != 0 ? 1 : 0;
  } else if (dtype_ == A4J_I32 || dtype_ == A4J_I64) {
    int64_t wide = value != 0 ? kTrue : 0;
    std::memcpy(at, &wide, size_of(dtype_));
  } else if (dtype_ == A4J_BF16) {
    uint16_t bits = bfloat16_bits(static_cast<float>(value));
    std::memcpy(at, &bits, sizeof bits);
  } else if (dtype_ == A4J_F16) {
    uint16_t bits = float16_bits(value);
    std::memcpy(at, &bits, sizeof bits);
  } else {
    float narrow = static_cast<float>(value);
    std::memcpy(at, &narrow, sizeof narrow);
  }
}

namespace {
template <class Body>
void for_each(const Dims& dims, Body body) {
  for (int64_t b = 0; b < dims[0]; b++) {
    for (int64_t h = 0; h < dims[1]; h++) {
      for (int64_t t = 0; t < dims[2]; t++) {
        for (int64_t d = 0; d < dims[3]; d++) body(b, h, t, d);
      }
    }
  }
}
}  // namespace

void Buffer::fill(double value) {
  for_each(dims_, [&](int64_t b, int64_t h, int64_t t, int64_t d) { set(b, h, t, d, value); });
}

void Buffer::fill_random(std::mt19937& random, double spread) {
  std::normal_distribution<double> normal(0, spread);
  for_each(dims_, [&](int64_t b, int64_t h, int64_t t, int64_t d) { set(b, h, t, d, normal(random)); });
}

void Buffer::fill_bits(std::mt19937& random, double probability) {
  std::bernoulli_distribution coin(probability);
  for_each(dims_, [&](int64_t b, int64_t h, int64_t t, int64_t d) { set(b, h, t, d, coin(random) ? 1 : 0); });
}

bool Buffer::guards_intact() const {
  ASAN_UNPOISON_MEMORY_REGION(memory_.get(), bytes_ + 2 * kGuard);
  auto untouched = [](unsigned char byte) { return byte == kGuardByte; };
  const unsigned char* begin = memory_.get();
  bool intact = std::all_of(begin, begin + kGuard, untouched) &&
                std::all_of(begin + kGuard + bytes_, begin + bytes_ + 2 * kGuard, untouched);
  ASAN_POISON_MEMORY_REGION(memory_.get(), kGuard);
  ASAN_POISON_MEMORY_REGION(memory_.get() + kGuard + bytes_, kGuard);
  return intact;
}
