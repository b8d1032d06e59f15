package org.attention4j.spi;

/** What a claim must cover. */
public enum Mode {
  INFERENCE,
  /** Forward and backward. */
  TRAINING
}
