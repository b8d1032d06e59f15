package org.attention4j.models.family;

import java.util.Map;

/**
 * How large a size in a configuration may be: far beyond any real model's, but small enough that
 * layers and tables of constants are never built by the million on the word of a file.
 */
final class SizeLimits {
  /** Widths, and what else shapes weights. */
  private static final int WIDTH = 1 << 20;

  /** By a part of the name; real models have reached 1,000 layers and 10 million positions. */
  private static final Map<String, Integer> BY_PART =
      Map.ofEntries(
          Map.entry("layer", 1024),
          Map.entry("head", 1 << 14),
          Map.entry("expert", 1 << 14),
          Map.entry("bucket", 1 << 14),
          Map.entry("d_kv", 1 << 14),
          Map.entry("vocab", 1 << 26),
          Map.entry("position", 1 << 30),
          Map.entry("seq", 1 << 30),
          Map.entry("ctx", 1 << 30),
          Map.entry("window", Integer.MAX_VALUE),
          Map.entry("distance", 1 << 30));

  private SizeLimits() {}

  static int of(String name) {
    return BY_PART.entrySet().stream()
        .filter(entry -> name.contains(entry.getKey()))
        .mapToInt(Map.Entry::getValue)
        .min()
        .orElse(WIDTH);
  }
}
