package org.attention4j.nn;

import org.attention4j.error.UsageException;

/** Checks of sizes that blocks share. */
public final class Sizes {
  private Sizes() {}

  /**
   * Names and values in turn; each value must be at least 1.
   *
   * @throws UsageException if one is not
   */
  public static void requirePositive(String block, Object... namesAndValues) {
    for (int i = 0; i < namesAndValues.length; i += 2) {
      int value = (Integer) namesAndValues[i + 1];
      if (value < 1) {
        throw new UsageException(
            block + ": " + namesAndValues[i] + " must be at least 1, not " + value);
      }
    }
  }

  /**
   * A probability of dropout, from 0 to less than 1.
   *
   * @throws UsageException if it is not
   */
  public static void requireProbability(String block, double probability) {
    if (!(probability >= 0 && probability < 1)) {
      throw new UsageException(
          block + ": a dropout probability is from 0 to less than 1, not " + probability);
    }
  }
}
