package org.attention4j.conformance;

/**
 * What a check found.
 *
 * @param status passed, failed or skipped; only the runner makes a gap of a failure
 * @param text the failing report or the reason; empty if passed
 */
public record Finding(Status status, String text) {

  /** How a check ended. */
  public enum Status {
    PASSED,
    FAILED,
    /** Failed, as declared by a {@link KnownGap}. */
    GAP,
    SKIPPED
  }

  public static Finding passed() {
    return new Finding(Status.PASSED, "");
  }

  public static Finding failed(String report) {
    return new Finding(Status.FAILED, report);
  }

  public static Finding skipped(String reason) {
    return new Finding(Status.SKIPPED, reason);
  }
}
