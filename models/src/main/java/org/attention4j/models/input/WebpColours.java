package org.attention4j.models.input;

import com.twelvemonkeys.imageio.plugins.webp.vp8.VP8Frame;
import java.awt.image.BufferedImage;

/**
 * Red, green and blue of brightness (16 to 235) and two differences of colour, one of each for 2 x
 * 2 pixels (ITU-R BT.601). The library repeats the differences and rounds otherwise; libwebp, so
 * Pillow, weighs the four nearest ones by 9, 3, 3 and 1, in fixed point.
 */
final class WebpColours {
  private static final int CHANNELS = 3;

  private final byte[] values; // [height, width]
  private final int width;
  private final int height;

  /** A plane of a decoded frame, of which every {@code step}-th value counts. */
  private WebpColours(BufferedImage plane, int step) {
    width = (plane.getWidth() + step - 1) / step;
    height = (plane.getHeight() + step - 1) / step;
    values = new byte[width * height];
    int[] row = new int[plane.getWidth()];
    for (int y = 0; y < height; y++) {
      plane.getRaster().getSamples(0, y * step, row.length, 1, 0, row);
      for (int x = 0; x < width; x++) {
        values[y * width + x] = (byte) row[x * step];
      }
    }
  }

  /** The pixels of a frame, [height, width, channel]. */
  static byte[] rgb(VP8Frame frame, int width, int height) {
    WebpColours brightness = new WebpColours(frame.getDebugImageYBuffer(), 1);
    WebpColours blue = new WebpColours(frame.getDebugImageUBuffer(), 2);
    WebpColours red = new WebpColours(frame.getDebugImageVBuffer(), 2);
    byte[] pixels = new byte[CHANNELS * width * height];
    int at = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int light = share(brightness.at(x, y), 19077);
        int b = blue.between(x, y);
        int r = red.between(x, y);
        pixels[at++] = clipped(light + share(r, 26149) - 14234);
        pixels[at++] = clipped(light - share(b, 6419) - share(r, 13320) + 8708);
        pixels[at++] = clipped(light + share(b, 33050) - 17685);
      }
    }
    return pixels;
  }

  private int at(int x, int y) {
    return values[y * width + x] & 0xFF;
  }

  /** That of a pixel, from the nearest and its neighbours on the pixel's side. */
  private int between(int x, int y) {
    int besideX = Math.min(width - 1, Math.max(0, x / 2 + (x % 2 == 0 ? -1 : 1)));
    int besideY = Math.min(height - 1, Math.max(0, y / 2 + (y % 2 == 0 ? -1 : 1)));
    int nearest = at(x / 2, y / 2);
    int sides = at(besideX, y / 2) + at(x / 2, besideY);
    int mean = (nearest + sides + at(besideX, besideY) + 8 + 2 * sides) >> 3;
    return (mean + nearest) >> 1;
  }

  /** A factor in 1/16384 of a value, in 1/64. */
  private static int share(int value, int factor) {
    return (value * factor) >> 8;
  }

  private static byte clipped(int value) {
    return (byte) Math.min(255, Math.max(0, value >> 6));
  }
}
