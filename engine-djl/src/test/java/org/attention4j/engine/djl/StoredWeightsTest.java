package org.attention4j.engine.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.graph.TraceOptions;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Weights as they lie in files: how much memory a session over them takes. */
class StoredWeightsTest {
  private static final SessionOptions OPTIONS = SessionOptions.defaults().withThreads(1);

  /** Bytes of mapped files that are resident. */
  private static long mapped() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("RssFile:")) {
        return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IOException("no RssFile in /proc/self/status");
  }

  private static Weights stored(Path directory, Weights weights) {
    Path file = directory.resolve("model.safetensors");
    weights.save(file);
    return Weights.load(file);
  }

  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void widenedWeightsLeaveNoMappedPagesBehind(DType dtype, @TempDir Path directory)
      throws IOException {
    assumeTrue(
        Files.exists(Path.of("/proc/self/status")),
        "skipped: resident pages are counted in /proc/self/status, which this system lacks");
    TinyGpt tiny = TinyGpt.small();
    Program program = Program.of(tiny);
    Weights first = stored(directory, Parameters.init(program, 1));
    try (Session session = new DjlEngine().open(program, first, OPTIONS)) {
      session.run(tiny.prompt(1, 1, 4)); // loads PyTorch
    }
    TinyGpt large = new TinyGpt(512, 16, 768, 8, 3, 0);
    Program wide = Program.of(large);
    Map<String, HostTensor> zeros = new LinkedHashMap<>();
    wide.graph(TraceOptions.primitives())
        .parameterTypes()
        .forEach((path, type) -> zeros.put(path, HostTensor.zeros(dtype, type.shape())));
    Weights weights = stored(directory, Weights.of(zeros));
    long bytes = 2 * weights.parameterCount();
    assertEquals(43, bytes / 1_000_000);
    long before = mapped();
    try (Session session = new DjlEngine().open(wide, weights, OPTIONS)) {
      session.run(large.prompt(1, 1, 4));
      long grown = mapped() - before;
      assertTrue(grown < bytes / 2, grown + " bytes of a file of " + bytes);
    }
  }

  /** Bytes of the JVM's direct memory, which is limited as its heap is. */
  private static long direct() {
    System.gc();
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }

  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void widenedWeightsLieOutsideOfTheJvmsDirectMemory(DType dtype, @TempDir Path directory) {
    TinyGpt tiny = new TinyGpt(512, 16, 512, 8, 2, 0);
    Program program = Program.of(tiny);
    Weights narrow =
        stored(directory, Parameters.init(program, 1).map((path, tensor) -> tensor.cast(dtype)));
    Weights wide = narrow.map((path, tensor) -> tensor.cast(DType.F32));
    long before = direct();
    try (Session expected = new DjlEngine().open(program, wide, OPTIONS);
        Session actual = new DjlEngine().open(program, narrow, OPTIONS)) {
      Map<String, HostTensor> inputs = tiny.prompt(1, 1, 4);
      Map<String, HostTensor> results = actual.run(inputs);
      expected
          .run(inputs)
          .forEach((name, tensor) -> assertTrue(tensor.equalsExactly(results.get(name)), name));
      long grown = direct() - before;
      assertTrue(grown < wide.bytes() / 4, grown + " bytes for weights of " + wide.bytes());
    }
  }
}
