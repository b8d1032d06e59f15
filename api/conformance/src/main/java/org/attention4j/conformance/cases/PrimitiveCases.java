package org.attention4j.conformance.cases;

import static org.attention4j.conformance.Values.listed;
import static org.attention4j.conformance.Values.normal;
import static org.attention4j.conformance.Values.truth;
import static org.attention4j.conformance.Values.uniform;
import static org.attention4j.conformance.Values.whole;
import static org.attention4j.tensor.TensorType.bool;
import static org.attention4j.tensor.TensorType.f32;
import static org.attention4j.tensor.TensorType.i64;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.attention4j.conformance.Case;
import org.attention4j.conformance.OpCase;
import org.attention4j.conformance.Values;
import org.attention4j.tensor.BinaryFunction;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.UnaryFunction;

/** Pointwise primitives, conversions, products and reductions. */
public final class PrimitiveCases {
  private PrimitiveCases() {}

  /** All primitives: these and {@link MovementCases}. */
  public static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    unary(cases);
    binary(cases);
    casts(cases);
    products(cases);
    reductions(cases);
    softmax(cases);
    cases.addAll(MovementCases.all());
    return cases;
  }

  private static OpCase named(String name) {
    return OpCase.named("primitive/" + name);
  }

  private static void unary(List<Case> cases) {
    for (UnaryFunction function : UnaryFunction.values()) {
      String name = function.name().toLowerCase(Locale.ROOT);
      if (function == UnaryFunction.NOT) {
        cases.add(named(name).input("x", bool(3, 7), truth(0.5)).op(new Primitive.Unary(function)));
        continue;
      }
      OpCase test = named(name).input("x", f32(3, 5, 7), domain(function));
      boolean exact =
          switch (function) {
            case NEG, ABS, FLOOR, STOP_GRADIENT -> true;
            default -> false;
          };
      boolean smooth = function != UnaryFunction.FLOOR && function != UnaryFunction.STOP_GRADIENT;
      test = exact ? test.exactly() : test;
      test = smooth ? test : test.forwardOnly();
      cases.add(test.op(new Primitive.Unary(function)));
    }
    cases.add(
        named("neg-i64")
            .input("x", i64(11), whole(-9, 9))
            .exactly()
            .op(unaryOp(UnaryFunction.NEG)));
    cases.add(
        named("abs-i64")
            .input("x", i64(11), whole(-9, 9))
            .exactly()
            .op(unaryOp(UnaryFunction.ABS)));
    cases.add(named("exp-batch-0").input("x", f32(0, 3), normal(1)).op(unaryOp(UnaryFunction.EXP)));
    double inf = Double.POSITIVE_INFINITY;
    Values special = listed(Double.NaN, inf, -inf, 0, -0.0, 1, -1, 80, -80);
    for (UnaryFunction function :
        List.of(UnaryFunction.EXP, UnaryFunction.TANH, UnaryFunction.ERF, UnaryFunction.ABS)) {
      String name = function.name().toLowerCase(Locale.ROOT) + "-not-finite";
      cases.add(named(name).input("x", f32(9), special).forwardOnly().op(unaryOp(function)));
    }
  }

  private static Primitive unaryOp(UnaryFunction function) {
    return new Primitive.Unary(function);
  }

  private static Values domain(UnaryFunction function) {
    return switch (function) {
      case LOG, SQRT, RECIPROCAL -> uniform(0.1, 5);
      default -> normal(2);
    };
  }

  private static void binary(List<Case> cases) {
    for (BinaryFunction function : BinaryFunction.values()) {
      String name = function.name().toLowerCase(Locale.ROOT);
      Primitive op = new Primitive.Binary(function);
      boolean logical = function == BinaryFunction.AND || function == BinaryFunction.OR;
      if (logical) {
        cases.add(
            named(name).input("a", bool(3, 1), truth(0.5)).input("b", bool(5), truth(0.5)).op(op));
        continue;
      }
      Values right = function == BinaryFunction.DIV ? uniform(0.5, 3) : normal(1);
      cases.add(
          named(name).input("a", f32(2, 3, 5), normal(1)).input("b", f32(2, 3, 5), right).op(op));
      cases.add(
          named(name + "-broadcast")
              .input("a", f32(2, 1, 5), normal(1))
              .input("b", f32(3, 1), right)
              .op(op));
      Values divisor = function == BinaryFunction.DIV ? whole(1, 5) : whole(-4, 4);
      cases.add(
          named(name + "-i64")
              .input("a", i64(3, 5), whole(-20, 20))
              .input("b", i64(5), divisor)
              .exactly()
              .op(op));
    }
    cases.add(
        named("eq-bool")
            .input("a", bool(7), truth(0.5))
            .input("b", bool(7), truth(0.5))
            .op(new Primitive.Binary(BinaryFunction.EQ)));
    cases.add(
        named("add-batch-0")
            .input("a", f32(0, 3), normal(1))
            .input("b", f32(3), normal(1))
            .op(new Primitive.Binary(BinaryFunction.ADD)));
    cases.add(
        named("where")
            .input("c", bool(2, 1, 5), truth(0.5))
            .input("a", f32(3, 1), normal(1))
            .input("b", f32(5), normal(1))
            .exactly()
            .op(new Primitive.Where()));
    cases.add(
        named("where-i64")
            .input("c", bool(5), truth(0.5))
            .input("a", i64(5), whole(0, 9))
            .input("b", i64(), whole(0, 9))
            .exactly()
            .op(new Primitive.Where()));
  }

  private static void casts(List<Case> cases) {
    Map<String, Primitive.Cast> toFloat =
        Map.of(
            "cast-i64-f32",
            new Primitive.Cast(DType.F32),
            "cast-i64-bool",
            new Primitive.Cast(DType.BOOL));
    toFloat.forEach(
        (name, op) -> cases.add(named(name).input("x", i64(13), whole(-3, 3)).exactly().op(op)));
    cases.add(
        named("cast-f32-i64")
            .input("x", f32(13), uniform(-5, 5))
            .exactly()
            .op(new Primitive.Cast(DType.I64)));
    cases.add(
        named("cast-bool-f32")
            .input("x", bool(13), truth(0.5))
            .exactly()
            .op(new Primitive.Cast(DType.F32)));
    cases.add(
        named("cast-bool-i64")
            .input("x", bool(13), truth(0.5))
            .exactly()
            .op(new Primitive.Cast(DType.I64)));
    cases.add(
        named("cast-f32-bool")
            .input("x", f32(5), listed(0, 1, -0.5, 2, 0))
            .exactly()
            .op(new Primitive.Cast(DType.BOOL)));
  }

  private static void products(List<Case> cases) {
    for (boolean transposed : List.of(false, true)) {
      String name = transposed ? "matmul-transposed" : "matmul";
      Primitive op = new Primitive.MatMul(transposed);
      int[][] sizes = {{1, 1, 1}, {7, 13, 5}, {16, 17, 15}, {33, 64, 31}};
      for (int[] s : sizes) {
        cases.add(
            named(name + "/" + s[0] + "x" + s[1] + "x" + s[2])
                .input("a", f32(s[0], s[1]), normal(1))
                .input("b", transposed ? f32(s[2], s[1]) : f32(s[1], s[2]), normal(1))
                .op(op));
      }
      cases.add(
          named(name + "/batched")
              .input("a", f32(2, 3, 5, 7), normal(1))
              .input("b", transposed ? f32(2, 3, 4, 7) : f32(2, 3, 7, 4), normal(1))
              .op(op));
      cases.add(
          named(name + "/broadcast")
              .input("a", f32(2, 1, 5, 7), normal(1))
              .input("b", transposed ? f32(3, 4, 7) : f32(3, 7, 4), normal(1))
              .op(op));
      cases.add(
          named(name + "/matrix-for-all")
              .input("a", f32(2, 3, 7), normal(1))
              .input("b", transposed ? f32(4, 7) : f32(7, 4), normal(1))
              .op(op));
      cases.add(
          named(name + "/batch-0")
              .input("a", f32(0, 5, 7), normal(1))
              .input("b", transposed ? f32(4, 7) : f32(7, 4), normal(1))
              .op(op));
    }
    cases.add(
        named("matmul/permuted")
            .input("a", f32(7, 5), normal(1))
            .input("b", f32(4, 7), normal(1))
            .result(in -> in.get("a").transpose().matmul(in.get("b").transpose())));
    cases.add(
        named("matmul")
            .in(DType.BF16)
            .input("a", f32(7, 33), normal(1))
            .input("b", f32(33, 5), normal(1))
            .op(new Primitive.MatMul(false)));
    cases.add(
        named("matmul")
            .in(DType.F16)
            .input("a", f32(7, 33), normal(1))
            .input("b", f32(33, 5), normal(1))
            .op(new Primitive.MatMul(false)));
  }

  private static void reductions(List<Case> cases) {
    for (Primitive.Reduction function : Primitive.Reduction.values()) {
      String name = function.name().toLowerCase(Locale.ROOT);
      for (List<Integer> axes : List.of(List.of(0), List.of(2), List.of(0, 1), List.of(0, 1, 2))) {
        String at = axes.toString().replaceAll("[\\[\\] ]", "").replace(',', '-');
        cases.add(
            named(name + "/axes-" + at)
                .input("x", f32(3, 5, 7), normal(1))
                .op(new Primitive.Reduce(function, axes)));
      }
      cases.add(
          named(name + "/i64")
              .input("x", i64(3, 5), whole(-9, 9))
              .exactly()
              .op(new Primitive.Reduce(function, List.of(1))));
      cases.add(
          named(name + "/permuted")
              .input("x", f32(5, 4, 3), normal(1))
              .result(
                  in ->
                      in.get("x")
                          .permute(2, 0, 1)
                          .apply(new Primitive.Reduce(function, List.of(1)))));
    }
    cases.add(
        named("sum/empty")
            .input("x", f32(3, 0), normal(1))
            .op(new Primitive.Reduce(Primitive.Reduction.SUM, List.of(1))));
    cases.add(
        named("max/equal")
            .input("x", f32(3, 4), listed(1, 2, 2, 0))
            .op(new Primitive.Reduce(Primitive.Reduction.MAX, List.of(1))));
  }

  private static void softmax(List<Case> cases) {
    Primitive op = new Primitive.Softmax();
    for (int width : new int[] {1, 7, 64, 129}) {
      cases.add(named("softmax/" + width).input("x", f32(3, width), normal(2)).op(op));
    }
    cases.add(named("softmax/large").input("x", f32(3, 17), normal(1e4)).op(op));
    cases.add(
        named("softmax/hidden").input("x", f32(2, 3), listed(0.5, -1e30, 1)).forwardOnly().op(op));
    cases.add(named("softmax/batch-0").input("x", f32(0, 5), normal(1)).op(op));
    cases.add(
        named("softmax/permuted")
            .input("x", f32(5, 3), normal(1))
            .result(in -> in.get("x").transpose().softmax()));
  }
}
