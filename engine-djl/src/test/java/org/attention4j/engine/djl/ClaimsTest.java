package org.attention4j.engine.djl;

import static org.attention4j.engine.djl.OpModel.normal;
import static org.attention4j.engine.djl.OpModel.positive;
import static org.attention4j.engine.djl.OpModel.truth;
import static org.attention4j.engine.djl.OpModel.whole;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.attention4j.op.Activation;
import org.attention4j.op.Affine;
import org.attention4j.op.Attention;
import org.attention4j.op.CrossEntropy;
import org.attention4j.op.Dropout;
import org.attention4j.op.LayerNormalization;
import org.attention4j.op.LogSoftmax;
import org.attention4j.op.Mask;
import org.attention4j.op.Positions;
import org.attention4j.op.RmsNormalization;
import org.attention4j.spi.Mode;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What PyTorch runs whole equals the composite's expansion on the reference engine in f64. */
class ClaimsTest {
  private static final Attention.Extras NONE = Attention.Extras.NONE;

  private record Case(String name, Composite op, List<HostTensor> operands) {}

  private static Case of(String name, Composite op, HostTensor... operands) {
    return new Case(name, op, List.of(operands));
  }

  private static Attention attention(Mask mask, int start, List<Double> slopes, int bias) {
    Attention.Extras extras = new Attention.Extras(-1, bias, -1);
    return new Attention(mask, 0.3, 0, Dim.of(start), slopes, 0, 0, extras, false);
  }

  private static Attention masked(Mask mask, int start) {
    return attention(mask, start, List.of(), -1);
  }

  @TestFactory
  Stream<DynamicTest> claimedCompositesEqualTheirExpansion() {
    List<Case> cases = new ArrayList<>();
    pointwise(cases);
    attentions(cases);
    return cases.stream()
        .map(
            c ->
                DynamicTest.dynamicTest(
                    c.op.name() + " " + c.name,
                    () -> {
                      List<TensorType> types =
                          c.operands.stream()
                              .map(t -> TensorType.ofShape(t.dtype(), t.shape()))
                              .toList();
                      assertEquals(
                          List.of(),
                          new DjlEngine().supports(c.op, types, Mode.TRAINING).reasons());
                      OpModel model = new OpModel(c.op, c.operands);
                      AgainstReference.values(model);
                      AgainstReference.eagerValues(model);
                      AgainstReference.gradients(model);
                    }));
  }

  private static void pointwise(List<Case> cases) {
    HostTensor x = normal(1, 3, 4, 6);
    HostTensor kinks = HostTensor.of(new double[] {-40, -3, -1, 0, 1, 3, 25}, 7);
    for (Activation.Kind kind : Activation.Kind.values()) {
      Activation op = new Activation(kind);
      if (FusedScript.claims(op, List.of())) {
        cases.add(of("normal", op, x));
        cases.add(of("extreme", op, kinks));
      }
    }
    cases.add(of("transposed", new Affine(true), x, normal(2, 5, 6), normal(3, 5)));
    cases.add(of("plain", new Affine(false), x, normal(2, 6, 5), normal(3, 5)));
    cases.add(of("no bias", new Affine(true), x, normal(2, 5, 6)));
    cases.add(of("vector", new Affine(true), normal(1, 6), normal(2, 5, 6), normal(3, 5)));
    cases.add(of("", new LayerNormalization(1e-5), x, positive(2, 6), normal(3, 6)));
    cases.add(of("no bias", new LayerNormalization(1e-3), x, positive(2, 6)));
    cases.add(of("", new RmsNormalization(1e-6), x, positive(2, 6)));
    cases.add(of("", new LogSoftmax(), x));
    HostTensor labels = whole(4, 6, 3, 4);
    labels.set(2, -100L);
    cases.add(of("mean, one ignored", CrossEntropy.mean(), x, labels));
    CrossEntropy smooth = new CrossEntropy(-100, 0.1, CrossEntropy.Reduction.MEAN);
    cases.add(of("smoothed", smooth, x, labels));
    CrossEntropy sum = new CrossEntropy(3, 0.1, CrossEntropy.Reduction.SUM);
    cases.add(of("sum", sum, x, whole(4, 6, 3, 4)));
    cases.add(of("matrix", CrossEntropy.mean(), normal(1, 5, 6), whole(4, 6, 5)));
    HostTensor ones = HostTensor.zeros(DType.F64, 37, 29);
    for (long i = 0; i < ones.size(); i++) {
      ones.set(i, 1.0);
    }
    for (long seed : new long[] {0, 1, -7, Long.MAX_VALUE / 3}) {
      HostTensor scalar = HostTensor.scalar(seed);
      cases.add(of("seed " + seed, new Dropout(0.3, -123456789L), ones, scalar));
    }
  }

