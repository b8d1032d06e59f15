package org.attention4j.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.attention4j.op.Attention;
import org.attention4j.op.AttentionCall;
import org.attention4j.op.Backward;
import org.attention4j.op.Mask;
import org.attention4j.op.Start;
import org.attention4j.reference.ReferenceExecutor;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Support;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.Executor;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

@RequiresKernels
@DisplayName("The kernel provider")
class FlashAttentionProviderTest {
  private static final FlashAttentionProvider PROVIDER = new FlashAttentionProvider();

  /** Runs everything on an inner executor and remembers the one attention op among it. */
  private static final class Capture implements Executor {
    final ReferenceExecutor inner;
    @Nullable Attention op;
    List<Tensor> operands = List.of();
    List<Tensor> results = List.of();

    Capture(ReferenceExecutor inner) {
      this.inner = inner;
    }

    @Override
    public boolean claims(Composite composite, List<TensorType> types) {
      return composite instanceof Attention;
    }

    @Override
    public List<Object> execute(
        Op op, List<TensorType> operandTypes, List<TensorType> resultTypes, List<Object> handles) {
      if (!(op instanceof Attention attention)) {
        return inner.execute(op, operandTypes, resultTypes, handles);
      }
      List<Tensor> tensors = new ArrayList<>();
      for (int i = 0; i < handles.size(); i++) {
        tensors.add(new Tensor(operandTypes.get(i), inner, handles.get(i)));
      }
      this.op = attention;
      this.operands = tensors;
      this.results = Tensor.run(inner, attention, tensors);
      return results.stream().map(Tensor::handle).toList();
    }

    /** The gradients for these cotangents, on the inner executor. */
    List<Tensor> gradients(List<Tensor> cotangents) {
      List<Tensor> all = new ArrayList<>(operands);
      all.addAll(results);
      cotangents.forEach(c -> all.add(new Tensor(c.type(), inner, c.handle())));
      return Tensor.run(inner, backward(), all);
    }

    Backward backward() {
      return new Backward(Objects.requireNonNull(op), operands.size());
    }
  }

  /** Makes operands; the same values for the same order of calls. */
  private record Operands(Capture capture, Random random) {
    Tensor values(long... shape) {
      return tensor(Views.random(random, shape));
    }

    Tensor bits(double probability, long... shape) {
      boolean[] bits = new boolean[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
      for (int i = 0; i < bits.length; i++) {
        bits[i] = random.nextDouble() < probability;
      }
      return tensor(HostTensor.of(bits, shape));
    }

    Tensor tensor(HostTensor value) {
      TensorType type = TensorType.ofShape(value.dtype(), value.shape());
      return new Tensor(type, capture, capture.inner.upload(value, type));
    }
  }

  private interface Feature {
    AttentionCall add(AttentionCall call, Operands operands);
  }

  private static DynamicTest agrees(
      String name, int keyHeads, int queries, int keys, Feature feature) {
    return DynamicTest.dynamicTest(
        name,
        () -> {
          Capture whole = new Capture(new ReferenceExecutor(DType.F32, PROVIDER, Mode.TRAINING));
          Capture expanded = new Capture(new ReferenceExecutor(DType.F64));
          List<HostTensor> got = run(whole, keyHeads, queries, keys, feature);
          List<HostTensor> expected = run(expanded, keyHeads, queries, keys, feature);
          List<TensorType> types = whole.operands.stream().map(Tensor::type).toList();
          assertTrue(whole.inner.claims(Objects.requireNonNull(whole.op), types), "forward");
          assertTrue(whole.inner.claims(whole.backward(), types), "backward");
          assertEquals(expected.size(), got.size());
          for (int i = 0; i < got.size(); i++) {
            assertClose(name + ", result " + i, expected.get(i), got.get(i));
          }
        });
  }

  /** Output, log-sum-exp, then the gradients. */
  private static List<HostTensor> run(
      Capture capture, int keyHeads, int queries, int keys, Feature feature) {
    Operands operands = new Operands(capture, new Random(5));
    Tensor query = operands.values(2, 4, queries, 8);
    Tensor key = operands.values(2, keyHeads, keys, 8);
    Tensor value = operands.values(2, keyHeads, keys, 12);
    feature.add(AttentionCall.of(query, key, value), operands).applyWithLogSumExp();
    List<Tensor> cotangents =
        List.of(operands.values(2, 4, queries, 12), operands.values(2, 4, queries));
    List<Tensor> all = new ArrayList<>(capture.results);
    all.addAll(capture.gradients(cotangents));
    return all.stream().map(t -> capture.inner.download(t.handle(), t.type())).toList();
  }

  private static void assertClose(String what, HostTensor expected, HostTensor got) {
    double[] want = expected.toDoubleArray();
    double[] have = got.toDoubleArray();
    assertEquals(want.length, have.length, what);
    for (int i = 0; i < want.length; i++) {
      assertTrue(
          want[i] == have[i]
              || Math.abs(want[i] - have[i]) <= 2e-5 * Math.max(1, Math.abs(want[i])),
          what + "[" + i + "]: expected " + want[i] + ", got " + have[i]);
    }
  }

