package org.attention4j.spi;

import org.attention4j.error.Count;
import org.attention4j.error.UsageException;

/** Rows of a batch, as {@link Decoding#select} takes them. */
public final class Rows {
  private Rows() {}

  /**
   * Refuses rows that are not there.
   *
   * @param batch how many there are; 0 before the first step
   * @throws UsageException naming the first wrong one
   */
  public static void check(long[] rows, long batch) {
    if (batch == 0) {
      throw new UsageException("a decoding has no rows to select before its first step");
    }
    if (rows.length == 0) {
      throw new UsageException("select at least one of " + Count.of(batch, "row"));
    }
    for (long row : rows) {
      if (row < 0 || row >= batch) {
        throw new UsageException("row " + row + " is not among the " + batch + " of the batch");
      }
    }
  }
}
