package org.attention4j.conformance.cases;

import static org.attention4j.conformance.Values.listed;
import static org.attention4j.conformance.Values.normal;
import static org.attention4j.tensor.TensorType.f32;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.attention4j.conformance.Case;
import org.attention4j.conformance.OpCase;
import org.attention4j.op.Activation;
import org.attention4j.tensor.DType;

/** Every activation: ordinary, far out, empty, not contiguous, in half precisions. */
public final class ActivationCases {
  private ActivationCases() {}

  /** All of them. */
  public static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    for (Activation.Kind kind : Activation.Kind.values()) {
      String name = "activation/" + kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
      Activation op = new Activation(kind);
      cases.add(OpCase.named(name).input("x", f32(3, 5, 7), normal(2)).op(op));
      cases.add(
          OpCase.named(name + "/far")
              .input("x", f32(10), listed(-1e4, -100, -88, -30, -5, 5, 30, 88, 100, 1e4))
              .op(op));
      cases.add(
          OpCase.named(name + "/kinks")
              .input("x", f32(4), listed(-2.9999998, 0, 2.9999998, -0.0))
              .op(op));
      cases.add(OpCase.named(name + "/batch-0").input("x", f32(0, 3), normal(1)).op(op));
      cases.add(
          OpCase.named(name + "/sliced")
              .input("x", f32(7, 5), normal(1))
              .result(in -> in.get("x").permute(1, 0).slice(1, 2, 5).apply(op)));
    }
    for (DType half : List.of(DType.F16, DType.BF16)) {
      for (Activation.Kind kind : List.of(Activation.Kind.GELU, Activation.Kind.SILU)) {
        cases.add(
            OpCase.named("activation/" + kind.name().toLowerCase(Locale.ROOT))
                .in(half)
                .input("x", f32(3, 17), normal(1))
                .op(new Activation(kind)));
      }
    }
    return cases;
  }
}
