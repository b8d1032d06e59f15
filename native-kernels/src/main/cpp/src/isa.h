// Instruction sets: which this build has, which this machine runs, which one to take.
#pragma once

#include <cstdint>

#include "problem.h"

namespace attention4j {

const char* isa_name(int32_t isa);

/** The kernels for an instruction set, or null if the build or the machine has none. */
const KernelTable* kernels_for(int32_t isa);

/** Resolves A4J_ISA_AUTO; throws Failure for one that is unknown or not available. */
int32_t choose_isa(int32_t requested);

}  // namespace attention4j
