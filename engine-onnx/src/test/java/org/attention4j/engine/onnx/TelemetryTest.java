package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.attention4j.engine.onnx.session.OrtRuntime;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What ONNX Runtime does to a process besides computing, in one that says nothing of telemetry. */
class TelemetryTest {
  private static final int LONG = 16_000; // characters; 4,200 ended the JVM in 1.29

  @TempDir private Path home;

  @Test
  @DisplayName("it leaves nothing in the user's directory and bears a long command line")
  void quiet() throws IOException, InterruptedException {
    Path arguments = home.resolve("arguments");
    String path = System.getProperty("java.class.path");
    Files.writeString(arguments, "-cp \"" + path.replace("\\", "\\\\") + "\"");
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "@" + arguments,
            "-Dattention4j.filler=" + "/a-long-class-path/some.jar:".repeat(LONG / 28),
            Version.class.getName());
    Map<String, String> environment = builder.environment();
    // these would keep a version with telemetry quiet
    List.of("CI", "TF_BUILD", "GITHUB_ACTIONS", "ORT_DISABLE_TELEMETRY")
        .forEach(environment::remove);
    environment.remove("XDG_CACHE_HOME");
    environment.put("HOME", home.toString());
    File said = home.resolve("said").toFile();
    Process process = builder.redirectErrorStream(true).redirectOutput(said).start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    String output = Files.readString(said.toPath(), StandardCharsets.UTF_8);
    assertEquals(0, process.exitValue(), output);
    // later JDKs warn of native libraries before
    assertEquals(OrtRuntime.version(), output.lines().reduce("", (before, line) -> line));
    try (Stream<Path> files = Files.list(home)) {
      assertEquals(
          List.of("arguments", "said"),
          files.map(f -> f.getFileName().toString()).sorted().toList());
    }
  }

  /** Makes the environment, in a process of its own. */
  static final class Version {
    private Version() {}

    public static void main(String[] args) {
      System.out.println(OrtRuntime.version());
    }
  }
}
