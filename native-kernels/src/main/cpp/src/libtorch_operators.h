// The kernels as operators of the libtorch that this process has loaded.
#pragma once

#include <cstdint>
#include <string>

namespace attention4j {

/**
 * Registers the operators of the namespace attention4j, once a process; the reason why not, or
 * nothing. They run on the instruction set `isa`, and on as many threads as PyTorch's operators
 * would in the thread that calls them.
 *
 *   attention_forward_N(N operands, code) -> (output, log-sum-exp)
 *   attention_backward_N(operands, output, log-sum-exp, cotangents: N in all, code)
 *       -> (gradient of query, of key, of value, of the bias: empty without one)
 *   dropout_2(x, seed, code), dropout_3(x, seed, added, code) -> added + dropout(x), dense f32
 *   activation_1(x, code) -> (f(x), f'(x)), dense f32
 *
 * The output has the query's element type, or is f32 where the code says so: the backward operator takes
 * either, and is more exact with f32 beside operands of 16 bits.
 *
 * `code` is an i64 tensor with the numbers of org.attention4j.op.AttentionCode, or
 * dropout's probability (a double's bits) and site, or the a4j_activation. There is no autograd
 * formula: whoever differentiates calls the backward operator.
 */
std::string register_libtorch_operators(int32_t isa);

/** The most operands of the forward operator. */
constexpr int kMaxTorchOperands = 8;

}  // namespace attention4j
