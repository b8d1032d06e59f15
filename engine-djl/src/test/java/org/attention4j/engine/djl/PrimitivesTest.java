package org.attention4j.engine.djl;

import static org.attention4j.engine.djl.OpModel.normal;
import static org.attention4j.engine.djl.OpModel.positive;
import static org.attention4j.engine.djl.OpModel.truth;
import static org.attention4j.engine.djl.OpModel.whole;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Eager;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every primitive on PyTorch gives the reference engine's values and gradients. */
class PrimitivesTest {
  private static final HostTensor MATRIX = normal(1, 3, 5);

  private record Case(Primitive op, boolean gradient, List<HostTensor> operands) {}

  private static Case values(Primitive op, HostTensor... operands) {
    return new Case(op, false, List.of(operands));
  }

  private static Case both(Primitive op, HostTensor... operands) {
    return new Case(op, true, List.of(operands));
  }

  private static List<Dim> dims(long... sizes) {
    return TensorType.ofShape(DType.F32, sizes).dims();
  }

  private static Dim dim(long size) {
    return Dim.of(size);
  }

  @TestFactory
  Stream<DynamicTest> agreesWithTheReference() {
    List<Case> cases = new ArrayList<>();
    pointwise(cases);
    contractions(cases);
    movement(cases);
    indexing(cases);
    return cases.stream()
        .map(
            c -> {
              OpModel model = new OpModel(c.op, c.operands);
              String name = c.op + " " + c.operands.stream().map(t -> t.dtype().label()).toList();
              return DynamicTest.dynamicTest(
                  name,
                  () -> {
                    AgainstReference.values(model);
                    AgainstReference.eagerValues(model);
                    if (c.gradient) {
                      AgainstReference.gradients(model);
                    }
                  });
            });
  }

  /** DJL ends the process at an array of bf16; nothing of one may reach it. */
  @Test
  void bf16ComesInGoesThroughAndComesOut() {
    TensorType halves = TensorType.of(DType.BF16, 2, 3);
    Model model =
        new Model() {
          @Override
          public Map<String, TensorType> inputs() {
            return Map.of("x", halves, "scalar", TensorType.of(DType.BF16));
          }

          @Override
          public Map<String, Tensor> apply(Scope scope, Inputs in) {
            Tensor x = in.get("x");
            Tensor wide = x.cast(DType.F32).mul(1.001);
            return Map.of(
                "same", x,
                "rounded", wide.cast(DType.BF16),
                "swapped", x.permute(1, 0),
                "scalar", in.get("scalar").cast(DType.F32));
          }
        };
    HostTensor x = normal(3, 2, 3).cast(DType.BF16);
    Map<String, HostTensor> values =
        Map.of("x", x, "scalar", HostTensor.scalar(1.5f).cast(DType.BF16));
    SessionOptions options = SessionOptions.defaults();
    try (Session wanted = new ReferenceEngine().open(Program.of(model), Weights.empty(), options);
        Session session = new DjlEngine().open(Program.of(model), Weights.empty(), options);
        Eager eager = Eager.open(new DjlEngine(), Weights.empty(), options)) {
      Map<String, HostTensor> expected = wanted.run(values);
      for (Map<String, HostTensor> got : List.of(session.run(values), eager.run(model, values))) {
        expected.forEach(
            (name, tensor) -> {
              HostTensor other = TinyGpt.get(got, name);
              assertEquals(tensor.dtype(), other.dtype(), name);
              assertArrayEquals(tensor.shape(), other.shape(), name);
              assertEquals(tensor.buffer(), other.buffer(), name);
            });
      }
    }
  }

  private static void pointwise(List<Case> cases) {
    cases.add(values(new Primitive.Constant(TensorType.of(DType.F32), List.of(1.5))));
    cases.add(
        values(new Primitive.Constant(TensorType.of(DType.F32, 3), List.of(1.5, -0.1, 1e30))));
    cases.add(
        values(
            new Primitive.Constant(TensorType.of(DType.F32), List.of(Double.NEGATIVE_INFINITY))));
    cases.add(values(new Primitive.Constant(TensorType.i64(2), List.of(7L, -3L))));
    cases.add(values(new Primitive.Constant(TensorType.bool(2), List.of(1L, 0L))));
    cases.add(values(new Primitive.Iota(dim(4))));
    cases.add(values(new Primitive.Iota(dim(0))));
    cases.add(values(new Primitive.DimValue(dim(9))));
    for (UnaryFunction function : UnaryFunction.values()) {
      Primitive op = new Primitive.Unary(function);
      switch (function) {
        case NOT -> cases.add(values(op, truth(1, 3, 5)));
        case STOP_GRADIENT, FLOOR -> cases.add(values(op, MATRIX));
        case LOG, SQRT, RECIPROCAL -> cases.add(both(op, positive(1, 3, 5)));
        default -> cases.add(both(op, MATRIX));
      }
    }
    cases.add(
        both(new Primitive.Unary(UnaryFunction.ABS), HostTensor.of(new double[] {-1, 0, 2}, 3)));
    cases.add(values(new Primitive.Unary(UnaryFunction.NEG), whole(1, 9, 4)));
    for (BinaryFunction function : BinaryFunction.values()) {
      Primitive op = new Primitive.Binary(function);
      switch (function) {
        case AND, OR -> cases.add(values(op, truth(1, 3, 5), truth(2, 5)));
        case LT, LE, EQ -> {
          cases.add(values(op, MATRIX, normal(2, 5)));
          cases.add(values(op, whole(1, 3, 4, 5), whole(2, 3, 5)));
        }
        default -> {
          cases.add(both(op, MATRIX, positive(2, 5)));
          cases.add(both(op, normal(3), MATRIX));
          cases.add(values(op, whole(1, 9, 3, 5), HostTensor.of(new long[] {1, 2, -3, 4, 5}, 5)));
        }
      }
    }
    HostTensor ties = HostTensor.of(new double[] {1, 2, 2}, 3);
    HostTensor others = HostTensor.of(new double[] {1, 3, 1}, 3);
    cases.add(both(new Primitive.Binary(BinaryFunction.MAX), ties, others));
    cases.add(both(new Primitive.Binary(BinaryFunction.MIN), ties, others));
    cases.add(both(new Primitive.Where(), truth(1, 3, 1), MATRIX, normal(2, 5)));
    cases.add(values(new Primitive.Where(), truth(1, 4), whole(1, 9, 4), whole(2, 9)));
    HostTensor mixed = HostTensor.of(new double[] {-1.5, 0, 2.75}, 3);
    for (DType to : List.of(DType.F64, DType.I64, DType.I32, DType.BOOL)) {
      cases.add(values(new Primitive.Cast(to), mixed));
      cases.add(values(new Primitive.Cast(to), truth(1, 4)));
    }
    cases.add(values(new Primitive.Cast(DType.F32), whole(1, 9, 4)));
  }

