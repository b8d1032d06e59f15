// Whether the rounding of an output of 16 bits would show in the gradients.
//
// delta_i = out_i . grad_out_i misses what the rows' score gradients sum to by the rounding of out_i, the
// same for all keys of a row. In grad_query that error is multiplied by what the row's keys have in common,
// while the gradient itself is made of their differences. So it grows with the common part of the outputs,
// hence of the values, and with that of the keys, each beside how much they differ, and with the number of
// keys, over which the gradient averages.
#pragma once

#include "band.h"
#include "mask_rows.h"
#include "readers.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct RoughOutput {
  using V = Vectors<Isa>;
  using F = typename V::F;

  /**
   * An estimate from a sample of the head's outputs and of the keys and values that they saw. The square of
   * the error is about a (n b + 30) / (1 + a + b) / 12 times that of a computation op by op in bf16, with a
   * and b the squares of the common parts in units of the variance and n the number of keys; 16 lets pass
   * about the same error as its.
   */
  static bool matters(const BackwardCall& call, int64_t batch, int64_t head) {
    const Problem& problem = call.problem;
    if (problem.queries == 0) return false;
    int64_t outs[kOuts], keys[kKeys], values[kKeys];
    int out_count = problem.queries < kOuts ? static_cast<int>(problem.queries) : kOuts;
    for (int n = 0; n < out_count; n++) {
      outs[n] = offset_of(call.out, batch, head, (2 * n + 1) * problem.queries / (2 * out_count));
    }
    Band band = Band::of(problem);
    int64_t key_head = head / group_size(problem);
    int count = 0;
    float seen = 0;
    for (int n = 0; n < kKeys; n++) {
      int64_t range, key = visible_key(problem, band, batch, head, n, range);
      if (key < 0) continue;
      keys[count] = offset_of(problem.key, batch, key_head, key);
      values[count++] = offset_of(problem.value, batch, key_head, key);
      seen += static_cast<float>(range);
    }
    if (count < kKeys / 4) return true;  // too few to tell
    Spread out = spread(call.out, outs, out_count, problem.value_dim);
    Spread value = spread(problem.value, values, count, problem.value_dim);
    Spread key = spread(problem.key, keys, count, problem.key_dim);
    if (out.common == 0) return false;
    float a = out.common / value.variance, b = key.common / key.variance,
          n = seen / static_cast<float>(count);
    return !(a * (n * b + 30) <= 16 * (1 + a + b));  // also where a variance is 0
  }

  /**
   * Whether one of a tile's keys is so much longer than the others that what a row has in common is that key:
   * the sample of `matters` would miss it.
   */
  static bool sticks_out(const Problem& problem, int64_t batch, int64_t key_head, int64_t first, int rows) {
    const View& view = problem.key;
    float largest = 0, sum = 0;
    with_reader<Isa>(view, [&](auto reader) {
      for (int i = 0; i < rows; i++) {
        int64_t at = offset_of(view, batch, key_head, first + i);
        F squares = F{};
        for (int d = 0; d < problem.key_dim; d += V::kCount) {
          int rest = problem.key_dim - d;
          int64_t element = at + d * view.strides[3];
          F line = rest >= V::kCount ? reader.whole(view, element) : reader.part(view, element, rest);
          squares += line * line;
        }
        float square = V::total(squares);
        largest = square > largest ? square : largest;
        sum += square;
      }
    });
    return rows > 1 && largest * static_cast<float>(rows - 1) > kLonger * (sum - largest);
  }

 private:
  static constexpr float kLonger = 20;  // than the mean of the others, squared
  static constexpr int kOuts = 64;
  static constexpr int kKeys = 32;

  /** Of vectors: the square of their mean, and the mean square of their distance from it. */
  struct Spread {
    float common;
    float variance;
  };

  static Spread spread(const View& view, const int64_t* rows, int count, int width) {
    F means = F{}, squares = F{};
    with_reader<Isa>(view, [&](auto reader) {
      for (int d = 0; d < width; d += V::kCount) {
        int rest = width - d;
        F sum = F{};
        for (int n = 0; n < count; n++) {
          int64_t at = rows[n] + d * view.strides[3];
          F line = rest >= V::kCount ? reader.whole(view, at) : reader.part(view, at, rest);
          sum += line;
          squares += line * line;
        }
        means += sum * sum;
      }
    });
    float n = static_cast<float>(count);
    float mean = V::total(means) / (n * n), all = V::total(squares) / n;
    if (count == 1) return {mean, 0};
    float variance = all > mean ? (all - mean) * n / (n - 1) : 0;
    float common = mean - variance / n;  // so much of it is chance
    return {common > 0 ? common : 0, variance};
  }

  /** A key that query number n of the sample may attend to; -1 for none near the place where it looks. */
  static int64_t visible_key(const Problem& problem, const Band& band, int64_t batch, int64_t head, int n,
                             int64_t& range) {
    int64_t query = (2 * n + 1) * problem.queries / (2 * kKeys);
    int64_t begin, end;
    band.keys_of(problem.query_start + query, problem.keys, begin, end);
    range = end - begin;
    if (range <= 0) return -1;
    int64_t place = n * 7 % kKeys;  // early and late queries look at early and late keys
    int64_t key = begin + range * (2 * place + 1) / (2 * kKeys);
    if (band.exact) return key;
    int64_t first = key / kRunKeys * kRunKeys;
    int keys = static_cast<int>(problem.keys - first < kRunKeys ? problem.keys - first : kRunKeys);
    KeyBits visible = MaskRows<Isa>::row(problem, batch, head, query, first, keys);
    for (int step = 0; step < keys; step++) {
      int64_t j = (key - first + step) % keys;
      if ((visible.words[j / 64] >> (j % 64) & 1) != 0) return first + j;
    }
    return -1;
  }
};

}  // namespace
}  // namespace attention4j

#endif
