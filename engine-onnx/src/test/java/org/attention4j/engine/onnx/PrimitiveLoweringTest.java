package org.attention4j.engine.onnx;

import static org.attention4j.tensor.TensorType.bool;
import static org.attention4j.tensor.TensorType.f32;
import static org.attention4j.tensor.TensorType.i64;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.attention4j.nn.Model;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.BinaryFunction;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.tensor.UnaryFunction;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every primitive, written as ONNX and run, against the reference engine: with symbolic sizes bound
 * to 0, 1 and more, unit axes, and every element type the primitive takes.
 */
class PrimitiveLoweringTest {
  private static final List<Map<String, Long>> SIZES =
      List.of(
          Map.of("b", 2L, "t", 3L),
          Map.of("b", 0L, "t", 3L),
          Map.of("b", 1L, "t", 1L),
          Map.of("b", 3L, "t", 0L),
          Map.of("b", 0L, "t", 0L));

  private final List<DynamicTest> tests = new ArrayList<>();

  private void add(String name, Function<Model.Inputs, Tensor> body, TensorType... types) {
    tests.add(
        DynamicTest.dynamicTest(
            name, () -> check(new Compare.Expression(Compare.inputs(types), body), 2)));
  }

  private static void check(Model model, long integersBelow) {
    Program program = Program.of(model);
    SessionOptions oracle = SessionOptions.defaults().withPrecision(DType.F64);
    try (Session expected = new ReferenceEngine().open(program, Weights.empty(), oracle);
        Session actual =
            new OnnxEngine().open(program, Weights.empty(), SessionOptions.defaults())) {
      for (Map<String, Long> sizes : SIZES) {
        Random random = new Random(7);
        Map<String, HostTensor> inputs = new LinkedHashMap<>();
        model
            .inputs()
            .forEach(
                (name, type) ->
                    inputs.put(name, Compare.random(type.bind(sizes), integersBelow, random)));
        Compare.equal(sizes.toString(), expected.run(inputs), actual.run(inputs), 1e-5);
      }
    }
  }

  private static Tensor x(Model.Inputs in) {
    return in.get("x0");
  }

  @TestFactory
  Stream<DynamicTest> pointwise() {
    for (UnaryFunction function : UnaryFunction.values()) {
      for (TensorType type : List.of(f32("b", "t", 3), i64("b", "t"), bool("b", "t"))) {
        if (function.accepts(type.dtype())) {
          add(function + " of " + type, in -> positive(function, x(in)), type);
        }
      }
    }
    for (BinaryFunction function : BinaryFunction.values()) {
      for (DType dtype : List.of(DType.F32, DType.I64, DType.BOOL)) {
        if (function.accepts(dtype)) {
          TensorType a = TensorType.of(dtype, "b", 1, 4);
          TensorType b = TensorType.of(dtype, "t", 1);
          add(function + " of " + dtype, in -> binary(function, in), a, b);
        }
      }
    }
    for (DType dtype : List.of(DType.F32, DType.I64, DType.BOOL)) {
      TensorType type = TensorType.of(dtype, "b", "t");
      add(
          "where of " + dtype,
          in -> x(in).where(in.get("x1"), in.get("x2")),
          bool("t"),
          type,
          type);
      for (DType to : List.of(DType.F64, DType.F32, DType.I64, DType.I32, DType.U8, DType.BOOL)) {
        if (to != DType.U8 || dtype != DType.F32) { // negative floats have no unsigned value
          add("cast " + dtype + " to " + to, in -> x(in).cast(to), type);
        }
      }
    }
    return tests.stream();
  }

  /** Logarithms, roots and reciprocals need positive operands away from 0. */
  private static Tensor positive(UnaryFunction function, Tensor x) {
    return switch (function) {
      case LOG, SQRT, RECIPROCAL -> x.abs().add(0.1).apply(new Primitive.Unary(function));
      default -> x.apply(new Primitive.Unary(function));
    };
  }

  /** Integer quotients need divisors that are not 0. */
  private static Tensor binary(BinaryFunction function, Model.Inputs in) {
    Tensor b = in.get("x1");
    boolean integerQuotient = function == BinaryFunction.DIV && b.dtype() == DType.I64;
    Tensor divisor = integerQuotient ? b.sub(3) : b;
    return x(in).apply(new Primitive.Binary(function), divisor);
  }

