// The fast backward pass as jobs for the pool.
#pragma once

#include "problem.h"
#include "thread_pool.h"

namespace attention4j {

/** Decides how the work is split; returns how many floats run_sweep needs for partial sums. */
int64_t plan_sweep(BackwardCall& call);

/**
 * After plan_sweep: computes delta, then all gradients that are wanted. False, with delta
 * only, if an operand holds NaN or infinity: those need the general backward pass. With `alone` no
 * other thread helps. Throws
 * std::bad_alloc.
 */
bool run_sweep(ThreadPool& pool, const BackwardSweep& sweep, BackwardCall& call, float* partials, bool alone);

}  // namespace attention4j
