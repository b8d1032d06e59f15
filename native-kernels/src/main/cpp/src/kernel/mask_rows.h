// The mask program for one query and a run of keys, as bits: the logic of 64 pairs is one instruction.
#pragma once

#include "mask.h"
#include "vectors.h"

#if defined(__AVX2__)

namespace attention4j {
namespace {  // private to each instruction set's translation unit

/** The most keys in one run; a multiple of 64. */
constexpr int kRunKeys = 256;
constexpr int kRunWords = kRunKeys / 64;

/** Bit j of the run: key first + j. */
struct KeyBits {
  uint64_t words[kRunWords];
};

/** The bits [first, end) of a run. */
inline KeyBits bits_between(int64_t first, int64_t end) {
  KeyBits result;
  for (int w = 0; w < kRunWords; w++) {
    int64_t low = first - w * 64, high = end - w * 64;
    uint64_t below_high = high >= 64 ? ~uint64_t{0} : high <= 0 ? 0 : (uint64_t{1} << high) - 1;
    uint64_t below_low = low >= 64 ? ~uint64_t{0} : low <= 0 ? 0 : (uint64_t{1} << low) - 1;
    result.words[w] = below_high & ~below_low;
  }
  return result;
}

template <class Isa>
struct MaskRows {
  using V = Vectors<Isa>;

  /** What the mask says of a block of one head's queries against a run of keys. */
  static Coverage coverage(const Problem& problem, const TilePlace& place) {
    return mask_coverage(problem, place, tensor_coverage);
  }

  /** The keys that a query may attend to, of the run [first_key, first_key + keys). */
  static KeyBits row(const Problem& problem, int64_t batch, int64_t head, int64_t query, int64_t first_key,
                     int keys) {
    KeyBits end = bits_between(0, keys);
    if (problem.mask_nodes == 0) return end;
    KeyBits stack[64];
    int top = 0;
    int64_t slot = problem.query_start + query - first_key;  // counted from the run's first key
    for (int n = 0; n < problem.mask_nodes; n++) {
      const MaskNode& node = problem.mask[n];
      switch (node.op) {
        case MaskOp::kAll:
          stack[top++] = end;
          break;
        case MaskOp::kCausal:
          stack[top++] = bits_between(0, slot + 1);
          break;
        case MaskOp::kWindow:
          stack[top++] = bits_between(slot - node.left + 1, slot + node.right + 1);
          break;
        case MaskOp::kRange:
          stack[top++] = bits_between(node.left - first_key, node.right - first_key);
          break;
        case MaskOp::kTensor:
          stack[top++] = tensor_row(node, batch, head, query, first_key, keys);
          break;
        case MaskOp::kAnd:
          top--;
          for (int w = 0; w < kRunWords; w++) stack[top - 1].words[w] &= stack[top].words[w];
          break;
        case MaskOp::kOr:
          top--;
          for (int w = 0; w < kRunWords; w++) stack[top - 1].words[w] |= stack[top].words[w];
          break;
        case MaskOp::kNot:
          for (int w = 0; w < kRunWords; w++) stack[top - 1].words[w] ^= ~uint64_t{0};
          break;
      }
    }
    for (int w = 0; w < kRunWords; w++) end.words[w] &= stack[0].words[w];
    return end;
  }

 private:
  static Coverage tensor_coverage(const MaskNode& node, const TilePlace& place) {
    if (node.strides[2] != 0) return Coverage::kSome;
    KeyBits row = tensor_row(node, place.batch, place.head, 0, place.first_key, place.keys);
    int allowed = 0;
    for (uint64_t word : row.words) allowed += __builtin_popcountll(word);
    return mask_detail::coverage_between(allowed == place.keys, allowed == 0);
  }

  static KeyBits tensor_row(const MaskNode& node, int64_t batch, int64_t head, int64_t query,
                            int64_t first_key, int keys) {
    int64_t at = batch * node.strides[0] + head * node.strides[1] + query * node.strides[2] +
                 first_key * node.strides[3];
    if (node.element_bytes == 1) return elements(static_cast<const uint8_t*>(node.data) + at, node, keys);
    if (node.element_bytes == 4) return elements(static_cast<const uint32_t*>(node.data) + at, node, keys);
    return elements(static_cast<const uint64_t*>(node.data) + at, node, keys);
  }

  template <class Element>
  static KeyBits elements(const Element* from, const MaskNode& node, int keys) {
    int64_t step = node.strides[3];
    if (step == 0) return bits_between(0, from[0] != 0 ? keys : 0);
    KeyBits result = {};
    int j = 0;
    if constexpr (sizeof(Element) == 1) {
      if (step == 1) {
        for (; j + 64 <= keys; j += 64) result.words[j / 64] = V::nonzero_bytes(from + j);
      }
    }
    for (; j < keys; j++) result.words[j / 64] |= static_cast<uint64_t>(from[j * step] != 0) << (j % 64);
    return result;
  }
};

}  // namespace
}  // namespace attention4j

#endif
