// Compiled for the baseline of the architecture. The vector type is 16 bytes, which the compiler
// lowers to whatever that baseline has: SSE2, NEON, or plain scalar code.
#include "table.h"

namespace attention4j {
namespace {

struct Scalar {
  static constexpr int kLanes = 4;
  static constexpr int kRows = 4;
  static constexpr int kColumns = 2;
  using Floats __attribute__((vector_size(16))) = float;
  using Ints __attribute__((vector_size(16))) = uint32_t;
};

}  // namespace

const KernelTable* scalar_kernels() {
  return &Table<Scalar>::kTable;
}

}  // namespace attention4j