  private static void contractions(List<Case> cases) {
    cases.add(both(new Primitive.MatMul(false), MATRIX, normal(2, 5, 4)));
    cases.add(both(new Primitive.MatMul(true), normal(1, 2, 3, 5), normal(2, 4, 5)));
    cases.add(both(new Primitive.MatMul(true), normal(1, 2, 3, 5), normal(2, 2, 4, 5)));
    cases.add(both(new Primitive.MatMul(false), normal(1, 2, 1, 3, 5), normal(2, 4, 5, 2)));
    cases.add(values(new Primitive.MatMul(false), normal(1, 0, 5), normal(2, 5, 4)));
    cases.add(values(new Primitive.MatMul(false), normal(1, 3, 0), normal(2, 0, 4)));
    cases.add(values(new Primitive.MatMul(false), whole(1, 9, 3, 5), whole(2, 9, 5, 4)));
    for (Primitive.Reduction reduction : Primitive.Reduction.values()) {
      for (List<Integer> axes :
          List.of(List.of(0), List.of(1), List.of(0, 2), List.<Integer>of())) {
        cases.add(both(new Primitive.Reduce(reduction, axes), normal(1, 2, 3, 4)));
      }
      cases.add(values(new Primitive.Reduce(reduction, List.of(1)), normal(1, 2, 0)));
      cases.add(values(new Primitive.Reduce(reduction, List.of(1)), normal(1, 0, 3)));
      cases.add(values(new Primitive.Reduce(reduction, List.of(0)), whole(1, 9, 4)));
    }
    HostTensor equal = HostTensor.of(new double[] {1, 2, 2, 0, 0, 0}, 2, 3);
    cases.add(both(new Primitive.Reduce(Primitive.Reduction.MAX, List.of(1)), equal));
    cases.add(both(new Primitive.Softmax(), normal(1, 2, 3, 7)));
    cases.add(values(new Primitive.Softmax(), HostTensor.of(new double[] {1e4, -1e4, 0}, 1, 3)));
  }

  private static void movement(List<Case> cases) {
    cases.add(both(new Primitive.Reshape(dims(5, 1, 3)), MATRIX));
    cases.add(both(new Primitive.Reshape(dims()), normal(1, 1, 1)));
    cases.add(values(new Primitive.Reshape(dims(0, 7)), normal(1, 0, 3)));
    cases.add(both(new Primitive.Expand(dims(2, 3, 5)), normal(1, 3, 1)));
    cases.add(both(new Primitive.Permute(List.of(2, 0, 1)), normal(1, 2, 3, 4)));
    cases.add(both(new Primitive.Slice(1, dim(1), dim(4)), MATRIX));
    cases.add(values(new Primitive.Slice(1, dim(2), dim(2)), MATRIX));
    cases.add(both(new Primitive.Pad(0, dim(2), dim(1)), MATRIX));
    cases.add(values(new Primitive.Pad(1, dim(0), dim(1)), truth(1, 2, 3)));
    cases.add(both(new Primitive.Concat(1), MATRIX, normal(2, 3, 1), normal(3, 3, 0)));
  }

  private static void indexing(List<Case> cases) {
    cases.add(both(new Primitive.Gather(), MATRIX, whole(1, 3, 2, 4)));
    cases.add(both(new Primitive.Gather(), normal(1, 3, 2, 2), whole(1, 3, 4)));
    cases.add(both(new Primitive.Gather(), normal(1, 3), whole(1, 3)));
    cases.add(values(new Primitive.Gather(), whole(2, 9, 3, 2), whole(1, 3, 4)));
    cases.add(both(new Primitive.ScatterAdd(dim(4)), whole(1, 4, 2, 3), normal(1, 2, 3, 5)));
    cases.add(both(new Primitive.ScatterAdd(dim(4)), whole(1, 4, 6), normal(1, 6)));
    cases.add(both(new Primitive.GatherAlong(1), MATRIX, whole(1, 5, 3, 2)));
    cases.add(both(new Primitive.ScatterAlong(1, dim(7)), whole(1, 7, 3, 5), MATRIX));
    HostTensor ties = HostTensor.of(new double[] {1, 3, 3, 2, 3, 0, 0, 0, 0, 0}, 2, 5);
    cases.add(values(new Primitive.TopK(3), ties));
    cases.add(values(new Primitive.TopK(5), MATRIX));
    cases.add(both(new Primitive.Update(1), MATRIX, normal(2, 3, 2), HostTensor.scalar(2L)));
  }
}
