package org.attention4j.conformance;

import java.util.regex.Pattern;

/**
 * A pattern of check names: {@code *} stands for anything, {@code ?} for one character, {@code a,b}
 * for either.
 */
public record Glob(String pattern) {

  /** Every name. */
  public static final Glob ALL = new Glob("*");

  /** Whether a whole name fits. */
  public boolean matches(String name) {
    for (String part : pattern.split(",", -1)) {
      String regex = Pattern.quote(part.trim()).replace("*", "\\E.*\\Q").replace("?", "\\E.\\Q");
      if (name.matches(regex)) {
        return true;
      }
    }
    return false;
  }
}
