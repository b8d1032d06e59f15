package org.attention4j.conformance.cases;

import static org.attention4j.conformance.Values.listed;
import static org.attention4j.conformance.Values.normal;
import static org.attention4j.conformance.Values.truth;
import static org.attention4j.conformance.Values.whole;
import static org.attention4j.tensor.TensorType.bool;
import static org.attention4j.tensor.TensorType.f32;
import static org.attention4j.tensor.TensorType.i64;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.conformance.Case;
import org.attention4j.conformance.OpCase;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Primitive;

/** Primitives that move, index and number elements; exact on every engine. */
final class MovementCases {
  private MovementCases() {}

  static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    sources(cases);
    movement(cases);
    indexing(cases);
    along(cases);
    choice(cases);
    return cases;
  }

  private static OpCase named(String name) {
    return OpCase.named("primitive/" + name).exactly();
  }

  private static OpCase on(String name, Object... dims) {
    return named(name).input("x", f32(dims), normal(1));
  }

  private static void sources(List<Case> cases) {
    cases.add(on("constant", 3).result(in -> in.get("x").add(in.get("x").constant(1, -2, 0.5))));
    cases.add(on("constant-i64", 3).result(in -> in.get("x").integers(1, -2, Long.MAX_VALUE)));
    cases.add(on("iota", 3).result(in -> in.get("x").iota(Dim.of(7))));
    cases.add(on("iota-0", 3).result(in -> in.get("x").iota(Dim.of(0))));
    cases.add(on("iota-from", 3).result(in -> in.get("x").iota(Dim.of(-2), Dim.of(5))));
    cases.add(on("dim-value", 3).result(in -> in.get("x").value(Dim.of(41))));
  }

  private static void movement(List<Case> cases) {
    cases.add(on("reshape", 2, 3, 4).result(in -> in.get("x").reshape(4, 6)));
    cases.add(on("reshape-scalar", 1, 1).result(in -> in.get("x").reshape()));
    cases.add(on("reshape-batch-0", 0, 3, 4).result(in -> in.get("x").reshape(0, 12)));
    cases.add(
        on("reshape-permuted", 2, 3, 4).result(in -> in.get("x").permute(2, 0, 1).reshape(4, 6)));
    cases.add(
        on("expand", 3, 1)
            .result(in -> in.get("x").expand(List.of(Dim.of(2), Dim.of(3), Dim.of(5)))));
    cases.add(on("expand-scalar").result(in -> in.get("x").expand(List.of(Dim.of(2), Dim.of(3)))));
    cases.add(on("permute", 2, 3, 5).result(in -> in.get("x").permute(2, 0, 1)));
    cases.add(
        named("permute-bool")
            .input("x", bool(2, 3), truth(0.5))
            .result(in -> in.get("x").permute(1, 0)));
    cases.add(on("slice", 3, 7).result(in -> in.get("x").slice(1, 2, 5)));
    cases.add(on("slice-empty", 3, 7).result(in -> in.get("x").slice(1, 2, 2)));
    cases.add(
        on("slice-permuted", 5, 7)
            .result(in -> in.get("x").permute(1, 0).slice(0, 1, 6).slice(1, 2, 4)));
    cases.add(on("pad", 2, 3).result(in -> in.get("x").pad(1, Dim.of(2), Dim.of(1))));
    cases.add(on("pad-first", 2, 3).result(in -> in.get("x").pad(0, Dim.of(0), Dim.of(2))));
    cases.add(
        on("concat", 2, 3)
            .input("other", f32(2, 1), normal(1))
            .input("z", f32(2, 4), normal(1))
            .result(in -> in.get("x").concat(1, in.get("other"), in.get("z"))));
    cases.add(
        on("concat-empty", 2, 3)
            .input("other", f32(0, 3), normal(1))
            .result(in -> in.get("x").concat(0, in.get("other"))));
    cases.add(on("concat-itself", 2, 3).result(in -> in.get("x").concat(0, in.get("x"))));
    cases.add(
        named("concat-i64")
            .input("x", i64(3), whole(-9, 9))
            .input("other", i64(2), whole(-9, 9))
            .result(in -> in.get("x").concat(0, in.get("other"))));
  }

  private static void indexing(List<Case> cases) {
    cases.add(
        on("gather", 7, 3)
            .input("at", i64(2, 4), whole(0, 7))
            .result(in -> in.get("x").take(in.get("at"))));
    cases.add(
        on("gather-scalar", 7, 3)
            .input("at", i64(), whole(0, 7))
            .result(in -> in.get("x").take(in.get("at"))));
    cases.add(
        on("gather-vector", 7)
            .input("at", i64(5), whole(0, 7))
            .result(in -> in.get("x").take(in.get("at"))));
    cases.add(
        on("gather-none", 7, 3)
            .input("at", i64(0), whole(0, 7))
            .result(in -> in.get("x").take(in.get("at"))));
    OpCase repeated = OpCase.named("primitive/scatter-add").input("at", i64(2, 4), whole(0, 5));
    cases.add(
        repeated
            .input("x", f32(2, 4, 3), normal(1))
            .result(in -> in.get("at").apply(new Primitive.ScatterAdd(Dim.of(7)), in.get("x"))));
    cases.add(
        OpCase.named("primitive/scatter-add-none")
            .input("at", i64(0), whole(0, 5))
            .input("x", f32(0, 3), normal(1))
            .result(in -> in.get("at").apply(new Primitive.ScatterAdd(Dim.of(4)), in.get("x"))));
    for (int at : new int[] {0, 2, 5}) {
      cases.add(
          on("update-at-" + at, 2, 7)
              .input("fresh", f32(2, 2), normal(1))
              .input("start", i64(), listed(at))
              .result(
                  in ->
                      in.get("x")
                          .apply(new Primitive.Update(1), in.get("fresh"), in.get("start"))));
    }
    cases.add(
        on("update-first-axis", 5, 3)
            .input("fresh", f32(2, 3), normal(1))
            .input("start", i64(), listed(1))
            .result(
                in ->
                    in.get("x").apply(new Primitive.Update(0), in.get("fresh"), in.get("start"))));
  }

  private static void along(List<Case> cases) {
    for (int axis = 0; axis < 3; axis++) {
      int at = axis;
      cases.add(
          on("gather-along-" + axis, 3, 4, 5)
              .input("at", i64(3, 4, 5).with(axis, 2), whole(0, 3))
              .result(in -> in.get("x").takeAlong(at, in.get("at"))));
      cases.add(
          OpCase.named("primitive/scatter-along-" + axis)
              .input("at", i64(3, 4, 5), whole(0, 6))
              .input("x", f32(3, 4, 5), normal(1))
              .result(
                  in ->
                      in.get("at").apply(new Primitive.ScatterAlong(at, Dim.of(6)), in.get("x"))));
    }
  }

  private static void choice(List<Case> cases) {
    cases.add(on("top-1", 3, 7).result(in -> in.get("x").topK(1)));
    cases.add(on("top-3", 2, 3, 7).result(in -> in.get("x").topK(3)));
    cases.add(on("top-all", 3, 5).result(in -> in.get("x").topK(5)));
    cases.add(on("top-batch-0", 0, 5).result(in -> in.get("x").topK(2)));
    cases.add(
        named("top-equal")
            .input("x", f32(2, 6), listed(1, 3, 3, 2, 3, 1))
            .result(in -> in.get("x").topK(4)));
  }
}
