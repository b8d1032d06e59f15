package org.attention4j.conformance;

/**
 * How one check ended on one engine.
 *
 * @param engine its name
 * @param text the failing report, the reason of a gap or of skipping; empty if passed
 * @param nanoseconds that it took
 */
public record Result(
    String engine,
    Suite suite,
    String check,
    Finding.Status status,
    String text,
    long nanoseconds) {}
