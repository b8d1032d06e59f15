package org.attention4j.conformance.cases;

import static org.attention4j.conformance.Values.normal;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.attention4j.conformance.Case;
import org.attention4j.conformance.Sample;
import org.attention4j.conformance.Suite;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Block;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.GatedFeedForward;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MixtureOfExpertsBlock;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.Residual;
import org.attention4j.nn.RmsNorm;
import org.attention4j.nn.Scope;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Activation;
import org.attention4j.op.Mask;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/** Blocks on their own, symbolic in batch and time. */
public final class BlockCases {
  static final int WIDTH = 12;

  private BlockCases() {}

  /** All of them. */
  public static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    blocks(cases);
    return cases;
  }

  private static void blocks(List<Case> cases) {
    Map<String, Block> blocks = new LinkedHashMap<>();
    blocks.put("linear", new Linear(WIDTH, WIDTH));
    blocks.put("layer-norm", new LayerNorm(WIDTH));
    blocks.put("rms-norm", new RmsNorm(WIDTH, 1e-6));
    for (Activation.Kind kind :
        List.of(
            Activation.Kind.RELU,
            Activation.Kind.GELU,
            Activation.Kind.GELU_TANH,
            Activation.Kind.SILU)) {
      String name = kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
      blocks.put("feed-forward-" + name, new FeedForward(WIDTH, 4 * WIDTH, kind));
      blocks.put("gated-" + name, new GatedFeedForward(WIDTH, 2 * WIDTH, kind));
    }
    blocks.put("experts", MixtureOfExpertsBlock.topTwo(WIDTH, 2 * WIDTH, 5));
    MultiHeadAttention attention = MultiHeadAttention.of(Heads.of(WIDTH, 3), Mask.causal());
    blocks.put("attention", attention);
    blocks.put(
        "attention-grouped", MultiHeadAttention.of(Heads.grouped(WIDTH, 4, 2), Mask.causal()));
    blocks.put("layer-pre-norm", layer(attention, Residual.pre(new LayerNorm(WIDTH))));
    blocks.put("layer-post-norm", layer(attention, Residual.post(new LayerNorm(WIDTH))));
    blocks.forEach(
        (name, block) -> {
          for (long[] size : new long[][] {{1, 1}, {2, 7}, {0, 3}}) {
            cases.add(block(name, block, size));
          }
        });
  }

  private static TransformerEncoderLayer layer(MultiHeadAttention attention, Residual residual) {
    FeedForward feedForward = new FeedForward(WIDTH, 2 * WIDTH, Activation.Kind.RELU);
    return new TransformerEncoderLayer(
        attention, feedForward, residual, TransformerEncoderLayer.Names.TORCH);
  }

  /** A block of one input [batch, time, WIDTH]; its gradient, too, unless the batch is empty. */
  static Case block(String name, Block block, long... size) {
    Program program = Program.of(new OneBlock(block));
    Case.Data data =
        random ->
            Sample.of(
                Map.of("x", normal(1).draw(random, DType.F32, size[0], size[1], WIDTH)),
                weights(program, random));
    return test("block/" + name + at(size), program, data, Set.of("x"), size[0] > 0);
  }

  private static String at(long... size) {
    return "/" + size[0] + "x" + size[1];
  }

  private record OneBlock(Block block) implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("x", TensorType.f32("batch", "time", WIDTH));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      return Map.of("y", scope.call("block", block, inputs.get("x")));
    }
  }

  private static Case test(
      String name, Program program, Case.Data data, Set<String> varied, boolean gradient) {
    return new Case(
        name + "/f32",
        Suite.BLOCKS,
        program,
        data,
        DType.F32,
        varied,
        gradient,
        List.of(),
        Case.Oracle.STRICT);
  }

  /** Random values for every parameter, also for those that start at zero or one. */
  public static Weights weights(Program program, Random random) {
    Map<String, HostTensor> values = new LinkedHashMap<>();
    program
        .graph(TraceOptions.primitives())
        .parameterTypes()
        .forEach(
            (path, type) -> values.put(path, normal(0.3).draw(random, DType.F32, type.shape())));
    return Weights.of(values);
  }
}
