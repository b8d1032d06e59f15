package org.attention4j.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.attention4j.json.JsonValue;
import org.attention4j.op.Mask;
import org.attention4j.spi.BufferView;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Results and gradients against PyTorch's in float64, on every instruction set. With the system
 * property {@code attention4j.golden} naming the folder of all golden vectors, its attention cases
 * run as well.
 */
@RequiresKernels
@DisplayName("PyTorch's attention is reproduced")
class GoldenAttentionTest {

  @TestFactory
  Stream<DynamicTest> cases() throws IOException, URISyntaxException {
    Path own = Path.of(Objects.requireNonNull(getClass().getResource("/golden")).toURI());
    List<Path> folders = new ArrayList<>(folders(own));
    String golden = System.getProperty("attention4j.golden");
    if (golden != null) {
      List<Path> more = folders(Path.of(golden, "attention"));
      assertFalse(more.isEmpty(), "no attention cases in " + golden);
      folders.addAll(more);
    }
    List<DynamicTest> tests = new ArrayList<>();
    for (Path folder : folders) {
      for (InstructionSet isa : Kernels.instructionSets()) {
        String name = folder.getFileName() + " on " + isa.label();
        tests.add(DynamicTest.dynamicTest(name, folder.toUri(), () -> check(folder, isa)));
      }
    }
    return tests.stream();
  }

  private static List<Path> folders(Path parent) throws IOException {
    try (Stream<Path> children = Files.list(parent)) {
      return children.filter(f -> Files.exists(f.resolve("case.json"))).sorted().toList();
    }
  }

  private static void check(Path folder, InstructionSet isa) {
    JsonValue facts = JsonValue.read(folder.resolve("case.json"));
    Weights io = Weights.load(folder.resolve("io.safetensors"));
    Comparison comparison =
        new Comparison(
            Weights.load(folder.resolve("truth64.safetensors")),
            JsonValue.read(folder.resolve("noise.json")).get("outputs"));
    AttentionProblem problem = problem(facts, io);
    HostTensor out = HostTensor.zeros(DType.F32, shape(problem.outputSizes()));
    HostTensor lse = HostTensor.zeros(DType.F32, shape(problem.logSumExpSizes()));
    HostTensor query = like(io, "in.q");
    HostTensor key = like(io, "in.k");
    HostTensor value = like(io, "in.v");
    HostTensor bias = io.has("in.bias") ? like(io, "in.bias") : lse;
    BufferView cotangent = Views.of(io.get("in.cot.out"));
    try (FlashAttention kernel = FlashAttention.open(isa, 2)) {
      assertEquals(isa, kernel.instructionSet());
      kernel.forward(problem, Views.of(out), Views.of(lse));
      comparison.check("out.out", out);
      comparison.check("out.lse", lse);
      kernel.backward(
          problem,
          new AttentionGradients(
              Views.of(out),
              Views.of(lse),
              cotangent,
              null,
              Views.of(query),
              Views.of(key),
              Views.of(value),
              io.has("in.bias") ? Views.of(bias) : null));
    }
    comparison.check("grad.q", query);
    comparison.check("grad.k", key);
    comparison.check("grad.v", value);
    if (io.has("in.bias")) {
      comparison.check("grad.bias", bias);
    }
  }

  private static AttentionProblem problem(JsonValue facts, Weights io) {
    Mask mask = facts.get("causal").asBoolean() ? Mask.causal() : Mask.all();
    List<BufferView> tensors = new ArrayList<>();
    if (facts.has("window")) {
      mask = mask.and(Mask.window(facts.get("window").asInt()));
    }
    if (io.has("in.mask")) {
      mask = mask.and(new Mask.Operand(0));
      tensors.add(Views.of(io.get("in.mask")));
    }
    AttentionProblem problem =
        AttentionProblem.of(
                Views.of(io.get("in.q")), Views.of(io.get("in.k")), Views.of(io.get("in.v")))
            .withMask(mask, tensors.toArray(BufferView[]::new))
            .withScale(facts.get("scale").asDouble())
            .startingAt(facts.get("query_offset").asLong());
    if (facts.has("softcap")) {
      problem = problem.withSoftcap(facts.get("softcap").asDouble());
    }
    if (io.has("in.slopes")) {
      double[] slopes = io.get("in.slopes").toDoubleArray();
      problem = problem.withAlibi(Arrays.stream(slopes).boxed().toList());
    }
    return io.has("in.bias") ? problem.withBias(Views.of(io.get("in.bias"))) : problem;
  }

  private static HostTensor like(Weights io, String name) {
    return HostTensor.zeros(DType.F32, io.get(name).shape());
  }

  private static long[] shape(List<Long> sizes) {
    return sizes.stream().mapToLong(size -> size).toArray();
  }

  /** Ten times PyTorch's own float32 error, or 1e-5 of the largest value if that is more. */
  private record Comparison(Weights truth, JsonValue noise) {
    void check(String name, HostTensor got) {
      double[] expected = truth.get(name).toDoubleArray();
      double[] actual = got.toDoubleArray();
      assertEquals(expected.length, actual.length, name);
      JsonValue floor = noise.get(name);
      double allowed =
          Math.max(
              10 * floor.get("max_abs_diff").asDouble(), 1e-5 * floor.get("max_abs").asDouble());
      for (int i = 0; i < expected.length; i++) {
        boolean same = expected[i] == actual[i]; // infinities
        assertTrue(
            same || Math.abs(expected[i] - actual[i]) <= allowed,
            name + "[" + i + "]: expected " + expected[i] + ", got " + actual[i]);
      }
    }
  }
}
