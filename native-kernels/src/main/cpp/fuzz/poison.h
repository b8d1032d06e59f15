// NaN and infinity in a problem, and what they may touch: exactly what attends to them.
#pragma once

#include "bytes.h"
#include "naive.h"

/** Puts NaN or infinity at a few places of query, key, value, bias and cotangents. */
void poison(TestProblem& problem, Bytes& bytes);

/**
 * Sets what the poison may touch in the expected results of the clean problem to what was computed;
 * comparing then proves that nothing else was touched.
 */
void forgive_forward(const TestProblem& problem, Expected& expected, const Results& results);
void forgive_backward(const TestProblem& problem, Expected& expected, const Results& results);

/** Throws unless each row that attends to a NaN in query, key or bias became NaN. */
void check_arrived(const TestProblem& problem, const Results& results);
