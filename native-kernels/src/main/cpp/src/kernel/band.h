// What a mask program says of slots alone: keys that no query, or only a band of queries, may see.
#pragma once

#include "mask.h"

namespace attention4j {
namespace {  // private to each instruction set's translation unit

/** A pair may be visible only if left < key - query slot <= right and first <= key < last. */
struct Band {
  int64_t left;
  int64_t right;
  int64_t first;
  int64_t last;
  bool exact;  // then "only if" is "if and only if"

  static Band everything(bool exact) { return {-kUnbounded, kUnbounded, -kUnbounded, kUnbounded, exact}; }

  static Band of(const Problem& problem) {
    if (problem.mask_nodes == 0) return everything(true);
    Band stack[64];
    int top = 0;
    for (int n = 0; n < problem.mask_nodes; n++) {
      const MaskNode& node = problem.mask[n];
      switch (node.op) {
        case MaskOp::kAll:
          stack[top++] = everything(true);
          break;
        case MaskOp::kCausal:
          stack[top++] = {-kUnbounded, 0, -kUnbounded, kUnbounded, true};
          break;
        case MaskOp::kWindow:
          stack[top++] = {-node.left, node.right, -kUnbounded, kUnbounded, true};
          break;
        case MaskOp::kRange:
          stack[top++] = {-kUnbounded, kUnbounded, node.left, node.right, true};
          break;
        case MaskOp::kTensor:
          stack[top++] = everything(false);
          break;
        case MaskOp::kAnd:
          top--;
          stack[top - 1] = both(stack[top - 1], stack[top]);
          break;
        case MaskOp::kOr:
          top--;
          stack[top - 1] = either(stack[top - 1], stack[top]);
          break;
        case MaskOp::kNot:
          stack[top - 1] = everything(false);
          break;
      }
    }
    return stack[0];
  }

  /** The keys [begin, end) of [0, count) that a query in this slot may see at most; maybe empty. */
  void keys_of(int64_t slot, int64_t count, int64_t& begin, int64_t& end) const {
    begin = larger(larger(slot + left + 1, first), 0);
    end = smaller(smaller(slot + right + 1, last), count);
    if (end < begin) end = begin;
  }

  /** The slots [begin, end) of queries that may see any of the keys [from, to). */
  void slots_of(int64_t from, int64_t to, int64_t& begin, int64_t& end) const {
    from = larger(from, first);
    to = smaller(to, last);
    begin = from - right;
    end = to > from ? to - 1 - left : begin;
  }

 private:
  static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
  static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

  static Band both(const Band& a, const Band& b) {
    return {larger(a.left, b.left), smaller(a.right, b.right), larger(a.first, b.first),
            smaller(a.last, b.last), a.exact && b.exact};
  }

  static Band either(const Band& a, const Band& b) {
    return {smaller(a.left, b.left), larger(a.right, b.right), smaller(a.first, b.first),
            larger(a.last, b.last), false};
  }
};

}  // namespace
}  // namespace attention4j
