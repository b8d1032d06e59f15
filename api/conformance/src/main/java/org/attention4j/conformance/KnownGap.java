package org.attention4j.conformance;

import org.attention4j.error.UsageException;

/**
 * A failure that is known: it is counted as a gap, and fails once it passes.
 *
 * @param cases glob of the checks' names
 * @param reason why it cannot pass
 * @param link where more is written
 */
public record KnownGap(String cases, String reason, String link) {
  public KnownGap {
    if (cases.isBlank() || reason.isBlank()) {
      throw new UsageException("a known gap names its cases and gives its reason");
    }
  }

  /** Whether it covers a check. */
  public boolean covers(Check check) {
    return new Glob(cases).matches(check.name());
  }
}
