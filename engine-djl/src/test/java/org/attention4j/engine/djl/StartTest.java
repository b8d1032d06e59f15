package org.attention4j.engine.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Predicate;
import org.attention4j.error.EngineException;
import org.attention4j.spi.Engines;
import org.junit.jupiter.api.Test;

/** How PyTorch starts, and what is said when it cannot. */
class StartTest {
  /** Prints the engine's availability, then what opening by name throws. */
  static final class Probe {
    public static void main(String[] arguments) {
      System.out.println("reason: " + new DjlEngine().availability().reason());
      System.out.println("telemetry off: " + System.getProperty("OPT_OUT_TRACKING"));
      System.out.println("offline: " + System.getProperty("ai.djl.offline"));
      try {
        System.out.println("got " + Engines.get("djl").name());
      } catch (EngineException e) {
        System.out.println("error: " + e.getMessage());
      }
    }
  }

  private static String probe(List<String> options, Predicate<String> onPath) throws Exception {
    ChildJvm.Result result = ChildJvm.run(Probe.class, options, onPath);
    assertEquals(0, result.exitCode(), result::output);
    return result.output();
  }

  @Test
  void withoutItsLibrariesTheErrorSaysWhichToAdd() throws Exception {
    String output = probe(List.of(), entry -> !entry.contains("pytorch-native"));
    assertTrue(output.contains("reason: no PyTorch library on the class path"), output);
    assertTrue(output.contains("ai.djl.pytorch:pytorch-native-cpu"), output);
    assertTrue(output.contains("error: engine 'djl' cannot run here"), output);
  }

  @Test
  void onAForeignPlatformTheErrorNamesBoth() throws Exception {
    String output = probe(List.of("-Dos.arch=riscv64"), entry -> true);
    assertTrue(output.contains("riscv64") && output.contains("x86_64"), output);
  }

  @Test
  void aBrokenLibraryPathIsAnErrorAndNoCrash() throws Exception {
    String output = probe(List.of("-DPYTORCH_LIBRARY_PATH=/nonexistent"), entry -> true);
    assertTrue(output.contains("PYTORCH_LIBRARY_PATH"), output);
    assertTrue(output.contains("/nonexistent"), output);
  }

  @Test
  void itStartsOfflineAndWithoutTelemetry() throws Exception {
    String output = probe(List.of(), entry -> true);
    assertTrue(output.contains("telemetry off: true"), output);
    assertTrue(output.contains("offline: true"), output);
    assertTrue(output.contains("got djl"), output);
  }
}
