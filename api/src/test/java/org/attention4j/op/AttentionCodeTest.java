package org.attention4j.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The wire format of attention: what stands where, and that nothing is lost. */
final class AttentionCodeTest {
  private static final List<TensorType> OPERANDS =
      List.of(
          TensorType.f32("batch", 4, "time", 8),
          TensorType.f32("batch", 2, "past+time", 8),
          TensorType.f32("batch", 2, "past+time", 8));

  private static Attention op(Mask mask, @Nullable Dim start, Attention.Extras extras) {
    return new Attention(
        mask, 0.25, 30, start, List.of(0.5, 0.25, 0.125, 0.0625), 0.1, 7, extras, true);
  }

  private static long bits(double value) {
    return Double.doubleToRawLongBits(value);
  }

  @Test
  void everyEntryStandsWhereTheFormatSaysSo() {
    Mask mask = Mask.causal().and(new Mask.Operand(0).or(new Mask.Window(3, 1)));
    List<TensorType> operands = new ArrayList<>(OPERANDS);
    operands.add(TensorType.bool("batch", "past+time"));
    operands.add(TensorType.f32(4, "time", "past+time"));
    operands.add(TensorType.i64());
    Attention op = op(mask, Dim.of(5), new Attention.Extras(-1, 1, 2));
    assertEquals(
        List.of(
            1L,
            6L,
            1L,
            0L,
            5L,
            4L,
            5L,
            bits(0.1),
            7L,
            bits(0.25),
            bits(30), //
            4L,
            bits(0.5),
            bits(0.25),
            bits(0.125),
            bits(0.0625), //
            5L,
            3L,
            3L,
            0L,
            2L,
            3L,
            1L,
            5L,
            0L,
            0L,
            1L,
            0L,
            0L,
            4L,
            0L,
            0L),
        AttentionCode.encode(op, operands));
  }

  @Test
  void aStartThatNothingTellsIsAnOperandOfItsOwn() {
    Attention.Extras none = Attention.Extras.NONE;
    assertFalse(AttentionCode.wantsStart(op(Mask.all(), Dim.of(3), none), OPERANDS));
    assertFalse(AttentionCode.wantsStart(op(Mask.all(), Dim.symbol("past"), none), OPERANDS));
    Attention other = op(Mask.all(), Dim.symbol("elsewhere"), none);
    assertTrue(AttentionCode.wantsStart(other, OPERANDS));
    List<Long> code = AttentionCode.encode(other, OPERANDS);
    assertEquals(List.of(4L, 1L, AttentionCode.OPERAND, 3L), code.subList(1, 5));
    code = AttentionCode.encode(op(Mask.all(), Dim.symbol("past"), none), OPERANDS);
    assertEquals(List.of(3L, 1L, AttentionCode.LAST, 0L), code.subList(1, 5));
  }

  @Test
  void decodingGivesTheOpBack() {
    Mask mask = new Mask.And(new Mask.Or(Mask.causal(), new Mask.Operand(1)), new Mask.Operand(2));
    Attention constant = op(mask, Dim.of(9), new Attention.Extras(-1, 0, 3));
    assertEquals(constant, AttentionCode.decode(AttentionCode.encode(constant, OPERANDS)));
    Attention cache = op(mask, null, new Attention.Extras(3, 0, -1));
    assertEquals(cache, AttentionCode.decode(AttentionCode.encode(cache, OPERANDS)));
    Attention plain =
        new Attention(
            Mask.all(), 1, 0, Dim.symbol("start"), List.of(), 0, 0, Attention.Extras.NONE, false);
    assertEquals(plain, AttentionCode.decode(AttentionCode.encode(plain, OPERANDS)));
  }

  @Test
  void timeBeforeHeadsIsAFlagOfEachTensor() {
    Attention op = op(Mask.all(), Dim.of(0), Attention.Extras.NONE);
    assertEquals(31L, AttentionCode.encode(op, OPERANDS, AttentionCode.TIME_FIRST).get(2));
    assertEquals(
        5L, AttentionCode.encode(op, OPERANDS, AttentionCode.KEY_TIME_FIRST).get(2), "key only");
  }

  @Test
  void anOutputThatIsNotRoundedIsAFlagThatTheOpDoesNotKnow() {
    Attention op = op(Mask.all(), Dim.of(0), Attention.Extras.NONE);
    List<Long> code = AttentionCode.encode(op, OPERANDS, AttentionCode.F32_OUTPUT);
    assertEquals(33L, code.get(2));
    assertEquals(op, AttentionCode.decode(code));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 11, 15, 19})
  void aTruncatedCodeIsRefused(int length) {
    List<Long> code =
        AttentionCode.encode(op(Mask.causal(), Dim.of(0), Attention.Extras.NONE), OPERANDS);
    assertThrows(UsageException.class, () -> AttentionCode.decode(code.subList(0, length)));
  }
}
