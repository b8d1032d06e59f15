package org.attention4j.error;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A count in a message")
class CountTest {
  @Test
  @DisplayName("has a noun in the singular for one only")
  void singular() {
    assertEquals("0 tokens", Count.of(0, "token"));
    assertEquals("1 token", Count.of(1, "token"));
    assertEquals("2 tokens", Count.of(2, "token"));
    assertEquals("1 axis", Count.of(1, "axis", "axes"));
    assertEquals("3 axes", Count.of(3, "axis", "axes"));
  }
}
