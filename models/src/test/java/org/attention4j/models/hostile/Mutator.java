package org.attention4j.models.hostile;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;

/** Damages a file in one of many ways; the same number gives the same damage. */
@FunctionalInterface
interface Mutator {
  Mutation mutate(byte[] original, Random random);

  /** Bytes, of any file. */
  static Mutator bytes() {
    return ByteMutator::of;
  }

  /** JSON: its bytes, or more often what it says. */
  static Mutator json() {
    return (original, random) ->
        random.nextInt(3) == 0
            ? ByteMutator.of(original, random)
            : JsonMutator.of(original, random);
  }

  /** Safetensors: any bytes, those of the header or the data, or what the header says. */
  static Mutator safetensors() {
    return (original, random) -> {
      int end = 8 + (int) ByteBuffer.wrap(original).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
      byte[] header = Arrays.copyOfRange(original, 8, end);
      return switch (random.nextInt(5)) {
        case 0 -> ByteMutator.of(original, random);
        case 4 -> { // other weights
          byte[] bytes = original.clone();
          for (int i = random.nextInt(20); i >= 0 && end < bytes.length; i--) {
            bytes[end + random.nextInt(bytes.length - end)] = (byte) random.nextInt(256);
          }
          yield new Mutation("other data", bytes);
        }
        case 1 -> {
          Mutation start = ByteMutator.of(Arrays.copyOf(original, end), random);
          byte[] rest = Arrays.copyOfRange(original, end, original.length);
          yield new Mutation("header: " + start.what(), joined(start.bytes(), rest));
        }
        default -> {
          Mutation json = JsonMutator.of(header, random);
          byte[] length = new byte[8];
          ByteBuffer.wrap(length)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(random.nextInt(8) == 0 ? header.length : json.bytes().length);
          byte[] rest = Arrays.copyOfRange(original, end, original.length);
          yield new Mutation("header: " + json.what(), joined(length, json.bytes(), rest));
        }
      };
    };
  }

  private static byte[] joined(byte[]... parts) {
    ByteBuffer all = ByteBuffer.allocate(Arrays.stream(parts).mapToInt(p -> p.length).sum());
    for (byte[] part : parts) {
      all.put(part);
    }
    return all.array();
  }
}
