package org.attention4j.engine.onnx.lower;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.onnxformat.Attributes;
import org.attention4j.onnxformat.GraphBuilder;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;

/** Literal values in a graph, each stored once. */
final class Literals {
  /** The largest finite f16. */
  private static final double F16_MAX = 65504;

  private final GraphBuilder graph;
  private final Map<Literal, String> names = new HashMap<>();

  private record Literal(DType dtype, List<Long> shape, List<Number> values) {}

  Literals(GraphBuilder graph) {
    this.graph = graph;
  }

  /** An i64 vector. */
  String vector(List<Long> values) {
    return of(DType.I64, List.of((long) values.size()), List.copyOf(values));
  }

  /** An i64 vector. */
  String vector(long... values) {
    return vector(Arrays.stream(values).boxed().toList());
  }

  /** An i64 scalar. */
  String integer(long value) {
    return of(DType.I64, List.of(), List.of(value));
  }

  /** A reduction along axes, which are an attribute before opset 18 and an operand since. */
  String reduced(String type, String value, List<Integer> axes, int opset) {
    return opset < 18
        ? graph.node(type, List.of(value), Attributes.integers("axes", axes))
        : graph.node(type, List.of(value, vector(axes.stream().map(Integer::longValue).toList())));
  }

  /** A scalar of any type. */
  String scalar(DType dtype, double value) {
    return of(dtype, List.of(), List.of(value));
  }

  /**
   * Values in row-major order. A finite value beyond the range of f16 becomes the nearest that it
   * has, so that a large negative mask value stays finite.
   */
  String of(DType dtype, List<Long> shape, List<? extends Number> values) {
    Literal literal = new Literal(dtype, shape, List.copyOf(values));
    String known = names.get(literal);
    if (known != null) {
      return known;
    }
    HostTensor tensor =
        HostTensor.zeros(dtype, shape.stream().mapToLong(Long::longValue).toArray());
    for (int i = 0; i < values.size(); i++) {
      if (dtype.isFloating()) {
        double value = values.get(i).doubleValue();
        boolean beyond = dtype == DType.F16 && Double.isFinite(value) && Math.abs(value) > F16_MAX;
        tensor.set(i, beyond ? Math.copySign(F16_MAX, value) : value);
      } else {
        tensor.set(i, values.get(i).longValue());
      }
    }
    String outer = graph.scope();
    graph.scope("");
    String name = graph.constant("literal", tensor);
    graph.scope(outer);
    names.put(literal, name);
    return name;
  }
}
