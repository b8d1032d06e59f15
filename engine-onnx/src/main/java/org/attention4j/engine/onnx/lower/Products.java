package org.attention4j.engine.onnx.lower;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.attention4j.onnxformat.Attributes;
import org.attention4j.onnxformat.GraphBuilder;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Matrix products. With a matrix stored transposed, Gemm(transB): a Transpose before MatMul would
 * be folded at load and keep a second copy of the weight, which may be the tied embedding.
 */
final class Products {
  private final GraphBuilder graph;
  private final Reshapes reshapes;

  Products(GraphBuilder graph, Reshapes reshapes) {
    this.graph = graph;
    this.reshapes = reshapes;
  }

  /** a [.., m, k] times b [.., k, n], or [.., n, k] transposed. */
  String product(boolean transposeB, Operands in) {
    TensorType b = in.type(1);
    if (!transposeB) {
      return graph.node("MatMul", in.names());
    }
    if (b.rank() == 2 && b.dtype().isFloating()) {
      return gemm(in, in.result().dims(), null);
    }
    List<Integer> axes = new ArrayList<>(IntStream.range(0, b.rank()).boxed().toList());
    Collections.swap(axes, b.rank() - 2, b.rank() - 1);
    String transposed =
        graph.node("Transpose", List.of(in.name(1)), Attributes.integers("perm", axes));
    return graph.node("MatMul", List.of(in.name(0), transposed));
  }

  /**
   * a [.., k] times b [n, k] transposed, plus an optional bias [n].
   *
   * @param result the axes of the result, [.., n]
   */
  String gemm(Operands in, List<Dim> result, @Nullable String bias) {
    int rank = in.type(0).rank();
    String rows = in.name(0);
    if (rank != 2) {
      // everything before the last axis is one axis; Flatten needs no computed shape
      rows = graph.node("Flatten", List.of(rows), Attributes.integer("axis", rank - 1));
    }
    List<String> operands = new ArrayList<>(List.of(rows, in.name(1)));
    if (bias != null) {
      operands.add(bias);
    }
    String product = graph.node("Gemm", operands, Attributes.integer("transB", 1));
    if (rank == 2) {
      return product;
    }
    Dim count = new TensorType(in.type(0).dtype(), result.subList(0, rank - 1)).count();
    return reshapes.reshape(product, List.of(count, result.get(rank - 1)), result);
  }
}
