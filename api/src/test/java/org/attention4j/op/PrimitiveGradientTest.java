package org.attention4j.op;

import static org.attention4j.op.GradientCheck.Operand.between;
import static org.attention4j.op.GradientCheck.Operand.integers;
import static org.attention4j.op.GradientCheck.Operand.real;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.attention4j.graph.Graph;
import org.attention4j.op.GradientCheck.Case;
import org.attention4j.tensor.BinaryFunction;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.UnaryFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The gradient rule of every primitive against central differences. */
final class PrimitiveGradientTest {

  static Stream<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (UnaryFunction f : UnaryFunction.values()) {
      if (f != UnaryFunction.NOT && f != UnaryFunction.STOP_GRADIENT) {
        boolean positive = f == UnaryFunction.LOG || f == UnaryFunction.SQRT;
        double low = positive || f == UnaryFunction.RECIPROCAL ? 0.3 : -1.5;
        cases.add(
            Case.of(
                f.name(), in -> in.get(0).apply(new Primitive.Unary(f)), between(low, 1.7, 3, 5)));
      }
    }
    for (BinaryFunction f : BinaryFunction.values()) {
      if (!f.isPredicate()) {
        cases.add(binary(f, new long[] {3, 4}, new long[] {3, 4}));
        cases.add(binary(f, new long[] {2, 1, 4}, new long[] {3, 1})); // both broadcast
        cases.add(binary(f, new long[] {}, new long[] {2, 2}));
      }
    }
    cases.addAll(contractions());
    cases.addAll(movements());
    cases.addAll(indexing());
    return cases.stream();
  }

  private static Case binary(BinaryFunction f, long[] a, long[] b) {
    return Case.of(
        f.name() + Arrays.toString(a) + Arrays.toString(b),
        in -> in.get(0).apply(new Primitive.Binary(f), in.get(1)),
        real(a),
        between(0.4, 1.9, b)); // a divisor away from 0
  }

  private static Case matMul(boolean transposed, long[] a, long[] b) {
    return Case.of(
        "MatMul" + (transposed ? "T" : "") + Arrays.toString(a) + Arrays.toString(b),
        in -> in.get(0).apply(new Primitive.MatMul(transposed), in.get(1)),
        real(a),
        real(b));
  }

  private static List<Case> contractions() {
    return List.of(
        matMul(false, new long[] {3, 5}, new long[] {5, 2}),
        matMul(true, new long[] {3, 5}, new long[] {2, 5}),
        matMul(false, new long[] {2, 3, 5}, new long[] {5, 2}),
        matMul(true, new long[] {2, 2, 3, 5}, new long[] {4, 5}),
        matMul(false, new long[] {2, 1, 3, 2}, new long[] {3, 2, 1}),
        matMul(true, new long[] {2, 1, 3, 2}, new long[] {1, 3, 4, 2}),
        matMul(false, new long[] {3, 2}, new long[] {4, 2, 3}),
        Case.of("Sum", in -> in.get(0).sum(0, 2), real(2, 3, 4)),
        Case.of("Maximum", in -> in.get(0).maximum(1), real(2, 5, 3)),
        Case.of("Maximum of all", in -> in.get(0).maximum(0, 1), real(3, 4)),
        Case.of("Softmax", in -> in.get(0).softmax(), between(-4, 4, 3, 6)));
  }

  private static List<Case> movements() {
    return List.of(
        Case.of("Reshape", in -> in.get(0).reshape(4, 3), real(2, 6)),
        Case.of("Expand", in -> in.get(0).expand(1, Dim.of(4)), real(3, 1, 2)),
        Case.of(
            "Expand, new axes",
            in -> in.get(0).expand(List.of(Dim.of(2), Dim.of(3), Dim.of(2))),
            real(1, 2)),
        Case.of("Permute", in -> in.get(0).permute(2, 0, 1), real(2, 3, 4)),
        Case.of("Slice", in -> in.get(0).slice(1, 1, 4), real(2, 5)),
        Case.of("Pad", in -> in.get(0).pad(0, Dim.of(2), Dim.of(1)), real(3, 2)),
        Case.of(
            "Concat",
            in -> in.get(0).concat(1, in.get(1), in.get(0)),
            real(2, 1, 2),
            real(2, 3, 2)),
        Case.of("Cast", in -> in.get(0).cast(DType.F64).mul(2).cast(DType.F32), real(2, 3)),
        Case.of(
            "Where",
            in -> in.get(0).lt(in.get(1)).where(in.get(2), in.get(0)),
            real(2, 3),
            real(2, 3),
            real(3)));
  }

  private static List<Case> indexing() {
    return List.of(
        Case.of(
            "Gather, twice the same row",
            in -> in.get(0).take(in.get(1)),
            real(4, 3),
            integers(new long[] {2, 0, 2, 3}, 2, 2)),
        Case.of(
            "ScatterAdd, twice the same row",
            in -> in.get(0).apply(new Primitive.ScatterAdd(Dim.of(5)), in.get(1)),
            integers(new long[] {1, 4, 1}, 3),
            real(3, 2)),
        Case.of(
            "GatherAlong",
            in -> in.get(0).takeAlong(1, in.get(1)),
            real(2, 4, 2),
            integers(new long[] {3, 0, 3, 1, 2, 2, 0, 3, 1, 1, 1, 0}, 2, 3, 2)),
        Case.of(
            "ScatterAlong",
            in -> in.get(0).apply(new Primitive.ScatterAlong(1, Dim.of(4)), in.get(1)),
            integers(new long[] {3, 0, 3, 1, 2, 2}, 2, 3),
            real(2, 3)),
        Case.of("TopK", in -> in.get(0).takeAlong(-1, in.get(0).topK(2)), real(3, 5)),
        Case.of(
            "Update",
            in -> in.get(0).apply(new Primitive.Update(1), in.get(1), in.get(2)),
            real(2, 5, 2),
            real(2, 2, 2),
            integers(new long[] {2})),
        Case.of(
            "Iota and DimValue",
            in -> in.get(0).mul(in.get(0).iota(Dim.of(4)).cast(DType.F32)).mean(1),
            real(3, 4)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void equalsCentralDifferences(Case test) {
    for (long seed : new long[] {1, 2}) {
      GradientCheck.run(test, seed);
    }
  }

  @Test
  void everyPrimitiveIsInACase() {
    Set<Class<?>> seen = new HashSet<>();
    cases().forEach(c -> Graph.trace(c).nodes().forEach(node -> seen.add(node.op().getClass())));
    Set<String> missing =
        Arrays.stream(Primitive.class.getPermittedSubclasses())
            .filter(type -> !seen.contains(type))
            .map(Class::getSimpleName)
            .collect(Collectors.toSet());
    assertEquals(Set.of(), missing);
  }

  @Test
  void stopGradientStopsIt() {
    Case stopped = Case.of("stop", in -> in.get(0).stopGradient().mul(in.get(0)), real(3));
    Graph gradient = Graph.trace(stopped).gradient("loss", (op, types) -> false);
    Case all = Case.of("stop", in -> in.get(0).stopGradient(), real(3));
    Graph none = Graph.trace(all).gradient("loss", (op, types) -> false);
    assertEquals(Set.of("loss", "grad.p0"), gradient.outputs().keySet());
    assertEquals(Set.of("loss"), none.outputs().keySet());
  }
}
