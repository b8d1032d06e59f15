package org.attention4j.error;

/** How many of something there are, as messages tell it: {@code 1 token}, {@code 2 tokens}. */
public final class Count {
  private Count() {}

  /**
   * The number and the noun.
   *
   * @param one the noun in the singular; the plural has an s more
   */
  public static String of(long count, String one) {
    return of(count, one, one + "s");
  }

  /** The same for a noun with another plural: {@code 2 axes}. */
  public static String of(long count, String one, String more) {
    return count + " " + (count == 1 ? one : more);
  }
}
