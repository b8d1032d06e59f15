package org.attention4j.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.Random;
import java.util.function.DoubleFunction;
import java.util.function.Function;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The 16-bit floats")
class HalfFloatsTest {
  private static final Function<Short, Float> FROM_F16 = HalfFloats::f16ToFloat;
  private static final Function<Short, Float> FROM_BF16 = HalfFloats::bf16ToFloat;
  private static final DoubleFunction<Short> TO_F16 = HalfFloats::toF16;
  private static final DoubleFunction<Short> TO_BF16 = HalfFloats::toBf16;

  @Test
  @DisplayName("f16: all 65536 patterns decode by the definition and encode to themselves")
  void f16Exhaustively() {
    everyPattern(5, 10, FROM_F16, TO_F16);
  }

  @Test
  @DisplayName("bf16: all 65536 patterns decode by the definition and encode to themselves")
  void bf16Exhaustively() {
    everyPattern(8, 7, FROM_BF16, TO_BF16);
  }

  private static void everyPattern(
      int exponentBits,
      int fractionBits,
      Function<Short, Float> decode,
      DoubleFunction<Short> encode) {
    for (int pattern = 0; pattern < 0x10000; pattern++) {
      short bits = (short) pattern;
      float value = decode.apply(bits);
      double defined = definition(pattern, exponentBits, fractionBits);
      // Double.compare tells 0 from -0 and takes NaN for equal to itself.
      assertEquals(0, Double.compare(defined, value), () -> "pattern " + Integer.toHexString(bits));
      short again = encode.apply(value);
      if (Float.isNaN(value)) {
        assertTrue(Float.isNaN(decode.apply(again)), () -> "NaN " + Integer.toHexString(bits));
      } else {
        assertEquals(bits, again, () -> "pattern " + Integer.toHexString(bits));
      }
    }
  }

  /** What IEEE 754 says that a pattern means, in exact double arithmetic. */
  private static double definition(int pattern, int exponentBits, int fractionBits) {
    double sign = (pattern & 0x8000) == 0 ? 1 : -1;
    int exponent = (pattern & 0x7fff) >> fractionBits;
    double fraction = (pattern & ((1 << fractionBits) - 1)) / (double) (1 << fractionBits);
    int bias = (1 << (exponentBits - 1)) - 1;
    if (exponent == (1 << exponentBits) - 1) {
      return fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
    }
    return exponent == 0
        ? sign * fraction * Math.pow(2, 1 - bias)
        : sign * (1 + fraction) * Math.pow(2, exponent - bias);
  }

  @Test
  @DisplayName(
      "f16: halfway between any two neighbours the even one wins, beside it the nearer one")
  void f16Ties() {
    everyTie(0x7c00, FROM_F16, TO_F16);
  }

  @Test
  @DisplayName(
      "bf16: halfway between any two neighbours the even one wins, beside it the nearer one")
  void bf16Ties() {
    everyTie(0x7f80, FROM_BF16, TO_BF16);
  }

  private static void everyTie(
      int infinity, Function<Short, Float> decode, DoubleFunction<Short> encode) {
    for (int sign : new int[] {0, 0x8000}) {
      for (int low = 0; low < infinity; low++) {
        int high = low + 1;
        double a = Math.abs(decode.apply((short) low));
        // Beyond the largest value the next would be as far away as the one before.
        double b =
            high == infinity ? 2 * a - decode.apply((short) (low - 1)) : decode.apply((short) high);
        double middle = (a + b) / 2;
        double signed = sign == 0 ? 1 : -1;
        int even = (low & 1) == 0 ? low : high;
        assertEquals((short) (sign | even), encode.apply(signed * middle));
        assertEquals((short) (sign | low), encode.apply(signed * Math.nextDown(middle)));
        assertEquals((short) (sign | high), encode.apply(signed * Math.nextUp(middle)));
      }
    }
  }

  @Test
  @DisplayName("what is far too small or too large becomes a zero or an infinity of the same sign")
  void extremes() {
    for (double tiny : new double[] {Double.MIN_VALUE, Double.MIN_NORMAL, 1e-50}) {
      assertEquals((short) 0, HalfFloats.toF16(tiny));
      assertEquals((short) 0x8000, HalfFloats.toF16(-tiny));
      assertEquals((short) 0, HalfFloats.toBf16(tiny));
      assertEquals((short) 0x8000, HalfFloats.toBf16(-tiny));
    }
    for (double huge : new double[] {1e39, Double.MAX_VALUE, Double.POSITIVE_INFINITY}) {
      assertEquals((short) 0x7c00, HalfFloats.toF16(huge));
      assertEquals((short) 0xfc00, HalfFloats.toF16(-huge));
      assertEquals((short) 0x7f80, HalfFloats.toBf16(huge));
      assertEquals((short) 0xff80, HalfFloats.toBf16(-huge));
    }
  }

  @Test
  @DisplayName("a long is rounded to bf16 once, even where a double could not hold it")
  void longsAreNotRoundedTwice() {
    long tie = (1L << 62) + (1L << 54);
    assertEquals(HalfFloats.toBf16((double) (1L << 62)), HalfFloats.toBf16(tie), "a true tie");
    assertEquals(HalfFloats.toBf16(0x1p62 + 0x1p55), HalfFloats.toBf16(tie + 1), "just above");
    assertEquals(HalfFloats.toBf16(-0x1p62 - 0x1p55), HalfFloats.toBf16(-tie - 1), "just below");
    Random random = new Random(5);
    for (int i = 0; i < 20_000; i++) {
      long value = random.nextLong() >> random.nextInt(63);
      int bits = HalfFloats.toBf16(value) & 0xffff;
      BigDecimal error = distance(value, bits);
      for (int neighbour : new int[] {bits - 1, bits + 1}) {
        if ((neighbour & 0x7f80) != 0x7f80 && (neighbour & 0x7fff) != 0x7fff) {
          int order = error.compareTo(distance(value, neighbour));
          assertTrue(order < 0 || (order == 0 && (bits & 1) == 0), "not nearest: " + value);
        }
      }
    }
  }

  private static BigDecimal distance(long value, int bits) {
    double decoded = HalfFloats.bf16ToFloat((short) bits);
    return new BigDecimal(decoded).subtract(BigDecimal.valueOf(value)).abs();
  }
}
