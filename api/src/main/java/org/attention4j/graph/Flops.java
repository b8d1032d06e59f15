package org.attention4j.graph;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.Primitive.MatMul;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * Floating-point operations of an op of known sizes.
 *
 * @param products of matrix products: a multiplication and an addition count two
 * @param others of everything else: a pointwise function, and each element of a reduction, counts
 *     one, a softmax four an element; integers, movement and lookups count nothing
 */
record Flops(long products, long others) {
  static final Flops NONE = new Flops(0, 0);
  private static final int SOFTMAX = 4; // subtract the maximum, exp, sum, divide

  Flops plus(Flops more) {
    return new Flops(Math.addExact(products, more.products), Math.addExact(others, more.others));
  }

  /** A composite counts as its expansion. */
  static Flops of(Op op, List<TensorType> operands, List<TensorType> results) {
    if (op instanceof Composite composite) {
      return expanded(composite, operands);
    }
    TensorType result = results.get(0);
    long elements = result.count().longSize();
    if (op instanceof MatMul) {
      return new Flops(2 * elements * operands.get(0).dim(-1).longSize(), 0);
    }
    if (operands.isEmpty() || !operands.get(0).dtype().isFloating()) {
      return NONE;
    }
    if (op instanceof Primitive.Unary || op instanceof Primitive.Binary) {
      return new Flops(0, elements);
    }
    if (op instanceof Primitive.Softmax) {
      return new Flops(0, SOFTMAX * elements);
    }
    if (op instanceof Primitive.Reduce) {
      return new Flops(0, operands.get(0).count().longSize());
    }
    return NONE;
  }

  private static Flops expanded(Composite op, List<TensorType> types) {
    Tracer tracer = new Tracer(TraceOptions.primitives());
    List<Tensor> operands =
        IntStream.range(0, types.size())
            .mapToObj(i -> tracer.input("operand" + i, types.get(i)))
            .toList();
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    for (Tensor result : op.expand(operands)) {
      outputs.put("result" + outputs.size(), result);
    }
    return of(tracer.finish(outputs));
  }

  /** The sum over a graph of known sizes. */
  static Flops of(Graph graph) {
    Flops sum = NONE;
    for (Graph.Node node : graph.nodes()) {
      sum = sum.plus(of(node.op(), graph.operandTypes(node), graph.resultTypes(node)));
    }
    return sum;
  }
}
