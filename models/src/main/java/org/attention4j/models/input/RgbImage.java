package org.attention4j.models.input;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;
import org.attention4j.error.AttentionException;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.jspecify.annotations.Nullable;
import org.w3c.dom.NodeList;

/**
 * A picture of 8-bit red, green and blue, rows from the top. Immutable, thread-safe.
 *
 * <p>Files are read as Hugging Face's {@code load_image} reads them: grey becomes three equal
 * channels, transparency and colour profiles are left out, and the orientation that a camera noted
 * is applied.
 */
public final class RgbImage {
  /** Larger pictures are refused before they are unpacked; the same bound as Pillow's. */
  private static final long MAX_PIXELS = 178_956_970;

  /** No format but WebP packs more, not even for a picture of one colour. */
  private static final int MAX_PIXELS_IN_A_BYTE = 1 << 14;

  /** Take so little memory that their size is believed. */
  private static final int SMALL = 1 << 24;

  private static final int CHANNELS = 3;
  private static final String PNG = "javax_imageio_png_1.0";

  private final int width;
  private final int height;
  private final byte[] pixels; // [height, width, channel]

  /** Takes the pixels over. */
  RgbImage(int width, int height, byte[] pixels) {
    this.width = width;
    this.height = height;
    this.pixels = pixels;
  }

  /**
   * A picture of given pixels.
   *
   * @param pixels red, green and blue of each, row after row; copied
   * @throws UsageException if there are more or fewer than {@code 3 * width * height}
   */
  public static RgbImage of(int width, int height, byte[] pixels) {
    if (width < 1 || height < 1 || pixels.length != (long) CHANNELS * width * height) {
      throw new UsageException(
          "an image of "
              + width
              + " x "
              + height
              + " pixels has 3 bytes for each, not "
              + pixels.length
              + " in all");
    }
    return new RgbImage(width, height, pixels.clone());
  }

  /**
   * Reads a PNG, JPEG or WebP file, or another format that {@code javax.imageio} knows.
   *
   * @throws StorageException if there is no such file, or it cannot be read
   * @throws FileFormatException if it is no picture, is damaged, has more than 178 million pixels,
   *     or colours that are neither grey nor red, green and blue
   * @throws org.attention4j.error.MemoryException if a lossy WebP picture is too large for the heap
   */
  public static RgbImage read(Path file) {
    return reading(file, in -> Webp.read(file, in), reader -> picture(file, reader));
  }

  /**
   * Reads no more than what a file says of itself: whether {@link #read} can begin.
   *
   * @throws StorageException if there is no such file, or it cannot be read
   * @throws FileFormatException if it is no picture, or too large a one
   */
  public static void check(Path file) {
    reading(
        file,
        in -> {
          WebpChunks.read(file, in);
          return file;
        },
        reader -> {
          requireSize(file, reader);
          return file;
        });
  }

