// The mask program on one tile of pairs: first whether it decides the whole tile, then pair by pair.
#pragma once

#include "../problem.h"
#include "tiles.h"

namespace attention4j {
namespace {  // private to each instruction set's translation unit

/** The pairs of one tile. Slots: query i of the tile is in query_slot + i, key j in first_key + j. */
struct TilePlace {
  int64_t batch;
  int64_t head;
  int64_t first_query;
  int64_t first_key;
  int64_t query_slot;
  int queries;
  int keys;
};

enum class Coverage : uint8_t { kNone, kSome, kEvery };

namespace mask_detail {

inline Coverage coverage_between(bool every, bool none) {
  return none ? Coverage::kNone : every ? Coverage::kEvery : Coverage::kSome;
}

/** Coverage of left < key - query <= right by the tile's extreme distances. */
inline Coverage band_coverage(const TilePlace& place, int64_t left, int64_t right) {
  int64_t nearest = place.first_key - (place.query_slot + place.queries - 1);
  int64_t farthest = place.first_key + place.keys - 1 - place.query_slot;
  return coverage_between(nearest > left && farthest <= right, farthest <= left || nearest > right);
}

template <class Element>
inline void fill_row_of(const MaskNode& node, const TilePlace& place, int query, uint8_t* out) {
  const Element* from = static_cast<const Element*>(node.data) + place.batch * node.strides[0] +
                        place.head * node.strides[1] + (place.first_query + query) * node.strides[2] +
                        place.first_key * node.strides[3];
  for (int j = 0; j < place.keys; j++) out[j] = from[j * node.strides[3]] != 0;
}

inline void fill_row(const MaskNode& node, const TilePlace& place, int query, uint8_t* out) {
  if (node.element_bytes == 1) {
    fill_row_of<uint8_t>(node, place, query, out);
  } else if (node.element_bytes == 4) {
    fill_row_of<uint32_t>(node, place, query, out);
  } else {
    fill_row_of<uint64_t>(node, place, query, out);
  }
}

/** A tensor that is the same for all queries (padding) is worth a look: it may clear the tile. */
inline Coverage tensor_coverage(const MaskNode& node, const TilePlace& place) {
  if (node.strides[2] != 0) return Coverage::kSome;
  uint8_t row[kTile];
  fill_row(node, place, 0, row);
  int allowed = 0;
  for (int j = 0; j < place.keys; j++) allowed += row[j];
  return coverage_between(allowed == place.keys, allowed == 0);
}

/** Coverage of left <= key < right. */
inline Coverage range_coverage(const TilePlace& place, int64_t left, int64_t right) {
  int64_t last = place.first_key + place.keys - 1;
  return coverage_between(place.first_key >= left && last < right, last < left || place.first_key >= right);
}

inline void fill_band(const TilePlace& place, int64_t left, int64_t right, uint8_t* out) {
  for (int i = 0; i < place.queries; i++) {
    int64_t distance = place.first_key - (place.query_slot + i);
    uint8_t* row = out + i * kTile;
    for (int j = 0; j < place.keys; j++) {
      row[j] = static_cast<uint8_t>((distance + j > left) & (distance + j <= right));
    }
  }
}

inline void fill_range(const TilePlace& place, int64_t left, int64_t right, uint8_t* out) {
  for (int i = 0; i < place.queries; i++) {
    for (int j = 0; j < place.keys; j++) {
      int64_t key = place.first_key + j;
      out[i * kTile + j] = static_cast<uint8_t>((key >= left) & (key < right));
    }
  }
}

inline void fill_tensor(const MaskNode& node, const TilePlace& place, uint8_t* out) {
  for (int i = 0; i < place.queries; i++) fill_row(node, place, i, out + i * kTile);
}

}  // namespace mask_detail

// Wider than any distance between slots, narrow enough to add to one.
constexpr int64_t kUnbounded = int64_t{1} << 42;

/** What the mask says of a tile; `tensor_coverage(node, place)` looks at a tensor in it. */
template <class TensorCoverage>
inline Coverage mask_coverage(const Problem& problem, const TilePlace& place,
                              TensorCoverage tensor_coverage) {
  if (problem.mask_nodes == 0) return Coverage::kEvery;
  Coverage stack[64];
  int top = 0;
  for (int n = 0; n < problem.mask_nodes; n++) {
    const MaskNode& node = problem.mask[n];
    switch (node.op) {
      case MaskOp::kAll:
        stack[top++] = Coverage::kEvery;
        break;
      case MaskOp::kCausal:
        stack[top++] = mask_detail::band_coverage(place, -kUnbounded, 0);
        break;
      case MaskOp::kWindow:
        stack[top++] = mask_detail::band_coverage(place, -node.left, node.right);
        break;
      case MaskOp::kRange:
        stack[top++] = mask_detail::range_coverage(place, node.left, node.right);
        break;
      case MaskOp::kTensor:
        stack[top++] = tensor_coverage(node, place);
        break;
      case MaskOp::kAnd:
        top--;
        if (stack[top] < stack[top - 1]) stack[top - 1] = stack[top];
        break;
      case MaskOp::kOr:
        top--;
        if (stack[top] > stack[top - 1]) stack[top - 1] = stack[top];
        break;
      case MaskOp::kNot:
        stack[top - 1] = static_cast<Coverage>(2 - static_cast<int>(stack[top - 1]));
        break;
    }
  }
  return stack[0];
}

inline Coverage mask_coverage(const Problem& problem, const TilePlace& place) {
  return mask_coverage(problem, place, mask_detail::tensor_coverage);
}

/** Writes 1 or 0 to stack[query * kTile + key]; `stack` has mask_depth tiles. */
inline void mask_tile(const Problem& problem, const TilePlace& place, uint8_t* stack) {
  constexpr int kPairs = kTile * kTile;
  uint8_t* next = stack;
  for (int n = 0; n < problem.mask_nodes; n++) {
    const MaskNode& node = problem.mask[n];
    switch (node.op) {
      case MaskOp::kAll:
        memset(next, 1, kPairs);
        next += kPairs;
        break;
      case MaskOp::kCausal:
        mask_detail::fill_band(place, -kUnbounded, 0, next);
        next += kPairs;
        break;
      case MaskOp::kWindow:
        mask_detail::fill_band(place, -node.left, node.right, next);
        next += kPairs;
        break;
      case MaskOp::kRange:
        mask_detail::fill_range(place, node.left, node.right, next);
        next += kPairs;
        break;
      case MaskOp::kTensor:
        mask_detail::fill_tensor(node, place, next);
        next += kPairs;
        break;
      case MaskOp::kAnd:
        next -= kPairs;
        for (int i = 0; i < place.queries * kTile; i++) next[i - kPairs] &= next[i];
        break;
      case MaskOp::kOr:
        next -= kPairs;
        for (int i = 0; i < place.queries * kTile; i++) next[i - kPairs] |= next[i];
        break;
      case MaskOp::kNot:
        for (int i = 0; i < place.queries * kTile; i++) next[i - kPairs] ^= 1;
        break;
    }
  }
}

}  // namespace
}  // namespace attention4j
