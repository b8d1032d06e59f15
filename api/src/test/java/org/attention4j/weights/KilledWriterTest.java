package org.attention4j.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.attention4j.error.StorageException;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A process that dies, or is stopped by the system, while it saves")
@Timeout(120)
class KilledWriterTest {
  @TempDir Path directory;

  @Test
  @DisplayName("half-way through the bytes leaves the previous file")
  void killedHalfWay() throws Exception {
    Path file = directory.resolve("w.safetensors");
    Process writer = start(List.of(), "half", file);
    try (BufferedReader says = writer.inputReader(StandardCharsets.US_ASCII)) {
      assertEquals("half", says.readLine());
      kill(writer);
    }
    assertEquals(1, generation(file));
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(2, files.count(), "it was not killed while it wrote");
    }
    generation(3).save(file);
    assertEquals(3, generation(file));
  }

  @Test
  @DisplayName("at any moment of many saves leaves one whole file")
  void killedAnywhere() throws Exception {
    Random random = new Random(7);
    Path file = directory.resolve("w.safetensors");
    for (int round = 0; round < 6; round++) {
      Process writer = start(List.of(), "loop", file);
      try (BufferedReader says = writer.inputReader(StandardCharsets.US_ASCII)) {
        assertNotNull(says.readLine(), "it saved once");
        Thread.sleep(random.nextInt(150));
        kill(writer);
      }
      assertTrue(generation(file) > 0);
    }
  }

  @Test
  @DisplayName(
      "for reaching the system's limit on file sizes gets an exception, keeps the old file")
  void realLimit() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "needs bash to set a limit");
    Path file = directory.resolve("w.safetensors");
    generation(1).save(file);
    // In blocks of 1 KiB; the weights have 4 MiB.
    List<String> limited = List.of("/bin/bash", "-c", "ulimit -f 1000 && exec \"$0\" \"$@\"");
    Process writer = start(limited, "once", file);
    try (BufferedReader says = writer.inputReader(StandardCharsets.US_ASCII)) {
      assertEquals("StorageException", says.readLine());
    }
    assertTrue(writer.waitFor(30, TimeUnit.SECONDS));
    assertEquals(1, generation(file));
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(1, files.count(), "nothing is left of the failed save");
    }
  }

  private static Process start(List<String> prefix, String mode, Path file) throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx64m", "-XX:-UsePerfData", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.addAll(List.of(Writer.class.getName(), mode, file.toString()));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private static void kill(Process process) throws InterruptedException {
    process.destroyForcibly(); // SIGKILL: no shutdown hooks, no finally
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
  }

  /** The number that all values in the file have. */
  private static long generation(Path file) {
    Weights weights = Weights.load(file);
    long first = weights.get("t0").getLong(0);
    for (HostTensor t : weights.tensors().values()) {
      for (long value : t.toLongArray()) {
        assertEquals(first, value, "a mixture of two saves");
      }
    }
    assertEquals(String.valueOf(first), weights.metadata().get("generation"));
    return first;
  }

  private static Weights generation(int number) {
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    for (int i = 0; i < 4; i++) {
      HostTensor t = HostTensor.zeros(DType.I32, 1 << 18);
      for (int j = 0; j < t.size(); j++) {
        t.set(j, (long) number);
      }
      tensors.put("t" + i, t);
    }
    return Weights.of(tensors, Map.of("generation", String.valueOf(number)));
  }

  /** The program that is killed. */
  static final class Writer {
    private Writer() {}

    public static void main(String[] args) {
      Path file = Path.of(args[1]);
      switch (args[0]) {
        case "half" -> {
          generation(1).save(file);
          generation(2).save(file, HalfWay::new);
        }
        case "loop" -> {
          for (int number = 1; ; number++) {
            generation(number).save(file);
            System.out.println(number);
          }
        }
        default -> {
          try {
            generation(2).save(file);
            System.out.println("saved");
          } catch (StorageException e) {
            System.out.println(e.getClass().getSimpleName());
          }
        }
      }
    }
  }

  /** Says so when half of the bytes are written, and waits for the end. */
  private record HalfWay(WritableByteChannel out) implements WritableByteChannel {
    @Override
    public int write(ByteBuffer bytes) throws IOException {
      ByteBuffer half = bytes.slice(bytes.position(), bytes.remaining() / 2);
      if (half.remaining() < 1 << 19) {
        return out.write(bytes); // the header
      }
      out.write(half);
      System.out.println("half");
      try {
        Thread.sleep(Long.MAX_VALUE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      throw new IOException("not killed");
    }

    @Override
    public boolean isOpen() {
      return out.isOpen();
    }

    @Override
    public void close() throws IOException {
      out.close();
    }
  }
}
