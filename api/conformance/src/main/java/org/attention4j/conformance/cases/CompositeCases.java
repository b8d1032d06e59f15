package org.attention4j.conformance.cases;

import static org.attention4j.conformance.Values.listed;
import static org.attention4j.conformance.Values.normal;
import static org.attention4j.conformance.Values.uniform;
import static org.attention4j.conformance.Values.whole;
import static org.attention4j.tensor.TensorType.f32;
import static org.attention4j.tensor.TensorType.i64;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.attention4j.conformance.Case;
import org.attention4j.conformance.OpCase;
import org.attention4j.op.Activation;
import org.attention4j.op.Affine;
import org.attention4j.op.CrossEntropy;
import org.attention4j.op.Dropout;
import org.attention4j.op.LayerNormalization;
import org.attention4j.op.LogSoftmax;
import org.attention4j.op.MixtureOfExperts;
import org.attention4j.op.Positions;
import org.attention4j.op.RmsNormalization;
import org.attention4j.op.RotaryEmbedding;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.TensorType;

/** Composites but attention and activations. */
public final class CompositeCases {
  private CompositeCases() {}

  /** All of them. */
  public static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    norms(cases);
    affine(cases);
    rotary(cases);
    losses(cases);
    dropout(cases);
    experts(cases);
    positions(cases);
    return cases;
  }

  private static void norms(List<Case> cases) {
    for (int width : new int[] {1, 7, 48, 129}) {
      TensorType x = f32(2, 3, width);
      OpCase layerNorm = OpCase.named("layer-norm/" + width);
      if (width == 1) {
        layerNorm.loosened(1, 10, "the variance is 0, so rounding is divided by sqrt(epsilon)");
      }
      cases.add(
          layerNorm
              .input("x", x, normal(2))
              .input("weight", f32(width), uniform(0.5, 1.5))
              .input("bias", f32(width), normal(1))
              .op(new LayerNormalization(1e-5)));
      cases.add(
          OpCase.named("rms-norm/" + width)
              .input("x", x, normal(2))
              .input("weight", f32(width), uniform(0.5, 1.5))
              .op(new RmsNormalization(1e-6)));
    }
    cases.add(
        OpCase.named("layer-norm/no-bias")
            .input("x", f32(5, 17), normal(1))
            .input("weight", f32(17), normal(1))
            .op(new LayerNormalization(1e-12)));
    cases.add(
        OpCase.named("layer-norm/offset")
            .input("x", f32(5, 32), uniform(99, 101))
            .input("weight", f32(32), normal(1))
            .input("bias", f32(32), normal(1))
            .op(new LayerNormalization(1e-5)));
    cases.add(
        OpCase.named("layer-norm/batch-0")
            .input("x", f32(0, 3, 8), normal(1))
            .input("weight", f32(8), normal(1))
            .input("bias", f32(8), normal(1))
            .op(new LayerNormalization(1e-5)));
    cases.add(
        OpCase.named("layer-norm/permuted")
            .input("x", f32(8, 5), normal(1))
            .input("weight", f32(8), normal(1))
            .input("bias", f32(8), normal(1))
            .result(
                in ->
                    in.get("x")
                        .transpose()
                        .apply(new LayerNormalization(1e-5), in.get("weight"), in.get("bias"))));
    for (DType half : List.of(DType.F16, DType.BF16)) {
      cases.add(
          OpCase.named("layer-norm/48")
              .in(half)
              .input("x", f32(3, 48), normal(1))
              .input("weight", f32(48), uniform(0.5, 1.5))
              .input("bias", f32(48), normal(1))
              .op(new LayerNormalization(1e-5)));
    }
  }

  private static void affine(List<Case> cases) {
    for (boolean transposed : List.of(false, true)) {
      TensorType weight = transposed ? f32(5, 7) : f32(7, 5);
      String name = transposed ? "affine/transposed" : "affine/plain";
      cases.add(
          OpCase.named(name)
              .input("x", f32(2, 3, 7), normal(1))
              .input("weight", weight, normal(1))
              .input("bias", f32(5), normal(1))
              .op(new Affine(transposed)));
      cases.add(
          OpCase.named(name + "/no-bias")
              .input("x", f32(2, 3, 7), normal(1))
              .input("weight", weight, normal(1))
              .op(new Affine(transposed)));
      cases.add(
          OpCase.named(name + "/vector")
              .input("x", f32(7), normal(1))
              .input("weight", weight, normal(1))
              .input("bias", f32(5), normal(1))
              .op(new Affine(transposed)));
      cases.add(
          OpCase.named(name + "/batch-0")
              .input("x", f32(0, 3, 7), normal(1))
              .input("weight", weight, normal(1))
              .input("bias", f32(5), normal(1))
              .op(new Affine(transposed)));
    }
  }

  private static void rotary(List<Case> cases) {
    for (boolean interleaved : List.of(false, true)) {
      String name = "rotary/" + (interleaved ? "interleaved" : "half");
      cases.add(
          OpCase.named(name)
              .input("x", f32(2, 3, 11, 16), normal(1))
              .input("positions", i64(11), whole(0, 500))
              .op(RotaryEmbedding.of(16, 10000, interleaved)));
      cases.add(
          OpCase.named(name + "/partial")
              .input("x", f32(2, 1, 7, 24), normal(1))
              .input("positions", i64(2, 7), whole(0, 50))
              .op(RotaryEmbedding.of(6, 500000, interleaved)));
      cases.add(
          OpCase.named(name + "/scaled")
              .input("x", f32(1, 2, 5, 8), normal(1))
              .input("positions", i64(5), whole(0, 50))
              .op(new RotaryEmbedding(List.of(1.0, 0.3, 0.01), 1.25, interleaved)));
    }
  }

  private static void losses(List<Case> cases) {
    cases.add(OpCase.named("log-softmax").input("x", f32(3, 17), normal(2)).op(new LogSoftmax()));
    cases.add(
        OpCase.named("log-softmax/large").input("x", f32(3, 17), normal(1e4)).op(new LogSoftmax()));
    for (CrossEntropy.Reduction reduction : CrossEntropy.Reduction.values()) {
      for (double smoothing : new double[] {0, 0.1}) {
        String how = reduction.name().toLowerCase(Locale.ROOT) + (smoothing > 0 ? "-smoothed" : "");
        cases.add(
            OpCase.named("cross-entropy/" + how)
                .input("logits", f32(2, 5, 13), normal(2))
                .input("labels", i64(2, 5), whole(0, 13))
                .op(new CrossEntropy(-100, smoothing, reduction)));
        cases.add(
            OpCase.named("cross-entropy/" + how + "-ignored")
                .input("logits", f32(7, 11), normal(2))
                .input("labels", i64(7), listed(3, -100, 0, 10, -100, 5, -100))
                .op(new CrossEntropy(-100, smoothing, reduction)));
      }
    }
    cases.add(
        OpCase.named("cross-entropy/ignore-class-0")
            .input("logits", f32(6, 5), normal(2))
            .input("labels", i64(6), listed(3, 0, 1, 0, 4, 2))
            .op(new CrossEntropy(0, 0.1, CrossEntropy.Reduction.MEAN)));
    cases.add(
        OpCase.named("cross-entropy/sum-all-ignored")
            .input("logits", f32(3, 5), normal(1))
            .input("labels", i64(3), listed(-100))
            .op(new CrossEntropy(-100, 0, CrossEntropy.Reduction.SUM)));
    cases.add(
        OpCase.named("cross-entropy/large")
            .input("logits", f32(6, 17), normal(1e4))
            .input("labels", i64(6), whole(0, 17))
            .op(CrossEntropy.mean()));
  }

  private static void dropout(List<Case> cases) {
    for (double probability : new double[] {0.1, 0.5}) {
      cases.add(
          OpCase.named("dropout/" + probability)
              .input("x", f32(5, 7, 11), normal(1))
              .input("seed", i64(), whole(0, 1 << 30))
              .op(new Dropout(probability, 7)));
    }
    cases.add(
        OpCase.named("dropout/negative-seed")
            .input("x", f32(64), listed(1))
            .input("seed", i64(), listed(-12345))
            .op(new Dropout(0.5, -3)));
  }

  private static void experts(List<Case> cases) {
    for (int chosen : new int[] {1, 2}) {
      for (boolean gated : List.of(false, true)) {
        OpCase test =
            OpCase.named("experts/top-" + chosen + (gated ? "-gated" : ""))
                .input("x", f32(2, 5, 8), normal(1))
                .input("router", f32(4, 8), normal(1))
                .input("up", f32(4, 8, 6), normal(0.5))
                .input("down", f32(4, 6, 8), normal(0.5));
        if (gated) {
          test = test.input("gate", f32(4, 8, 6), normal(0.5));
        }
        cases.add(test.op(new MixtureOfExperts(chosen, Activation.Kind.SILU, gated, chosen > 1)));
      }
    }
  }

  private static void positions(List<Case> cases) {
    cases.add(
        OpCase.named("positions/sinusoid")
            .input("at", i64(2, 7), whole(0, 300))
            .result(in -> Positions.sinusoid(in.get("at"), 16, DType.F32)));
    for (boolean both : List.of(false, true)) {
      cases.add(
          OpCase.named("positions/buckets-" + (both ? "both" : "past"))
              .input("relative", i64(9, 31), whole(-200, 200))
              .exactly()
              .result(in -> Positions.relativeBuckets(in.get("relative"), 32, 128, both)));
    }
  }
}
