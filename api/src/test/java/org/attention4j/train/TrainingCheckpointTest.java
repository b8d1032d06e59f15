package org.attention4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.spi.TrainerState;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A checkpoint")
class TrainingCheckpointTest {
  @TempDir Path directory;

  @Test
  @DisplayName("gives back step, seed, strings, and every tensor bit by bit under its own name")
  void roundTrip() {
    Path file = directory.resolve("c.safetensors");
    HostTensor odd = HostTensor.of(new float[] {-0f, Float.MIN_VALUE, Float.NaN}, 3);
    Weights weights =
        Weights.of(
            Map.of("optimizer.weight", odd, "parameter.weight", HostTensor.scalar(2f)),
            Map.of("format", "pt"));
    Map<String, HostTensor> slots = Map.of("exp_avg.optimizer.weight", odd.reshape(1, 3));
    TrainerState state = new TrainerState(1L << 40, -7, weights, slots);
    Map<String, String> strings = Map.of("cursor", "12", "checkpoint.step", "not ours", "", "ñ");
    new TrainingCheckpoint(state, strings).save(file);

    TrainingCheckpoint loaded = TrainingCheckpoint.load(file);
    assertEquals(strings, loaded.metadata());
    assertEquals(1L << 40, loaded.state().step());
    assertEquals(-7, loaded.state().seed());
    assertEquals(weights.metadata(), loaded.state().weights().metadata());
    assertSame(weights.tensors(), loaded.state().weights().tensors());
    assertSame(slots, loaded.state().slots());
  }

  private static void assertSame(Map<String, HostTensor> expected, Map<String, HostTensor> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, t) -> assertTrue(t.equalsExactly(actual.get(name)), name));
  }

  @Test
  @DisplayName("that is plain weights, of another version, or has senseless numbers is refused")
  void notACheckpoint() {
    Weights weights = Weights.of(Map.of("parameter.w", HostTensor.scalar(1f)));
    refused(weights, Map.of(), "is no checkpoint", "checkpoint.version");
    refused(weights, Map.of("checkpoint.version", "9"), "version 9", "reads 1");
    refused(weights, header("x", "0"), "'checkpoint.step' should be a number, not x");
    refused(weights, header("-1", "0"), "negative: -1");
    refused(weights, Map.of("checkpoint.version", "1", "checkpoint.step", "1"), "checkpoint.seed");
    refused(weights.rename(n -> "w"), header("1", "1"), "'w' is neither");
  }

  private static Map<String, String> header(String step, String seed) {
    return Map.of("checkpoint.version", "1", "checkpoint.step", step, "checkpoint.seed", seed);
  }

  private void refused(Weights weights, Map<String, String> metadata, String... parts) {
    Path file = directory.resolve("c.safetensors");
    weights.withMetadata(metadata).save(file);
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> TrainingCheckpoint.load(file));
    for (String part : parts) {
      assertTrue(String.valueOf(e.getMessage()).contains(part), e::getMessage);
    }
  }

  @Test
  @DisplayName("that is missing or cut short is refused by name")
  void damaged() throws IOException {
    Path file = directory.resolve("c.safetensors");
    assertThrows(StorageException.class, () -> TrainingCheckpoint.load(file));
    atStep(1).save(file);
    byte[] bytes = Files.readAllBytes(file);
    Path cut = directory.resolve("cut.safetensors");
    Files.write(cut, Arrays.copyOf(bytes, bytes.length - 1), StandardOpenOption.CREATE);
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> TrainingCheckpoint.load(cut));
    assertTrue(String.valueOf(e.getMessage()).startsWith(cut.toString()), e::getMessage);
  }

  @Test
  @Timeout(120)
  @DisplayName("survives a kill -9 at any moment of a loop that writes it, whole and of one step")
  void killed() throws Exception {
    Path file = directory.resolve("c.safetensors");
    Random random = new Random(11);
    long last = 0;
    for (int round = 0; round < 6; round++) {
      Process process = ChildJvm.start(Loop.class, file);
      try (BufferedReader says = process.inputReader(StandardCharsets.US_ASCII)) {
        assertNotNull(says.readLine(), "it resumed and saved once");
        Thread.sleep(random.nextInt(150));
        process.destroyForcibly(); // SIGKILL: no shutdown hooks, no finally
        assertTrue(process.waitFor(30, TimeUnit.SECONDS));
      }
      long step = stepOf(TrainingCheckpoint.load(file));
      assertTrue(step > last, step + " after " + last + ": progress was lost");
      last = step;
    }
  }

  /** The step, which every string and every number in it must agree on. */
  private static long stepOf(TrainingCheckpoint checkpoint) {
    TrainerState state = checkpoint.state();
    assertEquals(Map.of("cursor", Long.toString(state.step())), checkpoint.metadata());
    assertEquals(state.step(), state.seed());
    Map<String, HostTensor> all = new LinkedHashMap<>(state.weights().tensors());
    all.putAll(state.slots());
    assertEquals(9, all.size());
    for (HostTensor t : all.values()) {
      for (long value : t.toLongArray()) {
        assertEquals(state.step(), value, "a mixture of two steps");
      }
    }
    return state.step();
  }

  private static TrainingCheckpoint atStep(long step) {
    Map<String, HostTensor> parameters = new LinkedHashMap<>();
    Map<String, HostTensor> slots = new LinkedHashMap<>();
    for (String path : List.of("h.0.weight", "h.1.weight", "out.weight")) {
      parameters.put(path, filled(step));
      slots.put("exp_avg." + path, filled(step));
      slots.put("exp_avg_sq." + path, filled(step));
    }
    TrainerState state = new TrainerState(step, step, Weights.of(parameters), slots);
    return new TrainingCheckpoint(state, Map.of("cursor", Long.toString(step)));
  }

  private static HostTensor filled(long value) {
    HostTensor t = HostTensor.zeros(DType.F32, 300, 200);
    for (int i = 0; i < t.size(); i++) {
      t.set(i, value);
    }
    return t;
  }

  /** The program that is killed: goes on from the last checkpoint, for ever. */
  static final class Loop {
    private Loop() {}

    public static void main(String[] args) {
      Path file = Path.of(args[0]);
      long step = Files.exists(file) ? stepOf(TrainingCheckpoint.load(file)) : 0;
      while (true) {
        atStep(++step).save(file);
        System.out.println(step);
      }
    }
  }
}
