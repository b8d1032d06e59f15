// Attention by the book in double: whole rows, no tiles, one pair at a time.
#pragma once

#include <vector>

#include "problems.h"

struct Tensor {
  explicit Tensor(Dims dims_)
      : dims(dims_), values(static_cast<size_t>(dims_[0] * dims_[1] * dims_[2] * dims_[3])) {}

  /** Axes of size 1 broadcast. */
  double& at(int64_t b, int64_t h, int64_t t, int64_t d) {
    return values[static_cast<size_t>(
        (((b % dims[0]) * dims[1] + h % dims[1]) * dims[2] + t % dims[2]) * dims[3] + d % dims[3])];
  }

  Dims dims;
  std::vector<double> values;
};

struct Expected {
  explicit Expected(const TestProblem& problem);

  Tensor out, lse, grad_query, grad_key, grad_value, grad_bias;
};

Expected naive(const TestProblem& problem, bool with_grad_lse);

/** Whether query i of a batch entry and head may attend to key j. */
bool attends(const TestProblem& problem, int64_t b, int64_t h, int64_t i, int64_t j);

/**
 * Throws unless every element is within relative * |expected| + absolute * max(1, largest expected);
 * NaN and infinities must be equal.
 */
void check_close(const std::string& what, Tensor& expected, const Buffer& got, double absolute,
                 double relative);
