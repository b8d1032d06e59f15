// Attention problems from fuzzed bytes, always valid and small enough for the naive computation.
#pragma once

#include <memory>

#include "bytes.h"
#include "naive.h"

/** Sizes, layout, dtype, a mask program, bias, ALiBi, softcap and dropout, all as the bytes say. */
std::unique_ptr<TestProblem> decode_problem(Bytes& bytes);
