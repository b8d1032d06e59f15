package org.attention4j.error;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Exceptions")
class ExceptionsTest {
  @Test
  @DisplayName(
      "about operands take the innermost block's path, once, and keep where they come from")
  void paths() {
    for (OperandException bare : List.of(new ShapeException("no"), new DTypeException("no"))) {
      OperandException inner = bare.at("h.0.attn");
      assertEquals("at h.0.attn: no", inner.getMessage());
      assertEquals(Optional.of("h.0.attn"), inner.path());
      assertEquals("no", inner.problem());
      assertSame(inner, inner.at("h.0"));
      assertSame(bare, bare.at(""));
      assertSame(bare.getClass(), inner.getClass());
      assertArrayEquals(bare.getStackTrace(), inner.getStackTrace());
    }
  }

  @Test
  @DisplayName("about files name the file and the byte")
  void files() {
    FileFormatException e = new FileFormatException(Path.of("a.safetensors"), 12, "bad");
    assertEquals("a.safetensors: at byte 12: bad", e.getMessage());
    assertEquals(OptionalLong.of(12), e.offset());
    assertEquals(Path.of("a.safetensors"), e.file());
    assertEquals(OptionalLong.empty(), new FileFormatException(e.file(), "bad").offset());
  }

  @Test
  @DisplayName("about engines list what is available, and all reasons")
  void engines() {
    assertEquals(
        "there is no engine named 'x'; available: reference, djl",
        EngineException.unknown("engine", "x", List.of("reference", "djl")).getMessage());
    assertEquals(
        "device 'gpu:0' cannot be used: no driver; no card; none is available",
        EngineException.unavailable("device", "gpu:0", List.of("no driver", "no card"), List.of())
            .getMessage());
  }
}
