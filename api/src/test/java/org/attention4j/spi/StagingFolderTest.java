package org.attention4j.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In which order an export comes into its directory, and what is there if it stops. */
class StagingFolderTest {
  private static final String LAST = "parity.json";

  @TempDir Path directory;

  private static void write(Path folder, String text, String... names) throws IOException {
    for (String name : names) {
      Path file = folder.resolve(name);
      Files.createDirectories(file.resolveSibling(""));
      Files.writeString(file, text);
    }
  }

  private List<String> there() throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> directory.relativize(file).toString().replace('\\', '/'))
          .sorted()
          .toList();
    }
  }

  @Test
  void modelsComeBeforeTheRestAndOneFileIsLast() throws IOException {
    try (StagingFolder staging = new StagingFolder(directory)) {
      write(staging.path(), "new", "onnx/a.onnx", "onnx/a.onnx_data", "config.json", LAST);
      List<Path> moved =
          staging.moveAll(
              LAST,
              () -> {
                assertFalse(Files.exists(directory.resolve(LAST)));
                assertEquals("new", Files.readString(directory.resolve("config.json")));
              });
      assertEquals(directory.resolve("onnx/a.onnx"), moved.get(0));
    }
    assertEquals(List.of("config.json", "onnx/a.onnx", "onnx/a.onnx_data", LAST), there());
  }

  @Test
  void noModelEverLiesBesideTheWeightsOfAnother() throws IOException {
    write(directory, "old", "a.onnx", "a.onnx_data", LAST);
    try (StagingFolder staging = new StagingFolder(directory)) {
      write(staging.path(), "new", "a.onnx_data", "b.onnx_data", "b.onnx", LAST);
      Files.createDirectories(directory.resolve("b.onnx/taken")); // this move will fail
      assertThrows(IOException.class, () -> staging.moveAll(LAST, () -> {}));
    }
    assertEquals(List.of("a.onnx_data", "b.onnx_data", LAST), there());
    assertEquals("new", Files.readString(directory.resolve("a.onnx_data")));
    assertEquals("old", Files.readString(directory.resolve(LAST)));
  }

  @Test
  void aDirectoryThatWasMadeGoesWithAnExportThatFailed() throws IOException {
    Path made = directory.resolve("new/export");
    try (StagingFolder staging = new StagingFolder(made)) {
      write(staging.path(), "half", "onnx/a.onnx");
    }
    assertFalse(Files.exists(directory.resolve("new")));
    Files.createDirectories(made);
    try (StagingFolder staging = new StagingFolder(made)) {
      write(staging.path(), "half", "a.onnx");
    }
    assertEquals(List.of(), there());
    assertTrue(Files.isDirectory(made));
  }
}
