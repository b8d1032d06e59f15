package org.attention4j.tensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;

/**
 * Where in a file the elements of a mapped tensor lie, in native byte order. Who reads them once,
 * to widen or to copy them, reads the file: pages of a mapping that have been touched count as the
 * process's memory until the system wants them back.
 *
 * @param file where
 * @param offset of the first byte
 * @param length in bytes
 */
public record FileRegion(FileVersion file, long offset, long length) {
  private static final int PART = 1 << 18; // bytes: stays in a core's cache

  /**
   * Reads the bytes in order, as far as they can be read.
   *
   * @param part takes a part of some KiB, a multiple of 8 bytes unless it is the last; not to be
   *     kept
   * @return how many bytes were given; 0 if the file's name leads elsewhere by now
   */
  long read(Consumer<ByteBuffer> part) {
    long given = 0;
    try (FileChannel channel = FileChannel.open(file.path(), StandardOpenOption.READ)) {
      if (!file.isCurrent()) {
        return 0; // asked after opening: what has been opened stays the same file
      }
      ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(PART, length));
      buffer.order(ByteOrder.nativeOrder());
      while (given < length) {
        buffer.clear().limit((int) Math.min(PART, length - given));
        while (buffer.hasRemaining()) {
          if (channel.read(buffer, offset + given + buffer.position()) < 0) {
            return given;
          }
        }
        part.accept(buffer.flip());
        given += buffer.limit();
      }
    } catch (IOException e) {
      return given;
    }
    return given;
  }
}
