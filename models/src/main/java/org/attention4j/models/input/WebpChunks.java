package org.attention4j.models.input;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import javax.imageio.stream.ImageInputStream;
import org.attention4j.error.FileFormatException;
import org.jspecify.annotations.Nullable;

/**
 * What a WebP file holds (RFC 9649, section 2): the first image, the canvas that it stands on, and
 * Exif data.
 */
final class WebpChunks {
  private static final int HEADER = 12; // RIFF, length, WEBP
  private static final int CHUNK_HEADER = 8;
  private static final int FRAME_HEADER = 16;
  private static final int MAX_EXIF = 1 << 16;

  private final Path file;
  private final ImageInputStream in;
  private @Nullable Chunk image;
  private @Nullable ByteBuffer extended;
  private @Nullable ByteBuffer frame;
  private @Nullable ByteBuffer exif;

  private WebpChunks(Path file, ImageInputStream in) {
    this.file = file;
    this.in = in;
  }

  /** A named part of a file. */
  record Chunk(ImageInputStream in, String name, long start, int length) {
    boolean lossless() {
      return name.equals("VP8L");
    }

    /** The first bytes, fewer where there are no more. */
    ByteBuffer head(int count) throws IOException {
      byte[] bytes = new byte[Math.min(count, length)];
      in.seek(start);
      in.readFully(bytes);
      return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    byte[] all() throws IOException {
      return head(length).array();
    }
  }

  /** A size, and where the first image lies on it: 0, 0 unless it moves. */
  record Canvas(int width, int height, int left, int top, boolean moving) {
    /** The image on a black canvas, in a file of so many bytes. */
    RgbImage place(Path file, RgbImage image, long bytes) {
      boolean whole = image.width() == width && image.height() == height;
      if (whole && left == 0 && top == 0) {
        return image;
      }
      if (!moving || (long) left + image.width() > width || (long) top + image.height() > height) {
        throw new FileFormatException(
            file, "holds an " + image + " for a canvas of " + width + " x " + height);
      }
      RgbImage.checkPixels(file, (long) width * height, bytes);
      return image.framed(width, height, left, top);
    }
  }

  static boolean in(ImageInputStream in) throws IOException {
    in.setByteOrder(ByteOrder.LITTLE_ENDIAN);
    in.seek(0);
    byte[] start = new byte[HEADER];
    boolean found =
        in.length() >= HEADER
            && in.read(start) == HEADER
            && text(start, 0).equals("RIFF")
            && text(start, 8).equals("WEBP");
    in.seek(0);
    return found;
  }

  static WebpChunks read(Path file, ImageInputStream in) throws IOException {
    in.setByteOrder(ByteOrder.LITTLE_ENDIAN);
    in.seek(4);
    long end = Math.min(in.length(), CHUNK_HEADER + in.readUnsignedInt());
    WebpChunks chunks = new WebpChunks(file, in);
    chunks.collect(HEADER, end);
    return chunks;
  }

  private void collect(long start, long end) throws IOException {
    long at = start;
    while (at <= end - CHUNK_HEADER) {
      in.seek(at);
      byte[] name = new byte[4];
      in.readFully(name);
      long length = in.readUnsignedInt();
      at += CHUNK_HEADER;
      if (length > end - at || length > Integer.MAX_VALUE - CHUNK_HEADER) {
        throw new FileFormatException(
            file, "is cut off: chunk " + text(name, 0) + " has " + length + " bytes");
      }
      take(new Chunk(in, text(name, 0), at, (int) length));
      at += length + (length & 1);
    }
  }

  private void take(Chunk chunk) throws IOException {
    switch (chunk.name()) {
      case "VP8 ", "VP8L" -> image = image == null ? chunk : image;
      case "VP8X" -> extended = chunk.head(10);
      case "EXIF" -> exif = exif == null ? chunk.head(MAX_EXIF) : exif;
      case "ANMF" -> {
        if (image == null) {
          frame = chunk.head(FRAME_HEADER);
          collect(chunk.start() + FRAME_HEADER, chunk.start() + chunk.length());
        }
      }
      default -> {} // colour profiles, transparency, other data
    }
  }

  /** The compressed image, the first if there are several. */
  Chunk image() {
    if (image == null) {
      throw new FileFormatException(file, "holds no image");
    }
    return image;
  }

  /** That of the extended format. */
  Optional<Canvas> canvas() {
    if (extended == null) {
      return Optional.empty();
    }
    if (extended.limit() < 10 || (frame != null && frame.limit() < FRAME_HEADER)) {
      throw new FileFormatException(file, "is cut off in its header");
    }
    int left = frame == null ? 0 : 2 * three(frame, 0);
    int top = frame == null ? 0 : 2 * three(frame, 3);
    return Optional.of(
        new Canvas(1 + three(extended, 4), 1 + three(extended, 7), left, top, frame != null));
  }

  Optional<byte[]> exif() {
    return Optional.ofNullable(exif).map(ByteBuffer::array);
  }

  private static int three(ByteBuffer bytes, int at) {
    int low = bytes.get(at) & 0xFF;
    int middle = bytes.get(at + 1) & 0xFF;
    int high = bytes.get(at + 2) & 0xFF;
    return (high << 16) + (middle << 8) + low;
  }

  private static String text(byte[] bytes, int at) {
    return new String(bytes, at, 4, StandardCharsets.ISO_8859_1);
  }
}
