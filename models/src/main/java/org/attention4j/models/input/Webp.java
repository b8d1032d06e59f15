package org.attention4j.models.input;

import com.twelvemonkeys.imageio.plugins.webp.lossless.VP8LDecoder;
import com.twelvemonkeys.imageio.plugins.webp.vp8.VP8Frame;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.MemoryException;
import org.attention4j.models.input.WebpChunks.Chunk;

/**
 * WebP files (RFC 9649): the library decodes what is compressed; colours, orientation and the first
 * picture of a moving one are found here as libwebp does, which Pillow uses. Transparency and
 * colour profiles are left out.
 */
final class Webp {
  private static final int CHANNELS = 3;
  private static final int DIMENSION = 0x3FFF; // 14 bits
  private static final int LOSSLESS_SIGNATURE = 0x2F;
  private static final int START_CODE = 0x2A019D;
  private static final int LOSSY_HEADER = 10;
  private static final int LOSSLESS_HEADER = 5;

  /** What the library's decoder takes of memory for a lossy pixel, and what is made of it here. */
  private static final int LOSSY_BYTES_PER_PIXEL = 160;

  private Webp() {}

  /** Whether a file begins as WebP files do. */
  static boolean in(ImageInputStream file) throws IOException {
    return WebpChunks.in(file);
  }

  /**
   * Reads the picture, the first one where there are several.
   *
   * @throws FileFormatException if the file is damaged or has too many pixels
   * @throws MemoryException if the Java heap is too small for a lossy picture of this size
   */
  static RgbImage read(Path file, ImageInputStream in) throws IOException {
    WebpChunks chunks = WebpChunks.read(file, in);
    Chunk data = chunks.image();
    ByteBuffer header = data.head(LOSSY_HEADER);
    RgbImage image = data.lossless() ? lossless(file, data, header) : lossy(file, data, header);
    Optional<WebpChunks.Canvas> canvas = chunks.canvas();
    if (canvas.isPresent()) {
      image = canvas.get().place(file, image, in.length());
    }
    return Orientation.apply(chunks.exif().map(Orientation::ofExif).orElse(1), image);
  }

  private static RgbImage lossless(Path file, Chunk data, ByteBuffer header) throws IOException {
    if (header.limit() < LOSSLESS_HEADER || header.get(0) != LOSSLESS_SIGNATURE) {
      throw damaged(file, data);
    }
    int sizes = header.getInt(1);
    int width = 1 + (sizes & DIMENSION);
    int height = 1 + ((sizes >>> 14) & DIMENSION);
    RgbImage.checkPixels(file, (long) width * height, data.length());
    WritableRaster raster =
        Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, width, height, 4, null);
    new VP8LDecoder(stream(data), false).readVP8Lossless(raster, true, null, width, height);
    byte[] pixels = new byte[CHANNELS * width * height];
    int[] row = new int[4 * width];
    for (int y = 0; y < height; y++) {
      raster.getPixels(0, y, width, 1, row);
      for (int x = 0; x < width; x++) {
        for (int c = 0; c < CHANNELS; c++) {
          pixels[(y * width + x) * CHANNELS + c] = (byte) row[4 * x + c];
        }
      }
    }
    return new RgbImage(width, height, pixels);
  }

  private static RgbImage lossy(Path file, Chunk data, ByteBuffer header) throws IOException {
    boolean whole = header.limit() == LOSSY_HEADER && (header.get(0) & 1) == 0; // no difference
    int width = whole ? header.getShort(6) & DIMENSION : 0;
    int height = whole ? header.getShort(8) & DIMENSION : 0;
    if (width == 0 || height == 0 || (header.getInt(3) & 0xFFFFFF) != START_CODE) {
      throw damaged(file, data);
    }
    long size = (long) width * height;
    RgbImage.checkPixels(file, size, data.length());
    long memory = Runtime.getRuntime().maxMemory() / LOSSY_BYTES_PER_PIXEL;
    if (size > memory) {
      throw new MemoryException(
          file
              + ": a lossy WebP image of "
              + size
              + " pixels; this Java heap holds "
              + memory
              + " (raise -Xmx, or convert it to JPEG or PNG)");
    }
    VP8Frame frame = new VP8Frame(stream(data), false);
    frame.decode(
        Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, width, height, CHANNELS, null), null);
    return new RgbImage(width, height, WebpColours.rgb(frame, width, height));
  }

  private static ImageInputStream stream(Chunk data) throws IOException {
    ImageInputStream stream = new MemoryCacheImageInputStream(new ByteArrayInputStream(data.all()));
    stream.setByteOrder(ByteOrder.LITTLE_ENDIAN);
    return stream;
  }

  private static FileFormatException damaged(Path file, Chunk data) {
    return new FileFormatException(
        file, "the image cannot be read: its chunk " + data.name() + " begins wrongly");
  }
}
