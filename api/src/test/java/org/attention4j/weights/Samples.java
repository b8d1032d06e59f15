package org.attention4j.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;

/** Weights and files to test with. */
final class Samples {
  private Samples() {}

  /** One tensor of every dtype, of every rank from 0 to 3, and an empty one, with any bits. */
  static Weights ofEveryKind(long seed) {
    Random random = new Random(seed);
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    for (DType dtype : DType.values()) {
      tensors.put(dtype.label() + ".scalar", filled(random, dtype));
      tensors.put(dtype.label() + ".vector", filled(random, dtype, 5));
      tensors.put(dtype.label() + ".cube", filled(random, dtype, 2, 3, 7));
      tensors.put(dtype.label() + ".empty", filled(random, dtype, 3, 0, 2));
    }
    return Weights.of(tensors, Map.of("format", "test", "título", "\"ñ\"\n"));
  }

  private static HostTensor filled(Random random, DType dtype, long... shape) {
    HostTensor t = HostTensor.zeros(dtype, shape);
    ByteBuffer bytes = t.buffer();
    byte[] bits = new byte[bytes.capacity()];
    random.nextBytes(bits);
    for (byte b : bits) {
      bytes.put(dtype == DType.BOOL ? (byte) (b & 1) : b);
    }
    return t;
  }

  /** Writes a file with this header and this many zero bytes after it. */
  static Path file(Path directory, String header, int dataBytes) throws IOException {
    return file(directory, header.getBytes(StandardCharsets.UTF_8), dataBytes);
  }

  static Path file(Path directory, byte[] header, int dataBytes) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + header.length + dataBytes)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(header.length)
            .put(header);
    return Files.write(Files.createTempFile(directory, "hostile", ".safetensors"), bytes.array());
  }
}
