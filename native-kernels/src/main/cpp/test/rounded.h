// Attention op by op with each result rounded to bf16, as a framework without a fused kernel computes it.
#pragma once

#include "naive.h"

/** Results as if stored in bf16. */
Expected naive_rounded(const TestProblem& problem, bool with_grad_lse);

struct Errors {
  double largest = 0;
  double root_mean_square = 0;
};

Errors errors_of(Tensor& truth, Tensor& got);
Errors errors_of(Tensor& truth, const Buffer& got);
