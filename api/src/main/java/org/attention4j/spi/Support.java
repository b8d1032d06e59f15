package org.attention4j.spi;

import java.util.ArrayList;
import java.util.List;

/** Yes, or all the reasons why not. */
public record Support(List<String> reasons) {
  private static final Support YES = new Support(List.of());

  public Support {
    reasons = List.copyOf(reasons);
  }

  public static Support yes() {
    return YES;
  }

  /** Declined, for at least one reason. */
  public static Support no(String reason, String... more) {
    List<String> all = new ArrayList<>(List.of(more));
    all.add(0, reason);
    return new Support(all);
  }

  /** Yes if there is no reason against it. */
  public static Support unless(List<String> reasons) {
    return reasons.isEmpty() ? YES : new Support(reasons);
  }

  public boolean granted() {
    return reasons.isEmpty();
  }

  @Override
  public String toString() {
    return granted() ? "yes" : "no: " + String.join("; ", reasons);
  }
}
