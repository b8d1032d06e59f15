package org.attention4j.onnxformat;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.attention4j.tensor.Dim;
import org.junit.jupiter.api.Test;

class AxisNamesTest {
  private static final Map<String, String> RENAMED = Map.of("time", "sequence_length");

  @Test
  void sizesAreReadBackFromTheirNames() {
    List<Dim> sizes =
        List.of(
            Dim.of("batch"),
            Dim.of("past+other"),
            Dim.of("batch").times("past").times(3).plus(7),
            Dim.of("past").minus(1),
            Dim.of("batch").times(-1).plus("past"));
    for (Dim size : sizes) {
      assertEquals(size, AxisNames.parse(AxisNames.format(size, name -> name)));
    }
  }

  @Test
  void symbolsAreRenamed() {
    String name = AxisNames.format(Dim.of("past+time"), s -> RENAMED.getOrDefault(s, s));
    assertEquals("past+sequence_length", name);
  }

  @Test
  void namesOfOtherExportersAreRead() {
    assertEquals(Dim.of("past+time"), AxisNames.parse("past + time"));
    assertEquals(Dim.of(4), AxisNames.parse("4"));
    assertEquals(Dim.symbol("floor_time_2_"), AxisNames.parse("floor(time/2)"));
    assertEquals(Dim.symbol("_"), AxisNames.parse(""));
    assertEquals(Dim.symbol("unk__0"), AxisNames.parse("unk__0"));
    assertEquals(Dim.symbol("a__b"), AxisNames.parse("a++b"));
    assertEquals(Dim.symbol("_0dim"), AxisNames.parse("0dim"));
  }
}
