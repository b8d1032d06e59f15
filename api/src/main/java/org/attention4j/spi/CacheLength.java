package org.attention4j.spi;

import org.attention4j.error.UsageException;

/** Slots of a cache, as {@link Decoding#truncate} takes them. */
public final class CacheLength {
  private CacheLength() {}

  /**
   * Refuses slots that are not there.
   *
   * @param wanted slots that are to stay
   * @param length how many there are; 0 before the first step
   * @throws UsageException naming both
   */
  public static void check(long wanted, long length) {
    if (length == 0) {
      throw new UsageException("a decoding has no tokens to take back before its first step");
    }
    if (wanted < 1 || wanted > length) {
      throw new UsageException(
          "a cache of " + length + " slots keeps 1 to " + length + " of them, not " + wanted);
    }
  }
}
