package org.attention4j.models.input;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import org.jspecify.annotations.Nullable;
import org.w3c.dom.NodeList;

/**
 * How a camera was held, as Exif entry 274 of a JPEG, PNG or WebP file says: 1 upright, up to 8.
 */
final class Orientation {
  private static final int UPRIGHT = 1;
  private static final int TAG = 274;
  private static final int SHORT = 3;
  private static final int ENTRY_BYTES = 12;
  private static final String APPLICATION_1 = "225"; // the marker 0xE1 that Exif comes in
  private static final String PNG_CHUNK = "eXIf";
  private static final byte[] HEADER = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);

  private Orientation() {}

  /** That of a file; upright if it does not say, or not in a way that can be read. */
  static int of(@Nullable IIOMetadata metadata) {
    return switch (metadata == null ? "" : name(metadata)) {
      case "javax_imageio_jpeg_image_1.0" -> ofJpeg(Objects.requireNonNull(metadata));
      case "javax_imageio_png_1.0" -> ofPng(Objects.requireNonNull(metadata));
      default -> UPRIGHT;
    };
  }

  private static int ofPng(IIOMetadata metadata) {
    for (IIOMetadataNode chunk : nodes(metadata, "UnknownChunk")) {
      if (chunk.getAttribute("type").equals(PNG_CHUNK)
          && chunk.getUserObject() instanceof byte[] bytes) {
        return ofTiff(ByteBuffer.wrap(bytes));
      }
    }
    return UPRIGHT;
  }

  private static int ofJpeg(IIOMetadata metadata) {
    for (IIOMetadataNode marker : nodes(metadata, "unknown")) {
      if (marker.getAttribute("MarkerTag").equals(APPLICATION_1)
          && marker.getUserObject() instanceof byte[] bytes
          && headed(bytes)) {
        return ofExif(bytes);
      }
    }
    return UPRIGHT;
  }

  private static boolean headed(byte[] bytes) {
    return bytes.length > HEADER.length
        && Arrays.equals(HEADER, Arrays.copyOf(bytes, HEADER.length));
  }

  /** That of Exif data with the header that JPEG files put before, or without it. */
  static int ofExif(byte[] bytes) {
    int skipped = headed(bytes) ? HEADER.length : 0;
    return ofTiff(ByteBuffer.wrap(bytes, skipped, bytes.length - skipped).slice());
  }

  private static List<IIOMetadataNode> nodes(IIOMetadata metadata, String tag) {
    NodeList found =
        ((IIOMetadataNode) metadata.getAsTree(name(metadata))).getElementsByTagName(tag);
    return IntStream.range(0, found.getLength())
        .mapToObj(i -> (IIOMetadataNode) found.item(i))
        .toList();
  }

  private static String name(IIOMetadata metadata) {
    return String.valueOf(metadata.getNativeMetadataFormatName());
  }

  /** The entry in the first directory of a TIFF header. */
  static int ofTiff(ByteBuffer tiff) {
    if (tiff.remaining() < 8) {
      return UPRIGHT;
    }
    tiff.order(tiff.get(0) == 'M' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    int directory = tiff.getInt(4);
    if (directory < 0 || directory > tiff.limit() - 2) {
      return UPRIGHT;
    }
    int entries = tiff.getShort(directory) & 0xFFFF;
    for (int i = 0; i < entries; i++) {
      int at = directory + 2 + i * ENTRY_BYTES;
      if (at > tiff.limit() - ENTRY_BYTES) {
        return UPRIGHT;
      }
      if ((tiff.getShort(at) & 0xFFFF) == TAG && tiff.getShort(at + 2) == SHORT) {
        int value = tiff.getShort(at + 8) & 0xFFFF;
        return value <= 8 ? Math.max(UPRIGHT, value) : UPRIGHT;
      }
    }
    return UPRIGHT;
  }

  /** The picture as it was seen. */
  static RgbImage apply(int orientation, RgbImage image) {
    return switch (orientation) {
      case 2 -> image.rearranged(false, true, false);
      case 3 -> image.rearranged(false, true, true);
      case 4 -> image.rearranged(false, false, true);
      case 5 -> image.rearranged(true, false, false);
      case 6 -> image.rearranged(true, true, false);
      case 7 -> image.rearranged(true, true, true);
      case 8 -> image.rearranged(true, false, true);
      default -> image;
    };
  }
}
