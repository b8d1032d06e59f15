// Attention by the book in double: whole rows, no tiles, one pair at a time.
#pragma once

#include <vector>

#include "problems.h"

struct Tensor {
  explicit Tensor(Dims dims_)
      : dims(dims_), values(static_cast<size_t>(dims_[0] * dims_[1] * dims_[2] * dims_[3])) {
    int64_t step = 1;
    for (size_t axis = 4; axis-- > 0; step *= dims[axis]) steps[axis] = dims[axis] == 1 ? 0 : step;
  }

  /** Axes of size 1 broadcast. */
  double& at(int64_t b, int64_t h, int64_t t, int64_t d) {
    return values[static_cast<size_t>(b * steps[0] + h * steps[1] + t * steps[2] + d * steps[3])];
  }

  Dims dims;
  Dims steps{};
  std::vector<double> values;
};

struct Expected {
  explicit Expected(const TestProblem& problem);

  Tensor out, lse, grad_query, grad_key, grad_value, grad_bias;
};

Expected naive(const TestProblem& problem, bool with_grad_lse);

/** What dropout multiplies a weight with: 0 or 1 / (1 - probability). */
double dropout_factor(const TestProblem& problem, int64_t b, int64_t h, int64_t i, int64_t j);

/** Whether query i of a batch entry and head may attend to key j. */
bool attends(const TestProblem& problem, int64_t b, int64_t h, int64_t i, int64_t j);

/**
 * Throws unless every element is within relative * |expected| + absolute * max(1, largest expected);
 * NaN and infinities must be equal.
 */
void check_close(const std::string& what, Tensor& expected, const Buffer& got, double absolute,
                 double relative);
