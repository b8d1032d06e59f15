package org.attention4j.models.golden;

/**
 * The result of one check.
 *
 * @param name of the case
 * @param check what was compared
 * @param difference largest absolute one, NaN where there is none
 * @param allowed largest that passes
 * @param text what is wrong, or why it was skipped; may be empty
 */
public record GoldenRow(
    String name,
    String engine,
    String check,
    Status status,
    double difference,
    double allowed,
    String text) {

  /** How a check ended. */
  public enum Status {
    PASSED,
    FAILED,
    /** Not done, with the reason; never counted as passed. */
    SKIPPED
  }

  static GoldenRow skipped(String name, String engine, String check, String reason) {
    return new GoldenRow(name, engine, check, Status.SKIPPED, Double.NaN, Double.NaN, reason);
  }

  static GoldenRow failed(String name, String engine, String check, String reason) {
    return new GoldenRow(name, engine, check, Status.FAILED, Double.NaN, Double.NaN, reason);
  }
}
