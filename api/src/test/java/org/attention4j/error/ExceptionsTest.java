package org.attention4j.error;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
  @DisplayName("about the file system say why in words")
  void storage(@TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("f"), "");
    assertEquals(
        file + " is a file; the model directory is wanted",
        StorageException.noDirectory("model directory", file).getMessage());
    assertEquals(
        directory + " is a directory; the audio file itself is wanted",
        StorageException.noFile("audio file", directory).getMessage());
    assertEquals("there is no file x", StorageException.noFile("file", Path.of("x")).getMessage());
    Map<IOException, String> reasons =
        Map.of(
            new NoSuchFileException("x"), "there is no such file or directory",
            new AccessDeniedException("x"), "permission denied",
            new FileAlreadyExistsException("x"), "a file of this name is in the way",
            new FileSystemException("x", null, "Read-only file system"), "Read-only file system",
            new IOException("No space left on device"), "No space left on device",
            new EOFException(), "java.io.EOFException");
    reasons.forEach(
        (e, reason) ->
            assertEquals(
                "cannot read x: " + reason, StorageException.of("cannot read x", e).getMessage()));
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
