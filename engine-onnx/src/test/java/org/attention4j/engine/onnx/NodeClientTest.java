package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.Exporter;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Exports run in a runtime that is not ours to link: onnxruntime-node, from the packages that the
 * lockfile in src/test/node names. Skipped, with the reason, where Node or the packages are
 * missing.
 */
class NodeClientTest {
  private static final Path SOURCES = Path.of("src", "test", "node");
  private static final Path INSTALLED = Path.of("target", "node");
  private static final List<String> FILES =
      List.of("package.json", "package-lock.json", ".npmrc", "client.mjs");

  @TempDir Path folder;

  /** What a command printed, or why it did not run. */
  private record Ran(int code, String output) {}

  private static Ran run(Path directory, int minutes, String... command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    builder.environment().put("ONNXRUNTIME_NODE_INSTALL", "skip");
    Path log = Files.createTempFile("node-client", ".log");
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

  @Test
  void anExportedGptGivesTheSameLogitsInNodeWithAndWithoutCache() throws IOException {
    install();
    TestModels.Gpt gpt = TestModels.Gpt.tiny();
    Program program = Program.of(gpt);
    Weights weights = Parameters.init(program, 9);
    HostTensor ids = Compare.random(TensorType.i64(2, 7), 61, new Random(4));
    ExportOptions options = ExportOptions.of("reference", List.of(Map.of("input_ids", ids)));
    Exporter exporter = Exporter.get("onnx");
    exporter.export(program, weights, folder.resolve("whole"), options);
    exporter.export(program, weights, folder.resolve("cached"), options.withCache(true));
    Path test = folder.resolve("case.json");
    Files.writeString(test, json(gpt, ids, expected(program, weights, ids)));

    Ran client = run(INSTALLED, 2, "node", "client.mjs", test.toAbsolutePath().toString());
    assertEquals(0, client.code(), client.output());
    Matcher result =
        Pattern.compile("\\{\"uncached\":([0-9.e-]+),\"cached\":([0-9.e-]+),\"entries\":(\\d+)}")
            .matcher(client.output());
    assertTrue(result.find(), client.output());
    assertTrue(Double.parseDouble(result.group(1)) < 1e-4, client.output());
    assertTrue(Double.parseDouble(result.group(2)) < 1e-4, client.output());
    assertEquals(4, Integer.parseInt(result.group(3)), "a key and a value for each layer");
  }

  private static HostTensor expected(Program program, Weights weights, HostTensor ids) {
    SessionOptions oracle = SessionOptions.defaults().withPrecision(DType.F64);
    try (Session session = new ReferenceEngine().open(program, weights, oracle)) {
      return Compare.named(session.run(Map.of("input_ids", ids)), "logits");
    }
  }

  private String json(TestModels.Gpt gpt, HostTensor ids, HostTensor logits) {
    return String.format(
        "{\"model\": \"%s\", \"cachedModel\": \"%s\", \"batch\": 2, \"time\": 7,"
            + " \"vocabulary\": %d, \"heads\": %d, \"headDim\": %d, \"ids\": %s, \"logits\": %s}",
        path("whole"),
        path("cached"),
        gpt.vocabulary(),
        gpt.heads(),
        gpt.width() / gpt.heads(),
        Arrays.toString(ids.toLongArray()),
        Arrays.toString(logits.toDoubleArray()));
  }

  private String path(String name) {
    return folder.resolve(name).resolve("model.onnx").toString().replace('\\', '/');
  }
}
