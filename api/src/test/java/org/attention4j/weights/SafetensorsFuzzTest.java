package org.attention4j.weights;

import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.attention4j.error.FileFormatException;
import org.attention4j.tensor.HostTensor;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A damaged safetensors file")
class SafetensorsFuzzTest {
  private static final int ROUNDS = 2000;
  private static final String INTERESTING = "0123456789-{}[]\",:\\eE. \u0000\u007fatFU";

  @TempDir Path directory;

  @Test
  @DisplayName("loads or raises a FileFormatException, quickly, whatever is changed in it")
  void onlyFormatExceptions() throws IOException {
    Path file = directory.resolve("fuzzed.safetensors");
    Samples.ofEveryKind(3).save(file);
    byte[] good = Files.readAllBytes(file);
    int headerEnd = 8 + Math.toIntExact((good[0] & 0xff) | (good[1] & 0xff) << 8);
    int refused = 0;
    for (int seed = 0; seed < ROUNDS; seed++) {
      byte[] bad = mutated(good, headerEnd, new Random(seed));
      Path target = Files.write(directory.resolve("f" + seed), bad);
      String round = "seed " + seed;
      refused += assertTimeout(Duration.ofSeconds(5), () -> refusedOrSound(target), round) ? 1 : 0;
    }
    // Changes of data, and of a letter in a name, leave a sound file.
    assertTrue(refused > ROUNDS / 2, "only " + refused + " of " + ROUNDS + " were refused");
    assertTrue(refused < ROUNDS, "all were refused: the mutations prove nothing");
  }

  private static boolean refusedOrSound(Path file) {
    try {
      Weights weights = Weights.load(file);
      weights.tensors().values().forEach(HostTensor::toDoubleArray);
      return false;
    } catch (FileFormatException e) {
      assertTrue(String.valueOf(e.getMessage()).startsWith(file.toString()), e::getMessage);
      return true;
    }
  }

  private static byte[] mutated(byte[] good, int headerEnd, Random random) {
    byte[] bytes = good.clone();
    int inHeader = 8 + random.nextInt(headerEnd - 8);
    switch (random.nextInt(7)) {
      case 0 -> {
        return Arrays.copyOf(bytes, random.nextInt(bytes.length)); // cut short
      }
      case 1 -> {
        return Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(100)); // made longer
      }
      case 2 -> bytes[random.nextInt(8)] ^= (byte) (1 << random.nextInt(8)); // another length
      case 3 -> bytes[inHeader] = (byte) random.nextInt(256);
      case 4 -> bytes[inHeader] = (byte) INTERESTING.charAt(random.nextInt(INTERESTING.length()));
      case 5 -> { // a stretch moved to another place
        int length = 1 + random.nextInt(Math.min(60, headerEnd - inHeader));
        int to = 8 + random.nextInt(headerEnd - 8 - length + 1);
        System.arraycopy(good, inHeader, bytes, to, length);
      }
      default -> { // several bytes anywhere
        for (int i = random.nextInt(20); i >= 0; i--) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
      }
    }
    return bytes;
  }
}
