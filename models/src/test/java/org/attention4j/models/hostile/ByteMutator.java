package org.attention4j.models.hostile;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/** Damages any file without knowing what it holds. */
final class ByteMutator {
  private static final byte[] SIGNS =
      "0123456789-{}[]\",:\\eE. \u0000\u007ftfnN%#/|()".getBytes(StandardCharsets.US_ASCII);

  private static final long[] EXTREMES = {
    0,
    1,
    -1,
    7,
    100_000_000,
    100_000_001,
    Integer.MAX_VALUE,
    1L << 31,
    1L << 32,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };

  /** Overlong, lone, truncated, and beyond Unicode's end. */
  private static final byte[][] NO_UTF8 = {
    {(byte) 0xc0, (byte) 0xaf},
    {(byte) 0x80},
    {(byte) 0xe2, (byte) 0x82},
    {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
    {(byte) 0xf4, (byte) 0x90, (byte) 0x80, (byte) 0x80},
    {(byte) 0xff}
  };

  private ByteMutator() {}

  static Mutation of(byte[] original, Random random) {
    byte[] bytes = original.clone();
    int size = bytes.length;
    int at = random.nextInt(size);
    int length = 1 + random.nextInt(Math.min(64, size - at));
    return switch (random.nextInt(11)) {
      case 0 -> {
        int count = 1 + random.nextInt(8);
        for (int i = 0; i < count; i++) {
          bytes[random.nextInt(size)] ^= (byte) (1 << random.nextInt(8));
        }
        yield new Mutation(count + " bits flipped", bytes);
      }
      case 1 -> new Mutation("cut at " + at, Arrays.copyOf(bytes, at));
      case 2 -> {
        byte[] more = new byte[1 + random.nextInt(200)];
        if (random.nextBoolean()) {
          random.nextBytes(more);
        }
        yield new Mutation(more.length + " bytes added", spliced(bytes, size, 0, more));
      }
      case 3 -> {
        byte[] span = Arrays.copyOfRange(bytes, at, at + length);
        yield new Mutation(length + " bytes twice at " + at, spliced(bytes, at, 0, span));
      }
      case 4 ->
          new Mutation(length + " bytes removed at " + at, spliced(bytes, at, length, new byte[0]));
      case 5 -> {
        int other = random.nextInt(size - length + 1);
        System.arraycopy(original, at, bytes, other, length);
        System.arraycopy(original, other, bytes, at, length);
        yield new Mutation(length + " bytes of " + at + " and " + other + " swapped", bytes);
      }
      case 6 -> {
        bytes[at] = SIGNS[random.nextInt(SIGNS.length)];
        yield new Mutation("byte " + at + " is " + (char) bytes[at], bytes);
      }
      case 7 -> {
        long value = EXTREMES[random.nextInt(EXTREMES.length)];
        int place = random.nextInt(4) == 0 ? 0 : at;
        ByteBuffer number = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, value);
        int count = Math.min(8, size - place);
        System.arraycopy(number.array(), 0, bytes, place, count);
        yield new Mutation("the number " + value + " at " + place, bytes);
      }
      case 8 -> {
        byte[] wrong = NO_UTF8[random.nextInt(NO_UTF8.length)];
        yield new Mutation("no UTF-8 at " + at, spliced(bytes, at, 0, wrong));
      }
      case 9 -> {
        Arrays.fill(bytes, at, at + length, (byte) (random.nextBoolean() ? 0 : 0xff));
        yield new Mutation(length + " bytes blanked at " + at, bytes);
      }
      default -> {
        byte[] noise = new byte[length];
        random.nextBytes(noise);
        System.arraycopy(noise, 0, bytes, at, length);
        yield new Mutation(length + " bytes of noise at " + at, bytes);
      }
    };
  }

  /** With some bytes replaced. */
  private static byte[] spliced(byte[] bytes, int at, int removed, byte[] added) {
    return ByteBuffer.allocate(bytes.length - removed + added.length)
        .put(bytes, 0, at)
        .put(added)
        .put(bytes, at + removed, bytes.length - at - removed)
        .array();
  }
}
