// Compiled with AVX2 and FMA where the target is x86-64; elsewhere it holds nothing.
#include "../problem.h"

#if defined(__AVX2__) && defined(__FMA__)

#include "table.h"

namespace attention4j {
namespace {

struct Avx2 {
  static constexpr int kLanes = 8;
  static constexpr int kRows = 6;
  static constexpr int kColumns = 2;
  using Floats __attribute__((vector_size(32))) = float;
  using Ints __attribute__((vector_size(32))) = uint32_t;
  using Halves __attribute__((vector_size(16))) = uint16_t;
};

}  // namespace

const KernelTable* avx2_kernels() {
  return &Table<Avx2>::kTable;
}

}  // namespace attention4j

#else

const attention4j::KernelTable* attention4j::avx2_kernels() {
  return nullptr;
}

#endif
