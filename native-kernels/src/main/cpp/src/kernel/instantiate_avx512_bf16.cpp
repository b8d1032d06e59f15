// Compiled with AVX-512 (F, BW, VL, DQ) and its products of bf16 and of bytes where the target is x86-64;
// elsewhere it holds nothing.
#include "../problem.h"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512DQ__) && \
    defined(__AVX512BF16__) && defined(__AVX512VNNI__)

#include "table.h"

namespace attention4j {
namespace {

struct Avx512Bf16 {
  static constexpr int kLanes = 16;
  static constexpr int kRows = 8;
  static constexpr int kColumns = 2;
  using Floats __attribute__((vector_size(64))) = float;
  using Ints __attribute__((vector_size(64))) = uint32_t;
  using Halves __attribute__((vector_size(32))) = uint16_t;
};

}  // namespace

const KernelTable* avx512_bf16_kernels() {
  return &Table<Avx512Bf16>::kTable;
}

}  // namespace attention4j

#else

const attention4j::KernelTable* attention4j::avx512_bf16_kernels() {
  return nullptr;
}

#endif
