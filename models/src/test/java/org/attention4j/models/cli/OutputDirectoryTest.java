package org.attention4j.models.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntSupplier;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.models.data.SpanishSentences;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Work that came to nothing leaves nothing behind. */
class OutputDirectoryTest {
  @TempDir Path directory;

  private static void write(Path file) {
    try {
      Files.writeString(file, "x");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private int work(Path out, boolean stoppable, String... files) {
    Path result = out.resolve("result");
    IntSupplier body =
        () -> {
          for (String file : files) {
            write(out.resolve(file));
          }
          throw new UsageException("the work failed");
        };
    return stoppable
        ? OutputDirectory.stoppable(out, result, body)
        : OutputDirectory.during(out, result, body);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aNewDirectoryGoesUnlessThereIsAResult(boolean stoppable) throws IOException {
    Path out = directory.resolve("new/out");
    assertThrows(UsageException.class, () -> work(out, stoppable, "options"));
    assertFalse(Files.exists(directory.resolve("new")));
    assertThrows(UsageException.class, () -> work(out, stoppable, "options", "result"));
    assertTrue(Files.exists(out.resolve("options")));
    Path older = Files.createDirectory(directory.resolve("older"));
    assertThrows(UsageException.class, () -> work(older, stoppable));
    assertTrue(Files.exists(older));
  }

  @Test
  void aRunThatCannotBeginLeavesNoDirectory() throws IOException {
    Path corpus = directory.resolve("corpus.txt");
    Files.writeString(corpus, SpanishSentences.text(20, 1));
    Path out = directory.resolve("run");
    CommandLineTest.train(corpus, out, "--set", "no_such=1").refused("no_such");
    assertFalse(Files.exists(out));
  }

  @Test
  void placesThatCannotBeWrittenAreToldBefore() throws IOException {
    Path file = directory.resolve("file");
    Files.writeString(file, "x");
    assertEquals(
        directory + " is a directory; the file to write itself is wanted",
        assertThrows(StorageException.class, () -> Writable.file(directory)).getMessage());
    Path below = directory.resolve("none/out.jsonl");
    assertEquals(
        "cannot write " + below + ": there is no directory " + directory.resolve("none"),
        assertThrows(StorageException.class, () -> Writable.file(below)).getMessage());
    Path inside = file.resolve("a/b");
    assertEquals(
        "cannot create the directory " + inside + ": " + file + " is a file",
        assertThrows(StorageException.class, () -> Writable.directory(inside)).getMessage());
    Writable.file(directory.resolve("new"));
    Writable.directory(directory.resolve("a/b/c"));
  }
}
