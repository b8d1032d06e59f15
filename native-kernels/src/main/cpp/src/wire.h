// Attention as another runtime carries it: operands in that runtime's memory and a list of 64-bit
// integers, the format of org.attention4j.op.AttentionCode. Shared by all runtimes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "attention4j/kernels.h"

namespace attention4j {

/** A tensor that a runtime lends for one call; its sizes and strides are copied. */
struct ForeignTensor {
  static constexpr int kMaxRank = 8;

  void* data = nullptr;
  int32_t dtype = A4J_F32; /**< an a4j_dtype; with A4J_I8_ROWS sizes leave the scales out, strides do not */
  int rank = 0;
  int64_t sizes[kMaxRank] = {};
  int64_t strides[kMaxRank] = {}; /**< in elements, not negative */
};

/** What a code tells before its operands are at hand. */
struct WireHead {
  size_t operands = 0;      /**< of the forward op, an appended start included */
  size_t start_operand = 0; /**< the first query's slot in a cache with empty slots; 0 if there is none */
  bool key_time_first = false;
  bool value_time_first = false;
};

/** Fills in the strides of a dense row-major tensor. */
void make_dense(ForeignTensor& tensor);

/**
 * A problem read from a code and its operands. Every method throws Failure on what does not fit; the
 * kernels' own checks follow when the problem is run. Not movable: the problem points into it.
 */
class WireAttention {
 public:
  /** `operands` are those of the forward op, an appended start included. */
  WireAttention(const int64_t* code, size_t entries, const ForeignTensor* operands, size_t count);
  WireAttention(const WireAttention&) = delete;
  WireAttention& operator=(const WireAttention&) = delete;

  static WireHead head(const int64_t* code, size_t entries);

  /** The first query's slot, from the operand that tells it. */
  static int64_t start(const ForeignTensor& operand);

  const a4j_attention& problem() const { return problem_; }
  bool log_sum_exp() const { return log_sum_exp_; }
  bool has_bias() const { return problem_.bias.data != nullptr; }
  /** The operand that is the bias, if there is one. */
  size_t bias_operand() const { return bias_operand_; }

  /** The a4j_dtype of the output: the query's, or f32 where the code says so. */
  int32_t output_type() const;

  /** Sizes of the output as the runtime sees it, [batch, heads, queries, value_dim] or time first. */
  void output_sizes(int64_t (&sizes)[4]) const;

  /** A view of a tensor shaped like the output. */
  a4j_view output(const ForeignTensor& tensor) const;
  /** A view of a tensor [batch, heads, queries]. */
  a4j_view rows(const ForeignTensor& tensor) const;
  /** A view of a tensor shaped like the query, the key or the value. */
  a4j_view query(const ForeignTensor& tensor) const;
  a4j_view key(const ForeignTensor& tensor) const;
  a4j_view value(const ForeignTensor& tensor) const;
  /** A view of a tensor shaped like the bias. */
  a4j_view bias(const ForeignTensor& tensor) const;

 private:
  class Reader;
  void read_mask(Reader& reader, const ForeignTensor* operands, int64_t end);
  a4j_view sequence(const ForeignTensor& tensor, const char* name, int64_t heads, int64_t time, int64_t width,
                    int64_t time_first) const;

  a4j_attention problem_{};
  std::vector<float> slopes_;
  std::vector<a4j_mask_node> mask_;
  size_t bias_operand_ = 0;
  bool log_sum_exp_ = false;
  int64_t flags_ = 0;
};

}  // namespace attention4j
