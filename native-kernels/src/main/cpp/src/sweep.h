// The fast backward pass as jobs for the pool.
#pragma once

#include "problem.h"
#include "thread_pool.h"

namespace attention4j {

/** Decides how the work is split; returns how many floats run_sweep needs for partial sums. */
int64_t plan_sweep(BackwardCall& call);

enum class Swept {
  kAll,        // all gradients that are wanted
  kNotFinite,  // delta only: an operand holds NaN or infinity, which need the general backward pass
  kTooRough    // nothing: call.too_rough was given and is set
};

/** After plan_sweep. With `alone` no other thread helps. Throws std::bad_alloc. */
Swept run_sweep(ThreadPool& pool, const BackwardSweep& sweep, BackwardCall& call, float* partials,
                bool alone);

}  // namespace attention4j
