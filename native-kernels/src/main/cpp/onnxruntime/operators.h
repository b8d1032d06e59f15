// The operators of this library in ONNX Runtime: domain org.attention4j, version 1, see docs/onnx.md.
#pragma once

#include "runtime.h"

struct a4j_context;

namespace attention4j::onnxruntime {

/** One operator `Attention` for each floating type, to be told apart by the runtime. */
constexpr int kAttentionOps = 3;
const OrtCustomOp* attention_op(int index);

/** One operator `CachedAttention` for each floating type with each type of its cache. */
constexpr int kCachedAttentionOps = 5;
const OrtCustomOp* cached_attention_op(int index);

/** The operator `BlockProduct`. */
const OrtCustomOp* block_product_op();

/** The context whose kernels run; made at the first call, which fails if that fails. */
a4j_context* shared_context();

}  // namespace attention4j::onnxruntime
