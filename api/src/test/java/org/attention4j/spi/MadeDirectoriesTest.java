package org.attention4j.spi;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was made for results goes away without them; what was there before stays. */
class MadeDirectoriesTest {
  @TempDir Path directory;

  @Test
  void emptyOnesGoAndThoseThatWereThereStay() throws IOException {
    MadeDirectories made = MadeDirectories.of(directory.resolve("a/b/c"));
    assertTrue(Files.isDirectory(directory.resolve("a/b/c")));
    made.removeEmpty();
    assertFalse(Files.exists(directory.resolve("a")));
    assertTrue(Files.exists(directory));

    Files.createDirectories(directory.resolve("empty"));
    MadeDirectories.of(directory.resolve("empty")).removeEmpty();
    MadeDirectories.of(directory.resolve("empty")).removeAll();
    assertTrue(Files.exists(directory.resolve("empty")));
  }

  @Test
  void whatHoldsAFileStaysUnlessAllIsToGo() throws IOException {
    MadeDirectories made = MadeDirectories.of(directory.resolve("a/b"));
    Files.createDirectories(directory.resolve("a/b/deep"));
    Files.writeString(directory.resolve("a/b/deep/file"), "x");
    made.removeEmpty();
    assertTrue(Files.exists(directory.resolve("a/b/deep/file")));
    Files.writeString(directory.resolve("a/beside"), "of someone else's");
    made.removeAll();
    assertFalse(Files.exists(directory.resolve("a/b")));
    assertTrue(Files.exists(directory.resolve("a/beside")));
  }

  @Test
  void whatCannotBeMadeLeavesNothing() throws IOException {
    Files.writeString(directory.resolve("file"), "x");
    assertThrows(IOException.class, () -> MadeDirectories.of(directory.resolve("file/below/it")));
    assertTrue(Files.isRegularFile(directory.resolve("file")));
  }
}
