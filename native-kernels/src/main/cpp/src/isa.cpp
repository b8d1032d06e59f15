#include "isa.h"

#include <string>

#include "attention4j/kernels.h"
#include "failure.h"

namespace attention4j {
namespace {

bool machine_runs(int32_t isa) {
#if defined(__x86_64__)
  // The builtin also asks the operating system whether it saves the wide registers.
  if (isa == A4J_ISA_AVX2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (isa == A4J_ISA_AVX512_BF16) {
    return machine_runs(A4J_ISA_AVX512) && __builtin_cpu_supports("avx512bf16") &&
           __builtin_cpu_supports("avx512vnni");
  }
  if (isa == A4J_ISA_AVX512) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  }
#endif
  return isa == A4J_ISA_SCALAR;
}

std::string available_names() {
  std::string names;
  for (int32_t isa = 0; isa < A4J_ISA_COUNT; isa++) {
    if (kernels_for(isa) == nullptr) continue;
    if (!names.empty()) names += ", ";
    names += isa_name(isa);
  }
  return names;
}

}  // namespace

const char* isa_name(int32_t isa) {
  switch (isa) {
    case A4J_ISA_SCALAR:
      return "scalar";
    case A4J_ISA_AVX2:
      return "avx2";
    case A4J_ISA_AVX512:
      return "avx512";
    case A4J_ISA_AVX512_BF16:
      return "avx512-bf16";
    default:
      return nullptr;
  }
}

const KernelTable* kernels_for(int32_t isa) {
  if (!machine_runs(isa)) return nullptr;
  switch (isa) {
    case A4J_ISA_SCALAR:
      return scalar_kernels();
    case A4J_ISA_AVX2:
      return avx2_kernels();
    case A4J_ISA_AVX512:
      return avx512_kernels();
    case A4J_ISA_AVX512_BF16:
      return avx512_bf16_kernels();
    default:
      return nullptr;
  }
}

int32_t choose_isa(int32_t requested) {
  if (requested == A4J_ISA_AUTO) {
    int32_t isa = A4J_ISA_COUNT - 1;
    while (isa > A4J_ISA_SCALAR && kernels_for(isa) == nullptr) isa--;
    return isa;
  }
  if (isa_name(requested) == nullptr) {
    throw Failure(A4J_INVALID_ARGUMENT,
                  "instruction set " + std::to_string(requested) + " is unknown; here: " + available_names());
  }
  if (kernels_for(requested) == nullptr) {
    throw Failure(A4J_UNSUPPORTED, std::string("instruction set ") + isa_name(requested) +
                                       " is not available on this machine; here: " + available_names());
  }
  return requested;
}

}  // namespace attention4j
