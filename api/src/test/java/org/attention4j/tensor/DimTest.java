package org.attention4j.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.attention4j.error.ShapeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sizes as polynomials: a ring whose equality is structural, and whose binding is a morphism. */
final class DimTest {
  private static final List<String> SYMBOLS = List.of("batch", "time", "past");

  private static Dim random(Random random, int depth) {
    if (depth == 0) {
      return random.nextBoolean()
          ? Dim.of((long) random.nextInt(7) - 3)
          : Dim.symbol(SYMBOLS.get(random.nextInt(SYMBOLS.size())));
    }
    Dim left = random(random, depth - 1);
    return switch (random.nextInt(4)) {
      case 0 -> left.plus(random(random, depth - 1));
      case 1 -> left.minus(random(random, depth - 1));
      case 2 -> left.times(random(random, depth - 1));
      default -> left.floorDiv(1 + random.nextInt(3));
    };
  }

  private static Map<String, Long> sizes(Random random) {
    Map<String, Long> sizes = new HashMap<>();
    SYMBOLS.forEach(s -> sizes.put(s, (long) random.nextInt(9)));
    return sizes;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void sizesFormACommutativeRing(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 200; i++) {
      Dim a = random(random, 2);
      Dim b = random(random, 2);
      Dim c = random(random, 2);
      String at = "seed " + seed + ": " + a + "; " + b + "; " + c;
      assertEquals(a.plus(b), b.plus(a), at);
      assertEquals(a.plus(b).plus(c), a.plus(b.plus(c)), at);
      assertEquals(a.times(b), b.times(a), at);
      assertEquals(a.times(b).times(c), a.times(b.times(c)), at);
      assertEquals(a.times(b.plus(c)), a.times(b).plus(a.times(c)), at);
      assertTrue(a.minus(a).is(0), at);
      assertEquals(a, a.plus(b).minus(b), at);
      assertEquals(a.plus(b).hashCode(), b.plus(a).hashCode(), at);
      assertEquals(a.plus(b).toString(), b.plus(a).toString(), at);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void bindingAllSymbolsCommutesWithArithmetic(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 200; i++) {
      Dim a = random(random, 3);
      Dim b = random(random, 2);
      Map<String, Long> sizes = sizes(random);
      String at = "seed " + seed + ": " + a + "; " + b + " with " + sizes;
      long x = a.bind(sizes).longSize();
      long y = b.bind(sizes).longSize();
      assertEquals(x + y, a.plus(b).bind(sizes).longSize(), at);
      assertEquals(x * y, a.times(b).bind(sizes).longSize(), at);
      assertEquals(Math.floorDiv(x, 3), a.floorDiv(3).bind(sizes).longSize(), at);
    }
  }

  @Test
  void bindingSomeSymbolsThenTheRestIsBindingAll() {
    Dim dim = Dim.of("past+time").times("batch").plus(2);
    Dim partly = dim.bind(Map.of("past", 3L));
    assertEquals(Set.of("batch", "time"), partly.symbols());
    assertEquals(
        dim.bind(Map.of("past", 3L, "time", 4L, "batch", 5L)),
        partly.bind(Map.of("time", 4L, "batch", 5L)));
  }

  @Test
  void textIsReadAndPrintedInNormalForm() {
    assertEquals("past+time", Dim.of("time+past").toString());
    assertEquals(Dim.of("past+time"), Dim.of("time + past"));
    assertEquals("past+time-1", Dim.of("past+time").minus(1).toString());
    assertEquals("batch*time", Dim.symbol("time").times("batch").toString());
    assertEquals("2*time", Dim.of("time+time").toString());
    assertEquals("floor((time)/2)", Dim.symbol("time").floorDiv(2).toString());
    assertTrue(Dim.of("2+3").is(5));
    assertTrue(Dim.symbol("time").isSymbol());
    assertFalse(Dim.of("past+time").isSymbol());
    assertNotEquals(Dim.symbol("time"), Dim.symbol("past"));
  }

  @Test
  void aSymbolIsNeverReadAsANumber() {
    Dim time = Dim.symbol("time");
    ShapeException e = assertThrows(ShapeException.class, time::size);
    assertTrue(e.problem().contains("time"), e.problem());
    assertFalse(time.known());
    assertThrows(ShapeException.class, () -> Dim.of("two words"));
    assertThrows(ShapeException.class, () -> Dim.of(2.5));
    assertThrows(ShapeException.class, () -> time.floorDiv(0));
    assertThrows(ShapeException.class, () -> Dim.of(1L << 40).size());
    assertThrows(ArithmeticException.class, () -> Dim.of(Long.MAX_VALUE).plus(1));
  }
}
