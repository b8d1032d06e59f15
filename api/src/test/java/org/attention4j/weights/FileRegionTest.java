package org.attention4j.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.FileRegion;
import org.attention4j.tensor.HostTensor;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("A tensor that is mapped from a file")
class FileRegionTest {
  @TempDir Path directory;

  /** Any bits, so many that they are read in more than one part. */
  private static HostTensor random(DType dtype, long seed) {
    HostTensor tensor = HostTensor.zeros(dtype, 3, 50_021);
    byte[] bits = new byte[tensor.buffer().capacity()];
    new Random(seed).nextBytes(bits);
    tensor.buffer().put(bits);
    return tensor;
  }

  private Path save(HostTensor tensor) {
    Path file = directory.resolve("one.safetensors");
    Weights.of(Map.of("first", HostTensor.of(new float[7], 7), "t", tensor)).save(file);
    return file;
  }

  private static void assertWidens(HostTensor expected, HostTensor mapped) {
    assertTrue(expected.cast(DType.F32).equalsExactly(mapped.cast(DType.F32)));
  }

  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  @DisplayName("is widened from the file, and from the mapping if the name leads elsewhere by now")
  void widened(DType dtype) throws IOException {
    HostTensor expected = random(dtype, 1);
    Path file = save(expected);
    HostTensor mapped = Weights.load(file).get("t");
    FileRegion place = Objects.requireNonNull(mapped.reshape(50_021, 3).file());
    assertTrue(place.file().isCurrent());
    assertWidens(expected, mapped);
    save(random(dtype, 2));
    assertFalse(place.file().isCurrent());
    assertWidens(expected, mapped);
    Files.delete(file);
    assertFalse(place.file().isCurrent());
    assertWidens(expected, mapped);
  }

  @Test
  @DisplayName("knows where its bytes lie; a copy and a conversion do not lie there")
  void place() throws IOException {
    HostTensor expected = random(DType.F16, 3);
    HostTensor mapped = Weights.load(save(expected)).get("t");
    FileRegion place = Objects.requireNonNull(mapped.file());
    ByteBuffer bytes = ByteBuffer.allocate((int) place.length());
    try (FileChannel channel = FileChannel.open(place.file().path())) {
      assertEquals(place.length(), channel.read(bytes, place.offset()));
    }
    assertEquals(expected.buffer(), bytes.flip());
    assertNull(mapped.copy().file());
    assertNull(mapped.cast(DType.F32).file());
    assertNull(expected.file());
  }

  @Test
  @DisplayName("is taken for changed when somebody has written to the file")
  void written() throws IOException {
    Path file = save(random(DType.F16, 4));
    FileRegion place = Weights.load(file).get("t").file();
    assertNotNull(place);
    Files.write(file, new byte[1], StandardOpenOption.APPEND);
    assertFalse(place.file().isCurrent());
  }
}