  @TestFactory
  Stream<DynamicTest> sources() {
    add(
        "iota of a symbol",
        in -> x(in).iota(Dim.of("b").plus("t")).add(x(in).sum(0, 1)),
        i64("b", "t"));
    add("iota of a number", in -> x(in).iota(Dim.of(4)).add(x(in)), i64("b", 1));
    add(
        "size as a value",
        in -> x(in).add(x(in).value(Dim.of("b").times(2).plus("t").minus(1))),
        i64("b", "t"));
    add("rounded quotient", in -> x(in).add(x(in).value(Dim.of("t").floorDiv(2))), i64("b", "t"));
    add("constants", in -> x(in).add(x(in).constant(1.5, -2, 0.25)), f32("b", 3));
    add(
        "booleans",
        in -> x(in).cast(DType.BOOL).and(x(in).constant(1, 0).cast(DType.BOOL)),
        f32("b", 2));
    return tests.stream();
  }

  @TestFactory
  Stream<DynamicTest> contractions() {
    add("matmul", in -> x(in).matmul(in.get("x1")), f32("b", "t", 4), f32("b", 4, 5));
    add("matmul, one matrix", in -> x(in).matmul(in.get("x1")), f32("b", "t", 4), f32(4, 5));
    add(
        "matmul, one matrix with unit axes",
        in -> x(in).matmul(in.get("x1")),
        f32("b", 2, "t", 4),
        f32(1, 1, 4, 5));
    add(
        "matmul, several matrices",
        in -> x(in).matmul(in.get("x1")),
        f32("t", "b", 2, 3, 4),
        f32(1, 2, 4, 5));
    add(
        "matmul transposed, several matrices",
        in -> x(in).matmulTransposed(in.get("x1")),
        f32("b", 1, "t", 4),
        f32(2, 3, 4));
    add(
        "matmul, broadcast inside",
        in -> x(in).matmul(in.get("x1")),
        f32("b", 2, 3, "t", 4),
        f32("b", 2, 1, 4, "t"));
    add("matmul, broadcast", in -> x(in).matmul(in.get("x1")), f32("b", 1, "t", 4), f32(2, 4, 3));
    add(
        "matmul over an axis that may be empty",
        in -> x(in).matmul(in.get("x1")),
        f32("b", 2, "t"),
        f32("b", "t", 3));
    add("matmul of integers", in -> x(in).matmul(in.get("x1")), i64("b", 4), i64(4, 2));
    add(
        "matmul transposed",
        in -> x(in).matmulTransposed(in.get("x1")),
        f32("b", "t", 4),
        f32("b", 5, 4));
    add(
        "matmul transposed, a matrix",
        in -> x(in).matmulTransposed(in.get("x1")),
        f32("b", "t", 4),
        f32(5, 4));
    add(
        "matmul transposed, two matrices",
        in -> x(in).matmulTransposed(in.get("x1")),
        f32("b", 4),
        f32("t", 4));
    add(
        "matmul transposed, inner axis that may be empty",
        in -> x(in).matmulTransposed(in.get("x1")),
        f32("b", "t"),
        f32(3, "t"));
    add(
        "matmul transposed, integers",
        in -> x(in).matmulTransposed(in.get("x1")),
        i64("b", 4),
        i64("t", 4));
    add("sum of an axis", in -> x(in).sum(1), f32("b", "t", 3));
    add("sum of all axes", in -> x(in).sum(0, 1), i64("b", "t"));
    add(
        "sum of no axis",
        in -> x(in).apply(new Primitive.Reduce(Primitive.Reduction.SUM, List.of())),
        f32("b", "t"));
    add("maximum", in -> x(in).maximum(-1), f32("b", "t"));
    add("maximum of integers over a fixed axis", in -> x(in).maximum(-1), i64("b", "t", 3));
    add("softmax", in -> x(in).softmax(), f32("b", "t"));
    return tests.stream();
  }

