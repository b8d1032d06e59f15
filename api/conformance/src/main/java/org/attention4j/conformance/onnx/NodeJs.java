package org.attention4j.conformance.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A program for Node.js that reads exports without us, with the packages that the lockfile in
 * {@code src/test/node} of the tested module names. Where Node or the packages are missing, the
 * test that asks for it is skipped with the reason. Not thread-safe: tests share the folder of the
 * packages.
 */
public final class NodeJs {
  private static final Path SOURCES = Path.of("src", "test", "node");
  private static final Path INSTALLED = Path.of("target", "node");

  private final String program;

  private NodeJs(String program) {
    this.program = program;
  }

  /** What a command printed, or why it did not run. */
  private record Ran(int code, String output) {}

  /**
   * Fetches the packages, unless that was done for this lockfile before.
   *
   * @param program the file beside the lockfile that is run
   */
  public static NodeJs install(String program) throws IOException {
    Ran node = run(Path.of("."), 1, "node", "--version");
    assumeTrue(node.code() == 0, "skipped: Node cannot be run: " + node.output());
    Files.createDirectories(INSTALLED);
    for (String file : List.of("package.json", "package-lock.json", ".npmrc", program)) {
      Files.copy(
          SOURCES.resolve(file), INSTALLED.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
    Path stamp = INSTALLED.resolve("installed.txt");
    String lock = Files.readString(SOURCES.resolve("package-lock.json"));
    if (!Files.exists(stamp) || !Files.readString(stamp).equals(lock)) {
      Ran npm = run(INSTALLED, 5, "npm", "ci", "--ignore-scripts");
      assumeTrue(npm.code() == 0, "skipped: npm cannot fetch the packages: " + npm.output());
      Files.writeString(stamp, lock);
    }
    return new NodeJs(program);
  }

  /**
   * Runs the program on a file.
   *
   * @return what it printed
   * @throws AssertionError if it fails, or has not ended after three minutes
   */
  public String run(Path file) throws IOException {
    Ran ran = run(INSTALLED, 3, "node", program, file.toAbsolutePath().toString());
    assertEquals(0, ran.code(), ran.output());
    return ran.output();
  }

  private static Ran run(Path directory, int minutes, String... command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    builder.environment().put("ONNXRUNTIME_NODE_INSTALL", "skip");
    Path log = Files.createTempFile("node", ".log");
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    builder.redirectInput(
        new File(System.getProperty("os.name").startsWith("Windows") ? "NUL" : "/dev/null"));
    try {
      Process process = builder.start();
      boolean ended = process.waitFor(minutes, TimeUnit.MINUTES);
      if (!ended) {
        process.destroyForcibly();
      }
      String output = Files.readString(log, StandardCharsets.UTF_8).trim();
      return ended
          ? new Ran(process.exitValue(), output)
          : new Ran(-1, "no end after " + minutes + " minutes; " + output);
    } catch (IOException e) {
      return new Ran(-1, String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    } finally {
      Files.deleteIfExists(log);
    }
  }
}
