package org.attention4j.kernels;

import java.util.Random;
import org.attention4j.op.Mask;
import org.attention4j.spi.BufferView;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;

/**
 * One head of attention whose tensors a test fills in by hand: 5 queries, 70 keys (more than one
 * tile), width 8, a pair mask that allows everything and a bias of 0, until a test changes them.
 */
final class SmallAttention {
  static final int QUERIES = 5;
  static final int KEYS = 70;
  static final int WIDTH = 8;

  final HostTensor query;
  final HostTensor key;
  final HostTensor value;
  final HostTensor cotangent;
  final HostTensor logSumExpCotangent = HostTensor.zeros(DType.F32, 1, 1, QUERIES);
  final HostTensor bias;
  final HostTensor allowed = HostTensor.zeros(DType.I32, 1, 1, QUERIES, KEYS);
  double scale = 0.5;
  private final DType type;

  /** Everything that the kernel computes from it. */
  @SuppressWarnings("ArrayRecordComponent") // compared by element, never as records
  record Results(
      double[] output,
      double[] logSumExp,
      double[] gradQuery,
      double[] gradKey,
      double[] gradValue,
      double[] gradBias) {}

  /** Normally distributed operands and cotangents. */
  SmallAttention(DType type) {
    this.type = type;
    Random random = new Random(5);
    query = Views.random(random, 1, 1, QUERIES, WIDTH).cast(type);
    key = Views.random(random, 1, 1, KEYS, WIDTH).cast(type);
    value = Views.random(random, 1, 1, KEYS, WIDTH).cast(type);
    cotangent = Views.random(random, 1, 1, QUERIES, WIDTH).cast(type);
    bias = HostTensor.zeros(type, 1, 1, QUERIES, KEYS);
    for (int pair = 0; pair < QUERIES * KEYS; pair++) {
      allowed.set(pair, 1L);
    }
  }

  static void fill(HostTensor tensor, double number) {
    for (long i = 0; i < tensor.size(); i++) {
      tensor.set(i, number);
    }
  }

  static void fillRow(HostTensor tensor, int row, double number) {
    long width = tensor.dim(3);
    for (int d = 0; d < width; d++) {
      tensor.set(row * width + d, number);
    }
  }

  void hide(int i, int j) {
    allowed.set((long) i * KEYS + j, 0L);
  }

  void setBias(int i, int j, double number) {
    bias.set((long) i * KEYS + j, number);
  }

  Results run(InstructionSet isa) {
    AttentionProblem problem =
        AttentionProblem.of(Views.of(query), Views.of(key), Views.of(value))
            .withMask(new Mask.Operand(0), Views.of(allowed))
            .withBias(Views.of(bias))
            .withScale(scale);
    HostTensor output = like(query);
    HostTensor logSumExp = HostTensor.zeros(DType.F32, 1, 1, QUERIES);
    HostTensor gradQuery = like(query);
    HostTensor gradKey = like(key);
    HostTensor gradValue = like(value);
    HostTensor gradBias = like(bias);
    BufferView lse = Views.of(logSumExp);
    try (FlashAttention kernel = FlashAttention.open(isa, 2)) {
      kernel.forward(problem, Views.of(output), lse);
      kernel.backward(
          problem,
          new AttentionGradients(
              Views.of(output),
              lse,
              Views.of(cotangent),
              Views.of(logSumExpCotangent),
              Views.of(gradQuery),
              Views.of(gradKey),
              Views.of(gradValue),
              Views.of(gradBias)));
    }
    return new Results(
        output.toDoubleArray(),
        logSumExp.toDoubleArray(),
        gradQuery.toDoubleArray(),
        gradKey.toDoubleArray(),
        gradValue.toDoubleArray(),
        gradBias.toDoubleArray());
  }

  private HostTensor like(HostTensor tensor) {
    return HostTensor.zeros(type, tensor.shape());
  }
}
