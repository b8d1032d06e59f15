package org.attention4j.kernels;

import org.attention4j.spi.BufferView;
import org.jspecify.annotations.Nullable;

/**
 * What the backward pass reads and writes; anything may be null. Results are overwritten, not added
 * to.
 *
 * @param output the forward result; without it or {@code logSumExp} both are computed again. In f32
 *     beside operands of 16 bits it saves time where its rounding would show, as then it is
 *     computed again, too
 * @param logSumExp the forward result, [batch, heads, queries]
 * @param outputCotangent null for 0
 * @param logSumExpCotangent null for 0
 * @param query the result for the query
 * @param key the result for the key, summed over the heads that share it
 * @param value the result for the value, summed over the heads that share it
 * @param bias the result for the bias, summed over its broadcast axes
 */
public record AttentionGradients(
    @Nullable BufferView output,
    @Nullable BufferView logSumExp,
    @Nullable BufferView outputCotangent,
    @Nullable BufferView logSumExpCotangent,
    @Nullable BufferView query,
    @Nullable BufferView key,
    @Nullable BufferView value,
    @Nullable BufferView bias) {}
