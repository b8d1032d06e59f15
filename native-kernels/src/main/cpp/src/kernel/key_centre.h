// What most keys of a head have in common.
//
// A row's score gradients sum to the gradient of its log-sum-exp, so that what all keys have in common adds
// nothing to grad_query. With delta from an output of 16 bits they miss that sum by its rounding, and a
// common part much larger than the differences between keys would multiply what is missing:
//
//   grad_query_i = sum_j ds_ij k_j = sum_j ds_ij (k_j - c) + c grad_lse_i     for any c
//
// The sweep computes the first sum and takes c (sum_j ds_ij - grad_lse_i) off it.
#pragma once

#include "band.h"
#include "mask_rows.h"
#include "readers.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

template <class Isa>
struct KeyCentre {
  using V = Vectors<Isa>;
  using F = typename V::F;

  static constexpr int kSamples = 16;

  /**
   * The mean of the middle half of a sample of keys, in those dimensions where all of it but one has one
   * sign, else 0: neither a few huge keys nor what is behind the mask move it. False if it is 0 throughout.
   * `centre` is [gradient_step(key_dim)].
   */
  static bool find(const Problem& problem, const Band& band, int64_t batch, int64_t head, float* centre) {
    int64_t at[kSamples];
    int count = 0;
    for (int n = 0; n < kSamples; n++) {
      int64_t key = sample(problem, band, batch, head, n);
      if (key < 0) continue;
      at[count++] = offset_of(problem.key, batch, head / group_size(problem), key);
    }
    if (count < kSamples / 4) return false;
    bool found = false;
    with_reader<Isa>(problem.key, [&](auto reader) {
      for (int d = 0; d < gradient_step(problem.key_dim); d += V::kCount) {
        int width = problem.key_dim - d < V::kCount ? problem.key_dim - d : V::kCount;
        F lines[kSamples];
        for (int n = 0; n < count; n++) {
          int64_t element = at[n] + d * problem.key.strides[3];
          lines[n] = width == V::kCount ? reader.whole(problem.key, element)
                     : width > 0        ? reader.part(problem.key, element, width)
                                        : F{};
        }
        sort(lines, count);
        F middle = F{};
        for (int n = count / 4; n < count - count / 4; n++) middle += lines[n];
        middle *= 1.0f / static_cast<float>(count - count / 4 * 2);
        middle = lines[1] > 0.0f ? middle : lines[count - 2] < 0.0f ? middle : F{};
        V::store(centre + d, middle);
        found = found || V::total(V::magnitude(middle)) > 0;
      }
    });
    return found;
  }

 private:
  /** A key that query number n of the sample may attend to; -1 for none near the place where it looks. */
  static int64_t sample(const Problem& problem, const Band& band, int64_t batch, int64_t head, int n) {
    if (problem.queries == 0) return -1;
    int64_t query = (2 * n + 1) * problem.queries / (2 * kSamples);
    int64_t begin, end;
    band.keys_of(problem.query_start + query, problem.keys, begin, end);
    if (end <= begin) return -1;
    int64_t place = n * 7 % kSamples;  // early and late queries look at early and late keys
    int64_t key = begin + (end - begin) * (2 * place + 1) / (2 * kSamples);
    if (band.exact) return key;
    int64_t first = key / kRunKeys * kRunKeys;
    int keys = static_cast<int>(problem.keys - first < kRunKeys ? problem.keys - first : kRunKeys);
    KeyBits visible = MaskRows<Isa>::row(problem, batch, head, query, first, keys);
    for (int n_of_run = 0; n_of_run < keys; n_of_run++) {
      int64_t j = (key - first + n_of_run) % keys;
      if ((visible.words[j / 64] >> (j % 64) & 1) != 0) return first + j;
    }
    return -1;
  }

  /** Each lane on its own, ascending. */
  static void sort(F* lines, int count) {
    for (int last = count - 1; last > 0; last--) {
      for (int n = 0; n < last; n++) {
        F a = lines[n], b = lines[n + 1];
        lines[n] = a < b ? a : b;
        lines[n + 1] = a < b ? b : a;
      }
    }
  }
};

}  // namespace
}  // namespace attention4j

#endif