  @TestFactory
  @DisplayName("agrees with the expansion in float64, forward and backward")
  Stream<DynamicTest> agreement() {
    return Stream.of(
        agrees("plain", 4, 5, 7, (call, in) -> call),
        agrees("grouped heads, causal", 2, 6, 6, (call, in) -> call.mask(Mask.causal())),
        agrees(
            "one head of keys, causal with a cache",
            1,
            3,
            70,
            (call, in) -> call.mask(Mask.causal()).start(Start.at(67))),
        agrees("window", 2, 9, 9, (call, in) -> call.mask(new Mask.Window(3, 2))),
        agrees(
            "a static cache hides its unfilled slots",
            2,
            3,
            20,
            (call, in) -> call.start(Start.at(in.tensor(HostTensor.scalar(4L))))),
        agrees(
            "a static cache, causal, with padding",
            2,
            3,
            20,
            (call, in) ->
                call.mask(Mask.causal().and(Mask.keys(in.bits(0.7, 2, 20))))
                    .start(Start.at(in.tensor(HostTensor.scalar(9L))))),
        agrees(
            "integer padding",
            4,
            3,
            5,
            (call, in) ->
                call.mask(
                    Mask.keys(
                        in.tensor(
                            HostTensor.of(new long[] {1, 1, 0, 1, 0, 0, 0, 0, 256, -1}, 2, 5))))),
        agrees(
            "pairs, with rows that attend to nothing",
            4,
            6,
            4,
            (call, in) -> call.mask(Mask.pairs(in.bits(0.2, 6, 4)))),
        agrees(
            "a tree of masks",
            2,
            6,
            8,
            (call, in) ->
                call.mask(
                    Mask.causal()
                        .or(Mask.pairs(in.bits(0.3, 2, 4, 6, 8)))
                        .and(Mask.keys(in.bits(0.8, 2, 8)).or(new Mask.Window(2, 1))))),
        agrees("scale and softcap", 2, 6, 8, (call, in) -> call.scale(0.7).softcap(2)),
        agrees(
            "ALiBi, causal",
            2,
            4,
            9,
            (call, in) ->
                call.alibi(List.of(0.5, 0.25, 0.125, 0.0625))
                    .mask(Mask.causal())
                    .start(Start.at(5))),
        agrees(
            "dropout, causal, with a seed beyond 32 bits",
            2,
            6,
            9,
            (call, in) ->
                call.mask(Mask.causal())
                    .start(Start.at(3))
                    .dropout(0.3, in.tensor(HostTensor.scalar(-(1L << 40) - 5)), -3)),
        agrees("full bias", 2, 4, 9, (call, in) -> call.bias(in.values(2, 4, 4, 9))),
        agrees("bias of three axes", 2, 4, 9, (call, in) -> call.bias(in.values(4, 4, 9))),
        agrees(
            "bias of each key, softcap, mask",
            2,
            4,
            9,
            (call, in) -> call.bias(in.values(9)).softcap(3).mask(Mask.keys(in.bits(0.6, 2, 9)))));
  }

  @Test
  @DisplayName("is found by ServiceLoader and says what it runs on")
  void found() {
    assertTrue(Engines.kernels().stream().anyMatch(k -> k instanceof FlashAttentionProvider));
    assertTrue(Engines.names().contains("native"));
    assertEquals(List.of(), Engines.broken());
    assertTrue(PROVIDER.availability().available());
    String details = String.join("\n", PROVIDER.availability().details());
    assertTrue(details.contains("instruction set"), details);
    assertTrue(details.contains("threads"), details);
    assertTrue(
        PROVIDER
            .version()
            .endsWith(Kernels.instructionSets().get(Kernels.instructionSets().size() - 1).label()),
        PROVIDER.version());
  }

  private static Support asked(
      DType dtype, int headDim, double dropout, Mask mask, TensorType... extras) {
    TensorType query = TensorType.of(dtype, Dim.symbol("batch"), 4, Dim.symbol("time"), headDim);
    Attention.Extras none = Attention.Extras.NONE;
    Attention op = new Attention(mask, 1, 0, Dim.of(0), List.of(), dropout, 0, none, false);
    List<TensorType> operands = new ArrayList<>(List.of(query, query, query));
    operands.addAll(List.of(extras));
    return PROVIDER.supports(op, operands, Mode.INFERENCE);
  }

  @Test
  @DisplayName("takes symbolic sizes, and declines with every reason")
  void claims() {
    assertTrue(asked(DType.F32, 64, 0, Mask.causal()).granted());
    assertTrue(asked(DType.BF16, 256, 0, Mask.all()).granted());
    assertTrue(asked(DType.F16, 1, 0.1, Mask.all()).granted());
    Mask given = new Mask.Operand(0);
    assertTrue(asked(DType.F32, 8, 0, given, TensorType.i64("batch", "time")).granted());
    Support declined = asked(DType.F64, 257, 0.1, given, TensorType.f32("batch", "time"));
    assertFalse(declined.granted());
    String reasons = declined.toString();
    for (String part : List.of("f64", "257", "mask")) {
      assertTrue(reasons.contains(part), part + " in " + reasons);
    }
  }
}
