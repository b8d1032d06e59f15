package org.attention4j.models.jinja;

/** Values that Java has no good type for. */
public enum Special {
  /** Python's {@code None}. */
  NONE,
  /** What a name without a value gives: prints as nothing, is false, has no attributes. */
  UNDEFINED
}