  @TestFactory
  Stream<DynamicTest> movement() {
    add("reshape in place", in -> x(in).split(-1, 2, 3), f32("b", "t", 6));
    add("reshape merging symbols", in -> x(in).merge(0, 2), f32("b", "t", 6));
    add(
        "reshape splitting symbols",
        in -> x(in).merge(0, 3).reshape(Dim.of("b"), Dim.of("t"), Dim.of(2)),
        f32("b", "t", 2));
    add(
        "reshape to a shifted symbol",
        in -> x(in).reshape(Dim.of(2), Dim.of("b"), Dim.of("t")),
        f32("b", 2, "t"));
    add(
        "unit axes come and go",
        in -> x(in).reshape(Dim.of("b"), Dim.of(1), Dim.of("t"), Dim.of(1)),
        f32(1, "b", "t", 1));
    add("a scalar from unit axes", in -> x(in).sum(0, 1).reshape(), f32("b", "t"));
    add(
        "reshape with an axis of size 0",
        in -> x(in).reshape(Dim.of(3), Dim.of(0), Dim.of("b")),
        f32("b", 0, 3));
    add(
        "expand",
        in -> x(in).expand(List.of(Dim.of("b"), Dim.of("t"), Dim.of(3))).add(in.get("x1")),
        f32("t", 1),
        f32("b", 1, 1));
    add("permute", in -> x(in).permute(2, 0, 1), bool("b", "t", 3));
    add(
        "slice by symbols",
        in -> x(in).slice(1, Dim.of(1), Dim.of("t").plus(1)).add(in.get("x1")),
        f32("b", "t+2"),
        f32("t"));
    add("slice by numbers", in -> x(in).slice(-1, Dim.of(1), Dim.of(3)), i64("b", "t", 4));
    add("pad", in -> x(in).apply(new Primitive.Pad(1, Dim.of(2), Dim.of("t"))), f32("b", 2, "t"));
    add(
        "pad of integers",
        in -> x(in).apply(new Primitive.Pad(0, Dim.of(0), Dim.of(1))),
        i64("b", "t"));
    add("concat", in -> x(in).concat(1, in.get("x1"), in.get("x1")), f32("b", "t"), f32("b", 2));
    add("gather", in -> x(in).take(in.get("x1")), f32(2, 3), i64("b", "t"));
    add("gather of booleans", in -> x(in).take(in.get("x1")), bool(2), i64("b", "t"));
    add("gather along", in -> x(in).takeAlong(1, in.get("x1")), f32("b", 2, 3), i64("b", "t", 3));
    return tests.stream();
  }

  @TestFactory
  Stream<DynamicTest> scatters() {
    add(
        "scatter rows",
        in -> x(in).apply(new Primitive.ScatterAdd(Dim.of(2)), in.get("x1")),
        i64("b", "t"),
        f32("b", "t", 5));
    add(
        "scatter scalars",
        in -> x(in).apply(new Primitive.ScatterAdd(Dim.of(2)), in.get("x1")),
        i64("b", "t"),
        f32("b", "t"));
    add(
        "scatter integers",
        in -> x(in).apply(new Primitive.ScatterAdd(Dim.of(3)), in.get("x1")),
        i64("b"),
        i64("b", "t"));
    add(
        "scatter along",
        in -> x(in).apply(new Primitive.ScatterAlong(1, Dim.of(2)), in.get("x1")),
        i64("b", "t", 3),
        f32("b", "t", 3));
    add(
        "update",
        in -> x(in).apply(new Primitive.Update(1), in.get("x1"), in.get("x2")),
        f32("b", 6, 2),
        f32("b", "t", 2),
        i64());
    add(
        "update of integers",
        in -> x(in).apply(new Primitive.Update(0), in.get("x1"), in.get("x2")),
        i64(5),
        i64("t"),
        i64());
    return tests.stream();
  }

  @TestFactory
  Stream<DynamicTest> largest() {
    add("largest of rows", in -> x(in).topK(2), f32("b", "t", 5));
    add("largest of a vector", in -> x(in).topK(3), f32(5));
    add(
        "largest of a known shape",
        in -> x(in).topK(2).add(in.get("x1")),
        f32(2, 4),
        i64("b", "t", 1, 1));
    add("largest of equals is the first", in -> x(in).abs().mul(0).topK(2), f32("b", "t", 4));
    return tests.stream();
  }
}
