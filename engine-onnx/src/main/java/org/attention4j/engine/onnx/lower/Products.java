package org.attention4j.engine.onnx.lower;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.attention4j.onnxformat.Attributes;
import org.attention4j.onnxformat.GraphBuilder;
import org.attention4j.tensor.DType;
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
      return matMul(in.name(0), in.type(0).dims(), in.name(1), b.dims(), in.result().dims());
    }
    if (b.rank() == 2 && b.dtype().isFloating()) {
      return gemm(in, in.result().dims(), null);
    }
    List<Integer> axes = new ArrayList<>(IntStream.range(0, b.rank()).boxed().toList());
    Collections.swap(axes, b.rank() - 2, b.rank() - 1);
    String transposed = permute(in.name(1), axes);
    List<Dim> dims = axes.stream().map(b::dim).toList();
    return matMul(in.name(0), in.type(0).dims(), transposed, dims, in.result().dims());
  }

  /**
   * MatMul, except that leading axes of {@code a} that {@code b} lacks become rows. ONNX Runtime
   * refuses to broadcast an empty axis against one of size 1; and one product for each matrix of
   * {@code b} is larger than one for each of {@code a}, as with the experts of a mixture.
   */
  private String matMul(String a, List<Dim> aDims, String b, List<Dim> bDims, List<Dim> result) {
    int rank = aDims.size();
    int lacking = rank - bDims.size();
    while (lacking >= 0 && lacking < rank - 2 && bDims.get(lacking - rank + bDims.size()).is(1)) {
      lacking++;
    }
    boolean mayBeEmpty = lacking > 0 && !aDims.subList(0, lacking).stream().allMatch(Dim::known);
    if (bDims.size() == 2 || !mayBeEmpty) {
      return graph.node("MatMul", List.of(a, b));
    }
    // a [lead.., rest.., m, k] to [rest.., lead.., m, k] to [rest.., lead * m, k]
    List<Integer> order = new ArrayList<>(IntStream.range(lacking, rank - 2).boxed().toList());
    int rest = order.size();
    order.addAll(IntStream.range(0, lacking).boxed().toList());
    order.addAll(List.of(rank - 2, rank - 1));
    List<Dim> moved = order.stream().map(aDims::get).toList();
    List<Dim> rows = new ArrayList<>(moved.subList(0, rest));
    rows.add(count(moved.subList(rest, rank - 1)));
    rows.add(moved.get(rank - 1));
    String flat = reshapes.reshape(permute(a, order), moved, rows);
    // b without the leading axes of size 1
    List<Dim> matrices = bDims.subList(bDims.size() - rest - 2, bDims.size());
    String product = graph.node("MatMul", List.of(flat, reshapes.reshape(b, bDims, matrices)));
    // back: [rest.., lead * m, n] to [rest.., lead.., m, n] to [lead.., rest.., m, n]
    List<Dim> wide = order.stream().map(result::get).toList();
    List<Dim> narrow = new ArrayList<>(wide.subList(0, rest));
    narrow.add(rows.get(rest));
    narrow.add(wide.get(rank - 1));
    List<Integer> inverse = IntStream.range(0, rank).boxed().map(order::indexOf).toList();
    return permute(reshapes.reshape(product, narrow, wide), inverse);
  }

  private static Dim count(List<Dim> dims) {
    return new TensorType(DType.I64, dims).count();
  }

  private String permute(String value, List<Integer> axes) {
    boolean inOrder = axes.equals(IntStream.range(0, axes.size()).boxed().toList());
    return inOrder
        ? value
        : graph.node("Transpose", List.of(value), Attributes.integers("perm", axes));
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
    return reshapes.reshape(
        product, List.of(count(result.subList(0, rank - 1)), result.get(rank - 1)), result);
  }
}
