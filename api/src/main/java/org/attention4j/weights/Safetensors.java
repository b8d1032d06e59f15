package org.attention4j.weights;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.Count;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.MemoryException;
import org.attention4j.error.StorageException;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.FileRegion;
import org.attention4j.tensor.FileVersion;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.SafetensorsHeader.Entry;
import org.jspecify.annotations.Nullable;

/** Reads and writes one safetensors file. */
final class Safetensors {
  private Safetensors() {}

  /** Maps a file. The tensors are read-only views of it. */
  static Weights load(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new StorageException(
          Files.exists(file) ? file + " is not a regular file" : "there is no file " + file);
    }
    FileVersion version = FileVersion.of(file);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (version != null && !version.equals(FileVersion.of(file))) {
        version = null; // it may be either that was opened
      }
      long size = channel.size();
      if (size < 8) {
        throw new FileFormatException(
            file, "has " + Count.of(size, "byte") + "; a safetensors file starts with 8");
      }
      long headerBytes =
          channel.map(MapMode.READ_ONLY, 0, 8).order(ByteOrder.LITTLE_ENDIAN).getLong();
      if (headerBytes < 0 || headerBytes > SafetensorsHeader.MAX_BYTES) {
        throw new FileFormatException(
            file,
            0,
            "a header of "
                + Long.toUnsignedString(headerBytes)
                + " bytes; a safetensors header has at most "
                + SafetensorsHeader.MAX_BYTES);
      }
      long dataStart = 8 + headerBytes;
      if (dataStart > size) {
        throw new FileFormatException(
            file,
            0,
            "a header of "
                + Count.of(headerBytes, "byte")
                + ", but only "
                + (size - 8)
                + " follow");
      }
      ByteBuffer json = channel.map(MapMode.READ_ONLY, 8, headerBytes);
      SafetensorsHeader header = SafetensorsHeader.parse(file, json, size - dataStart);
      return Weights.of(tensors(file, version, channel, dataStart, header), header.metadata());
    } catch (IOException e) {
      throw StorageException.of("cannot read " + file, e);
    }
  }

  private static Map<String, HostTensor> tensors(
      Path file,
      @Nullable FileVersion version,
      FileChannel channel,
      long dataStart,
      SafetensorsHeader header)
      throws IOException {
    requireNativeOrder();
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    Region region = new Region(0, 0, ByteBuffer.allocateDirect(0));
    List<Entry> entries = header.entries();
    for (int i = 0; i < entries.size(); i++) {
      Entry e = entries.get(i);
      if (e.bytes() > Integer.MAX_VALUE) {
        throw new MemoryException(
            file + ": tensor '" + e.name() + "' has " + e.bytes() + " bytes; the limit is 2 GiB");
      }
      if (e.end() > region.end) {
        region = Region.map(channel, dataStart, entries, i);
      }
      FileRegion place =
          version == null ? null : new FileRegion(version, dataStart + e.begin(), e.bytes());
      tensors.put(e.name(), tensor(file, e, region, place));
    }
    return tensors;
  }

  private static HostTensor tensor(Path file, Entry e, Region region, @Nullable FileRegion place)
      throws IOException {
    ByteBuffer bytes = region.bytes.slice((int) (e.begin() - region.begin), (int) e.bytes());
    if (e.dtype() == DType.BOOL) {
      requireTruthValues(file, e, bytes);
    }
    if (bytes.alignmentOffset(0, e.dtype().bytes()) != 0) {
      // The format allows it; native code does not. Our own files never have it.
      bytes = ByteBuffer.allocateDirect(bytes.capacity()).put(bytes).flip().asReadOnlyBuffer();
      return HostTensor.wrap(e.dtype(), bytes, e.shape());
    }
    return HostTensor.wrap(e.dtype(), bytes, place, e.shape());
  }

  /** Native code that reads anything but 0 or 1 as a bool does unforeseeable things. */
  private static void requireTruthValues(Path file, Entry e, ByteBuffer bytes) {
    for (int i = 0; i < bytes.limit(); i++) {
      if ((bytes.get(i) & ~1) != 0) {
        throw SafetensorsHeader.about(
            file, e.name(), "is bool, but element " + i + " is " + (bytes.get(i) & 0xff));
      }
    }
  }

  /**
   * One mapping of consecutive tensors: as many as fit, since systems limit the number of mappings
   * and a buffer limits the size of one. It lasts until no tensor in it is reachable any more.
   */
  private record Region(long begin, long end, ByteBuffer bytes) {
    static Region map(FileChannel channel, long dataStart, List<Entry> entries, int first)
        throws IOException {
      long begin = entries.get(first).begin();
      int last = first;
      while (last + 1 < entries.size()
          && entries.get(last + 1).end() - begin <= Integer.MAX_VALUE) {
        last++;
      }
      long end = entries.get(last).end();
      MappedByteBuffer bytes = channel.map(MapMode.READ_ONLY, dataStart + begin, end - begin);
      return new Region(begin, end, bytes);
    }
  }

  /** Writes all of it to a channel. */
  static void write(Weights weights, WritableByteChannel out) throws IOException {
    requireNativeOrder();
    SafetensorsHeader header = SafetensorsHeader.layOut(weights);
    writeFully(header.encode(), out);
    for (Entry e : header.entries()) {
      writeFully(weights.get(e.name()).buffer(), out);
    }
  }

  private static void writeFully(ByteBuffer bytes, WritableByteChannel out) throws IOException {
    while (bytes.hasRemaining()) {
      if (out.write(bytes) < 0) {
        throw new EOFException("the channel takes no more bytes");
      }
    }
  }

  private static void requireNativeOrder() {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      throw new StorageException(
          "safetensors files are supported on little-endian processors only");
    }
  }

  static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
