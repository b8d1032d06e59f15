package org.attention4j.models.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.attention4j.models.data.SpanishSentences;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real process that is interrupted or killed while it trains goes on to the very same bits. */
class InterruptedProcessTest {
  private static final String STEPS = "400";

  @TempDir Path directory;

  @BeforeEach
  void onlyWhereSignalsCanBeSent() throws Exception {
    // A shell in the background ignores SIGINT, and its children would inherit that.
    Process env =
        new ProcessBuilder("env", "--default-signal=INT", "true").redirectErrorStream(true).start();
    assumeTrue(env.waitFor() == 0, "needs GNU env to restore signals");
    Files.writeString(directory.resolve("corpus.txt"), SpanishSentences.text(20, 1));
  }

  private Process start(Path out, String... more) throws IOException {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-cp", path, Main.class.getName()));
    command.addAll(List.of("train", "--out", out.toString()));
    command.addAll(List.of(more));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  private String[] options(String saveEvery) {
    String corpus = directory.resolve("corpus.txt").toString();
    return new String[] {
      "--corpus", corpus, "--engine", "reference", "--layers", "1", "--heads", "2", "--width", "16",
      "--context", "8", "--batch", "2", "--steps", STEPS, "--warmup", "2", "--evaluate-every", "5",
      "--evaluation-batches", "1", "--checkpoint-every", saveEvery, "--dropout", "0.1"
    };
  }

  private static String until(BufferedReader output, String text) throws IOException {
    StringBuilder all = new StringBuilder();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      all.append(line).append('\n');
      if (line.contains(text)) {
        return all.toString();
      }
    }
    throw new AssertionError("no '" + text + "' in:\n" + all);
  }

  private static String rest(BufferedReader output) throws IOException {
    StringBuilder all = new StringBuilder();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      all.append(line).append('\n');
    }
    return all.toString();
  }

  private static void signal(Process process, String name) throws Exception {
    assertEquals(
        0, new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor());
  }

  private static BufferedReader output(Process process) {
    return process.inputReader(StandardCharsets.UTF_8);
  }

  private byte[] uninterrupted() throws IOException {
    Path out = directory.resolve("whole");
    List<Object> arguments = new ArrayList<>(List.of("train", "--out", out));
    arguments.addAll(List.of(options("0")));
    CommandLineTest.run(arguments.toArray()).expect(0);
    return Files.readAllBytes(out.resolve("model.safetensors"));
  }

  private void resume(Path out) {
    CommandLineTest.run("train", "--resume", "--out", out).expect(0);
  }

  @Test
  void controlCSavesAndResumingEndsWithTheSameBits() throws Exception {
    Path out = directory.resolve("parts");
    Process process = start(out, options("0"));
    try (BufferedReader output = output(process)) {
      until(output, "step 10: training loss");
      signal(process, "INT");
      String end = rest(output);
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "still running");
      assertEquals(130, process.exitValue(), end);
      assertTrue(end.contains("Stopped after step"), end);
      assertTrue(!end.contains("Exception"), end);
    }
    resume(out);
    assertArrayEquals(uninterrupted(), Files.readAllBytes(out.resolve("model.safetensors")));
  }

  @Test
  void aRunKilledWhileItSavesResumesFromTheLastGoodCheckpoint() throws Exception {
    Path out = directory.resolve("killed");
    for (int kill = 0; kill < 2; kill++) {
      Process process = kill == 0 ? start(out, options("1")) : start(out, "--resume");
      try (BufferedReader output = output(process)) {
        assertNotNull(until(output, "saved"));
        until(output, "training loss");
        Thread.sleep(7L * kill); // it saves after every step: any moment is likely within a write
        process.destroyForcibly();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "still running");
      }
    }
    resume(out);
    assertArrayEquals(uninterrupted(), Files.readAllBytes(out.resolve("model.safetensors")));
  }
}