  private static void attentions(List<Case> cases) {
    HostTensor query = normal(1, 2, 4, 5, 8); // [batch, heads, queries, head_dim]
    HostTensor key = normal(2, 2, 4, 7, 8);
    HostTensor value = normal(3, 2, 4, 7, 8);
    cases.add(of("all", masked(Mask.all(), 0), query, key, value));
    cases.add(of("causal, fewer queries", masked(Mask.causal(), 0), query, key, value));
    cases.add(of("causal after a cache", masked(Mask.causal(), 2), query, key, value));
    cases.add(
        of("causal, more queries", masked(Mask.causal(), 0), normal(1, 2, 4, 9, 8), key, value));
    cases.add(of("wide value", masked(Mask.causal(), 2), query, key, normal(3, 2, 4, 7, 5)));
    cases.add(
        of(
            "grouped",
            masked(Mask.causal(), 2),
            query,
            normal(2, 2, 2, 7, 8),
            normal(3, 2, 2, 7, 8)));
    cases.add(
        of(
            "one key head",
            masked(Mask.all(), 0),
            query,
            normal(2, 2, 1, 7, 8),
            normal(3, 2, 1, 7, 8)));
    cases.add(of("window", masked(Mask.window(3).and(Mask.causal()), 2), query, key, value));
    cases.add(of("window both sides", masked(new Mask.Window(2, 1), 2), query, key, value));
    cases.add(of("nothing in reach", masked(Mask.window(2), 20), query, key, value));
    HostTensor padding = HostTensor.of(new long[] {1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 2, 7);
    Mask first = new Mask.Operand(0);
    cases.add(of("padding, one row empty", masked(first, 0), query, key, value, padding));
    cases.add(
        of("causal and padding", masked(Mask.causal().and(first), 2), query, key, value, padding));
    HostTensor pairs = truth(5, 2, 1, 5, 7);
    cases.add(of("pairs", masked(first, 0), query, key, value, pairs));
    cases.add(of("pairs or causal", masked(first.or(Mask.causal()), 1), query, key, value, pairs));
    Attention biased = attention(Mask.causal(), 2, List.of(), 0);
    cases.add(of("bias", biased, query, key, value, normal(6, 1, 4, 5, 7)));
    Attention alibi = attention(Mask.causal(), 2, Positions.alibiSlopes(4), -1);
    cases.add(of("ALiBi", alibi, query, key, value));
    Attention both = attention(first, 0, Positions.alibiSlopes(4), 1);
    cases.add(of("all at once", both, query, key, value, pairs, normal(6, 2, 4, 5, 7)));
    cases.add(of("one query", masked(Mask.causal(), 6), normal(1, 2, 4, 1, 8), key, value));
  }

  @Test
  void whatPyTorchLacksIsDeclinedWithReasons() {
    Attention op = new Attention(Mask.all(), 1, 30, null, List.of(), 0.1, 0, NONE, true);
    List<String> reasons = new DjlEngine().supports(op, List.of(), Mode.TRAINING).reasons();
    assertEquals(4, reasons.size(), reasons::toString);
    assertFalse(FusedScript.claims(new Activation(Activation.Kind.MISH), List.of()));
    List<TensorType> one = List.of(TensorType.f32(3, 1), TensorType.f32(1));
    assertFalse(FusedScript.claims(new LayerNormalization(1e-5), one));
  }
}
