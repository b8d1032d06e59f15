package org.attention4j.engine.onnx.lower;

import java.util.List;
import org.attention4j.onnxformat.Attributes;
import org.attention4j.onnxformat.GraphBuilder;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.TensorType;

/**
 * Sums into zeros at given indices. By ScatterElements: ScatterND with a reduction loses updates in
 * ONNX Runtime's CPU provider when indices repeat and several threads run (its issue 23396).
 */
final class Scatters {
  private final GraphBuilder graph;
  private final Literals literals;
  private final Sizes sizes;
  private final Reshapes reshapes;

  Scatters(GraphBuilder graph, Literals literals, Sizes sizes, Reshapes reshapes) {
    this.graph = graph;
    this.literals = literals;
    this.sizes = sizes;
    this.reshapes = reshapes;
  }

  /** indices [shape..], updates [shape.., rest..] into [rows, rest..]. */
  String rows(Primitive.ScatterAdd op, Operands in, DType dtype) {
    TensorType indices = in.type(0);
    TensorType updates = in.type(1);
    List<Dim> rest = updates.dims().subList(indices.rank(), updates.rank());
    Dim count = indices.count();
    Dim width = new TensorType(dtype, rest).count();
    String flatUpdates =
        reshapes.reshape(in.name(1), updates.dims(), List.of(count, width)); // [n, width]
    String column = reshapes.reshape(in.name(0), indices.dims(), List.of(count, Dim.of(1)));
    String flatIndices =
        width.is(1)
            ? column
            : graph.node("Expand", List.of(column, sizes.shape(List.of(count, width))));
    List<Dim> flat = List.of(op.rows(), width);
    String sum = add(zeros(dtype, flat), flatIndices, flatUpdates, 0);
    return reshapes.reshape(sum, flat, in.result().dims());
  }

  /** indices and updates of one shape, summed along an axis. */
  String along(Primitive.ScatterAlong op, Operands in, DType dtype) {
    return add(zeros(dtype, in.result().dims()), in.name(0), in.name(1), op.axis());
  }

  private String zeros(DType dtype, List<Dim> dims) {
    return graph.node("Expand", List.of(literals.scalar(dtype, 0), sizes.shape(dims)));
  }

  private String add(String into, String indices, String updates, int axis) {
    return graph.node(
        "ScatterElements",
        List.of(into, indices, updates),
        Attributes.integer("axis", axis),
        Attributes.text("reduction", "add"));
  }
}
