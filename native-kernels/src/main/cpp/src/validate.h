// Everything that must hold before a kernel may touch memory.
#pragma once

#include <vector>

#include "attention4j/kernels.h"
#include "problem.h"

namespace attention4j {

enum class Use { kInput, kOutput };

/**
 * Checks a required view (or an optional one that is there) against its shape: dtype f32, or also bf16
 * or f16 if `narrow`; aligned, inside its memory, and, as an output, not overlapping itself.
 * Throws Failure.
 */
View check_view(const char* name, const a4j_view& view, const int64_t (&dims)[4], bool narrow, Use use);

/** The same for rows that may also be I8_ROWS, whose scales are inside the memory as well. */
View check_rows(const char* name, const a4j_view& view, const int64_t (&dims)[4], Use use);

/** Prepares a dropout. Throws Failure if the probability is none. */
DropoutPlan check_dropout(double probability, int64_t seed, int64_t site);

/** Checks a product; x rounded, and how it is cut into items, are missing. Throws Failure. */
BlockProductCall check_product(const a4j_block_product* product);

/** Checks the whole problem; the mask's nodes go to `nodes`, which must outlive the result. */
Problem check_problem(const a4j_attention* attention, std::vector<MaskNode>& nodes);

}  // namespace attention4j
