// A valid call in which the bytes then change some numbers: sizes, strides, offsets, types, pointers.
#pragma once

#include <string>
#include <vector>

#include "bytes.h"
#include "problems.h"

class SpoiledCall {
 public:
  /** The memory of both must outlive the call. No view ever claims more memory than there is. */
  SpoiledCall(const TestProblem& problem, Results& results, Bytes& bytes);
  SpoiledCall(const SpoiledCall&) = delete;
  SpoiledCall& operator=(const SpoiledCall&) = delete;

  /** Pairs of a query and a key, each size counted as at least 1; large ones must not be computed. */
  double pairs() const;

  /** Runs it; throws unless the code and the message belong together. Returns the code. */
  int32_t forward(a4j_context* context) const;
  int32_t backward(a4j_context* context) const;

 private:
  struct Memory {
    a4j_view* view;
    int64_t bytes;
  };
  void spoil(Bytes& bytes);
  void spoil_size(Bytes& bytes);
  void spoil_number(Bytes& bytes);
  void spoil_view(Memory& memory, Bytes& bytes);
  void spoil_mask(Bytes& bytes);
  void stay_in_memory();

  a4j_attention problem_;
  std::vector<a4j_mask_node> mask_;
  a4j_view out_;
  a4j_view lse_;
  a4j_gradients gradients_{};
  std::vector<Memory> memories_;
  bool with_out_ = true;
  bool with_lse_ = true;
  bool with_problem_ = true;
  bool with_gradients_ = true;
  bool with_error_ = true;
};
