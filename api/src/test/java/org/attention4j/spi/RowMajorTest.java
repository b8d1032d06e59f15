package org.attention4j.spi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.attention4j.error.MemoryException;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.Primitive;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Positions in row-major arrays")
final class RowMajorTest {
  private static int[] ints(int... values) {
    return values;
  }

  @Test
  @DisplayName("repeat an operand along the axes that it broadcasts over")
  void broadcast() {
    assertArrayEquals(ints(0, 0, 1, 1), RowMajor.broadcast(ints(2, 1), ints(2, 2)));
    assertArrayEquals(ints(0, 1, 0, 1), RowMajor.broadcast(ints(2), ints(2, 2)));
    assertArrayEquals(ints(0, 0), RowMajor.broadcast(ints(), ints(2)));
    assertArrayEquals(ints(), RowMajor.broadcast(ints(1, 3), ints(0, 3)));
  }

  @Test
  @DisplayName("of a part begin at its place along the axis")
  void part() {
    assertArrayEquals(ints(1, 2, 5, 6), RowMajor.part(ints(2, 2), ints(2, 4), 1, 1));
    assertArrayEquals(ints(4, 5, 6, 7), RowMajor.part(ints(1, 4), ints(2, 4), 0, 1));
  }

  @Test
  @DisplayName("of a product's matrices count whole matrices")
  void matrices() {
    assertArrayEquals(ints(0, 6), RowMajor.matrices(ints(2, 2, 3), ints(2, 2, 5)));
    assertArrayEquals(ints(0, 0), RowMajor.matrices(ints(3, 5), ints(2, 2, 5)));
  }

  @Test
  @DisplayName("of picked rows and of picks along an axis follow the indices")
  void picks() {
    Primitive op = new Primitive.Gather();
    assertArrayEquals(ints(4, 5, 0, 1), RowMajor.rows(new long[] {2, 0}, ints(3, 2), op));
    // two rows of three, indices [2, 2]: from each row one element and then another
    assertArrayEquals(
        ints(2, 0, 4, 4), RowMajor.along(1, new long[] {2, 0, 1, 1}, ints(2, 2), ints(2, 3), op));
  }

  @Test
  @DisplayName("are refused outside of the table and beyond a Java array")
  void refused() {
    Primitive op = new Primitive.Gather();
    Exception e =
        assertThrows(UsageException.class, () -> RowMajor.rows(new long[] {3}, ints(3, 2), op));
    assertTrue(String.valueOf(e.getMessage()).contains("index 3 is outside 0 to 2"), e::toString);
    assertThrows(MemoryException.class, () -> RowMajor.size(ints(1 << 20, 1 << 20)));
  }
}
