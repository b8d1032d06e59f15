// Attention as an operator of ONNX Runtime: domain org.attention4j, version 1, see docs/onnx.md.
#pragma once

#include "runtime.h"

struct a4j_context;

namespace attention4j::onnxruntime {

constexpr const char* kDomain = "org.attention4j";

/** One operator `Attention` for each floating type, to be told apart by the runtime. */
constexpr int kOps = 3;
const OrtCustomOp* attention_op(int index);

/** The context whose kernels run; made at the first call, which fails if that fails. */
a4j_context* shared_context();

}  // namespace attention4j::onnxruntime
