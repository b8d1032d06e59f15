package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.attention4j.error.EngineException;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;

/** The memory that the kernels' library lends to ONNX Runtime. */
class KernelMemoryTest {
  private static final Path MAPPINGS = Path.of("/proc/self/smaps");
  private static final SessionOptions OPTIONS = SessionOptions.defaults().withThreads(1);
  private static final int WIDTH = 2048;

  /** One matrix of 16 MiB. */
  private record Product() implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Compare.inputs(TensorType.f32("time", WIDTH));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs in) {
      return Map.of("y", scope.call("linear", new Linear(WIDTH, WIDTH), in.get("x0")));
    }
  }

  /** KiB of this process's mappings for which huge pages have been asked for. */
  private static long advised() throws IOException {
    long size = 0;
    long advised = 0;
    for (String line : Files.readAllLines(MAPPINGS)) {
      if (line.startsWith("Size:")) {
        size = Long.parseLong(line.replaceAll("\\D", ""));
      } else if (line.startsWith("VmFlags:") && (line + " ").contains(" hg ")) {
        advised += size;
      }
    }
    return advised;
  }

  @Test
  void rearrangedWeightsLieInHugePagesUntilTheSessionIsClosed() throws IOException {
    assumeTrue(Files.isReadable(MAPPINGS), "skipped: mappings are read from " + MAPPINGS);
    assumeTrue(
        Files.exists(Path.of("/sys/kernel/mm/transparent_hugepage")),
        "skipped: this system has no transparent huge pages");
    Program program = Program.of(new Product());
    Weights weights = Parameters.init(program, 1);
    HostTensor ones = HostTensor.zeros(DType.F32, 1, WIDTH);
    long before = advised();
    try (Session session = new OnnxEngine().open(program, weights, OPTIONS)) {
      session.run(Map.of("x0", ones));
      assertTrue(advised() >= before + 4L * WIDTH * WIDTH / 1024, "of " + before);
    }
    assertEquals(before, advised());
  }

  @Test
  void memoryThatIsNotThereIsAnErrorAndTheSessionGoesOn() {
    Dim n = Dim.symbol("n");
    Program program =
        Program.of(
            new Compare.Expression(
                Compare.inputs(TensorType.f32("n", 1)),
                in -> in.get("x0").expand(1, n.times(n)).sum(1)));
    try (Session session = new OnnxEngine().open(program, Weights.empty(), OPTIONS)) {
      int many = 1 << 17; // 8 petabytes
      HostTensor large = HostTensor.zeros(DType.F32, many, 1);
      assertThrows(EngineException.class, () -> session.run(Map.of("x0", large)));
      HostTensor small = HostTensor.of(new float[] {1, 2, 3}, 3, 1);
      HostTensor sums = Compare.named(session.run(Map.of("x0", small)), "y");
      Compare.equal("sums", HostTensor.of(new float[] {9, 18, 27}, 3, 1), sums, 1e-6);
    }
  }
}
