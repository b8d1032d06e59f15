package org.attention4j.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Writing a file")
class AtomicFileTest {
  @TempDir Path directory;

  @Test
  @DisplayName("on a disk that fills up, at any byte, leaves the old file and nothing else")
  void fullDisk() throws IOException {
    Weights old = Samples.ofEveryKind(1);
    Path file = directory.resolve("w.safetensors");
    old.save(file);
    byte[] before = Files.readAllBytes(file);
    Weights next = Samples.ofEveryKind(2);
    for (long room : new long[] {0, 1, 8, 9, 1000, before.length / 2, before.length - 1}) {
      StorageException e =
          assertThrows(
              StorageException.class, () -> next.save(file, out -> new FullDisk(out, room)));
      String message = String.valueOf(e.getMessage());
      assertTrue(message.contains(file.toString()), message);
      assertTrue(message.contains("No space left"), message);
      assertEquals(List.of(file), filesLeft());
      assertEquals(0, ByteBuffer.wrap(before).compareTo(ByteBuffer.wrap(Files.readAllBytes(file))));
    }
    next.save(file, out -> new FullDisk(out, before.length));
    assertTrue(next.get("f32.cube").equalsExactly(Weights.load(file).get("f32.cube")));
  }

  /** Takes a number of bytes, some at a time, then fails as a full disk does. */
  private static final class FullDisk implements WritableByteChannel {
    private final WritableByteChannel out;
    private long room;

    FullDisk(WritableByteChannel out, long room) {
      this.out = out;
      this.room = room;
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      if (bytes.hasRemaining() && room == 0) {
        throw new IOException("No space left on device");
      }
      int count = (int) Math.min(Math.min(room, 100), bytes.remaining());
      room -= count;
      ByteBuffer part = bytes.slice(bytes.position(), count);
      bytes.position(bytes.position() + count);
      while (part.hasRemaining()) {
        out.write(part);
      }
      return count;
    }

    @Override
    public boolean isOpen() {
      return out.isOpen();
    }

    @Override
    public void close() throws IOException {
      out.close();
    }
  }

  @Test
  @DisplayName("whose writer throws passes that on and leaves the old file and nothing else")
  void writerThrows() throws IOException {
    Path file = Files.writeString(directory.resolve("a.txt"), "old");
    UsageException thrown = new UsageException("stop");
    assertSame(
        thrown,
        assertThrows(
            UsageException.class,
            () ->
                AtomicFile.write(
                    file,
                    out -> {
                      out.write(ByteBuffer.allocate(100));
                      throw thrown;
                    })));
    assertEquals("old", Files.readString(file));
    assertEquals(List.of(file), filesLeft());
  }

  @Test
  @DisplayName(
      "into a directory that is not there, or in the place of one, is an error that says so")
  void nowhere() throws IOException {
    StorageException e =
        assertThrows(
            StorageException.class,
            () -> AtomicFile.write(directory.resolve("no/such/file"), out -> {}));
    assertTrue(String.valueOf(e.getMessage()).contains("no directory"), e::getMessage);
    Path existing = Files.createDirectory(directory.resolve("d"));
    e = assertThrows(StorageException.class, () -> AtomicFile.write(existing, out -> {}));
    assertTrue(String.valueOf(e.getMessage()).contains("is a directory"), e::getMessage);
  }

  @Test
  @DisplayName("through a symbolic link replaces what the link points to")
  void links() throws IOException {
    Path file = Files.writeString(directory.resolve("real"), "old");
    Path link = Files.createSymbolicLink(directory.resolve("link"), file);
    AtomicFile.write(link, out -> out.write(ByteBuffer.wrap(new byte[] {'n'})));
    assertTrue(Files.isSymbolicLink(link));
    assertEquals("n", Files.readString(file));
  }

  @Test
  @DisplayName("removes what dead writers of the same file left long ago, and nothing else")
  void leftovers() throws IOException {
    long dead = 999_999_999; // beyond any system's largest process id
    Path old = aged(".w." + dead + "-1.tmp");
    Path recent = Files.createFile(directory.resolve(".w." + dead + "-2.tmp"));
    Path alive = aged(".w." + ProcessHandle.current().pid() + "-0.tmp");
    Path others = aged(".v." + dead + "-1.tmp");
    Path alike = aged(".w." + dead + ".tmp");
    Path file = directory.resolve("w");
    AtomicFile.write(file, out -> {});
    assertTrue(Files.notExists(old));
    assertEquals(Stream.of(alike, alive, file, others, recent).sorted().toList(), filesLeft());
  }

  private Path aged(String name) throws IOException {
    Path file = Files.createFile(directory.resolve(name));
    return Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(3600)));
  }

  private List<Path> filesLeft() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }
}