  private static <T> T reading(
      Path file, Reading<T, ImageInputStream> webp, Reading<T, ImageReader> other) {
    if (!Files.isRegularFile(file)) {
      throw StorageException.noFile("image file", file);
    }
    try (ImageInputStream in = new FileImageInputStream(file.toFile())) {
      if (Webp.in(in)) {
        return webp.of(in);
      }
      in.setByteOrder(ByteOrder.BIG_ENDIAN);
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        throw new FileFormatException(
            file, "is no PNG, JPEG, WebP or other image that can be read here");
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(in, true);
        return other.of(reader);
      } finally {
        reader.dispose();
      }
    } catch (AttentionException e) {
      throw e;
    } catch (IOException | RuntimeException e) { // the readers of the JDK throw many kinds
      throw new FileFormatException(file, "the image cannot be read: " + e.getMessage(), e);
    }
  }

  /** What is done with a file: by its reader, or by what reads WebP. */
  @FunctionalInterface
  private interface Reading<T, S> {
    T of(S source) throws IOException;
  }

  private static RgbImage picture(Path file, ImageReader reader) throws IOException {
    requireSize(file, reader);
    IIOMetadata metadata = reader.getImageMetadata(0);
    return Orientation.apply(Orientation.of(metadata), picture(file, reader, metadata));
  }

  private static void requireSize(Path file, ImageReader reader) throws IOException {
    checkPixels(file, (long) reader.getWidth(0) * reader.getHeight(0), Files.size(file));
  }

  /** Before memory is taken on a file's word. */
  static void checkPixels(Path file, long size, long bytes) {
    if (size > MAX_PIXELS) {
      throw new FileFormatException(
          file, "the image has " + size + " pixels, more than " + MAX_PIXELS);
    }
    if (size > SMALL && size / MAX_PIXELS_IN_A_BYTE > bytes) {
      throw new FileFormatException(
          file, "the image has " + size + " pixels, more than its bytes can hold");
    }
  }

  private static RgbImage picture(Path file, ImageReader reader, @Nullable IIOMetadata metadata)
      throws IOException {
    if (metadata == null || !Inks.in(metadata)) {
      return of(file, reader.read(0), isGrey(metadata));
    }
    Raster inks = reader.readRaster(0, null);
    return new RgbImage(inks.getWidth(), inks.getHeight(), Inks.pixels(inks, metadata));
  }

  /** Whether a PNG file holds grey alone, which may have a shade that is to be seen through. */
  private static boolean isGrey(@Nullable IIOMetadata metadata) {
    if (metadata == null || !PNG.equals(metadata.getNativeMetadataFormatName())) {
      return false;
    }
    NodeList headers = ((IIOMetadataNode) metadata.getAsTree(PNG)).getElementsByTagName("IHDR");
    return headers.getLength() > 0
        && ((IIOMetadataNode) headers.item(0)).getAttribute("colorType").equals("Grayscale");
  }

  /** Samples as they are stored: Java's own conversion would change the brightness of grey. */
  private static RgbImage of(Path file, BufferedImage image, boolean grey) {
    ColorModel model = image.getColorModel();
    Raster raster = image.getRaster();
    int width = image.getWidth();
    int height = image.getHeight();
    int bands = raster.getNumBands();
    int shift = model instanceof IndexColorModel ? 0 : model.getComponentSize(0) - Byte.SIZE;
    if (bands > 4 || shift < 0) {
      throw new FileFormatException(
          file,
          "images of "
              + bands
              + " channels of "
              + model.getComponentSize(0)
              + " bits are not supported; convert it to 8 bits of grey or of red, green and blue");
    }
    byte[] pixels = new byte[CHANNELS * width * height];
    int[] row = new int[bands * width];
    for (int y = 0; y < height; y++) {
      raster.getPixels(0, y, width, 1, row);
      for (int x = 0; x < width; x++) {
        for (int c = 0; c < CHANNELS; c++) {
          int value =
              model instanceof IndexColorModel palette
                  ? palette.getRGB(row[x]) >> (Byte.SIZE * (2 - c))
                  : eightBits(row[x * bands + (bands <= 2 ? 0 : c)], grey || bands == 1, shift);
          pixels[(y * width + x) * CHANNELS + c] = (byte) value;
        }
      }
    }
    return new RgbImage(width, height, pixels);
  }

  /** Pillow cuts grey of more bits at 255, and drops the lower bits of everything else. */
  private static int eightBits(int sample, boolean grey, int shift) {
    return grey ? Math.min(sample, 0xFF) : sample >> shift;
  }

  public int width() {
    return width;
  }

  public int height() {
    return height;
  }

  /**
   * One value from 0 to 255.
   *
   * @param channel 0 for red, 1 for green, 2 for blue
   */
  public int at(int x, int y, int channel) {
    return pixels[(y * width + x) * CHANNELS + channel] & 0xFF;
  }

  /** This picture at another size. */
  public RgbImage resized(int newWidth, int newHeight, Resampling how) {
    checkSize(newWidth, newHeight);
    checkSize(newWidth, height); // between the two passes
    return new RgbImage(
        newWidth, newHeight, how.resize(pixels, CHANNELS, width, height, newWidth, newHeight));
  }

  private static void checkSize(int width, int height) {
    if (width < 1 || height < 1 || (long) width * height > MAX_PIXELS) {
      throw new UsageException("no image here has " + width + " x " + height + " pixels");
    }
  }

  /** The middle of it; black where the picture is smaller. */
  public RgbImage cropped(int newWidth, int newHeight) {
    checkSize(newWidth, newHeight);
    int left = offset(width, newWidth);
    int top = offset(height, newHeight);
    byte[] cut = new byte[CHANNELS * newWidth * newHeight];
    for (int y = Math.max(0, -top); y < newHeight && y + top < height; y++) {
      int x = Math.max(0, -left);
      int end = Math.min(newWidth, width - left);
      System.arraycopy(
          pixels,
          ((y + top) * width + x + left) * CHANNELS,
          cut,
          (y * newWidth + x) * CHANNELS,
          (end - x) * CHANNELS);
    }
    return new RgbImage(newWidth, newHeight, cut);
  }

  /** On a black ground at a given place of it. */
  RgbImage framed(int newWidth, int newHeight, int left, int top) {
    byte[] ground = new byte[CHANNELS * newWidth * newHeight];
    for (int y = 0; y < height; y++) {
      System.arraycopy(
          pixels,
          y * width * CHANNELS,
          ground,
          ((y + top) * newWidth + left) * CHANNELS,
          width * CHANNELS);
    }
    return new RgbImage(newWidth, newHeight, ground);
  }

  /** Where the middle begins; negative for what is missing before, the larger half of it. */
  private static int offset(int size, int wanted) {
    return Math.floorDiv(size - wanted, 2);
  }

  /** Each new pixel is one of this picture's. */
  RgbImage rearranged(boolean swapped, boolean mirrored, boolean flipped) {
    int newWidth = swapped ? height : width;
    int newHeight = swapped ? width : height;
    byte[] moved = new byte[pixels.length];
    for (int y = 0; y < newHeight; y++) {
      for (int x = 0; x < newWidth; x++) {
        int u = mirrored ? newWidth - 1 - x : x;
        int v = flipped ? newHeight - 1 - y : y;
        int from = swapped ? u * width + v : v * width + u;
        System.arraycopy(pixels, from * CHANNELS, moved, (y * newWidth + x) * CHANNELS, CHANNELS);
      }
    }
    return new RgbImage(newWidth, newHeight, moved);
  }

  @Override
  public String toString() {
    return width + " x " + height + " image";
  }
}
