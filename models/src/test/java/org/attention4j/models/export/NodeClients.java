package org.attention4j.models.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Programs that load exports without us: transformers.js and onnxruntime-node, from the packages
 * that the lockfile in src/test/node names. Where Node or the packages are missing, a test that
 * asks for them is skipped with the reason.
 */
final class NodeClients {
  private static final Path SOURCES = Path.of("src", "test", "node");
  private static final Path INSTALLED = Path.of("target", "node");
  private static final List<String> FILES =
      List.of("package.json", "package-lock.json", ".npmrc", "clients.mjs");

  private NodeClients() {}

  /** What a command printed, or why it did not run. */
  private record Ran(int code, String output) {}

  /** Runs the cases in one process; a result for each. */
  static JsonNode run(ArrayNode cases, Path folder) throws IOException {
    install();
    Path file = folder.resolve("cases.json");
    Files.writeString(file, cases.toString());
    Ran client = run(INSTALLED, 3, "node", "clients.mjs", file.toAbsolutePath().toString());
    assertEquals(0, client.code(), client.output());
    String last = client.output().substring(client.output().lastIndexOf('\n') + 1);
    return new ObjectMapper().readTree(last);
  }

  private static void install() throws IOException {
    Ran node = run(Path.of("."), 1, "node", "--version");
    assumeTrue(node.code() == 0, "skipped: Node cannot be run: " + node.output());
    Files.createDirectories(INSTALLED);
    for (String file : FILES) {
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
  }

  private static Ran run(Path directory, int minutes, String... command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    builder.environment().put("ONNXRUNTIME_NODE_INSTALL", "skip");
    Path log = Files.createTempFile("node-clients", ".log");
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
