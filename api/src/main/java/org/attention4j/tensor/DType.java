package org.attention4j.tensor;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.attention4j.error.UsageException;

/** The type of a tensor's elements. */
public enum DType {
  /** IEEE 754 binary64. */
  F64(8, Kind.FLOATING),
  /** IEEE 754 binary32. */
  F32(4, Kind.FLOATING),
  /** IEEE 754 binary16: 5 exponent bits, 10 fraction bits, largest value 65504. */
  F16(2, Kind.FLOATING),
  /** The upper half of a binary32: 8 exponent bits, 7 fraction bits. */
  BF16(2, Kind.FLOATING),
  /** Signed 64-bit integer. */
  I64(8, Kind.INTEGER),
  /** Signed 32-bit integer. */
  I32(4, Kind.INTEGER),
  /** Unsigned 8-bit integer, 0 to 255. */
  U8(1, Kind.INTEGER),
  /** Signed 8-bit integer. */
  I8(1, Kind.INTEGER),
  /** Truth value in one byte, 0 or 1. */
  BOOL(1, Kind.TRUTH);

  private enum Kind {
    FLOATING,
    INTEGER,
    TRUTH
  }

  private final int bytes;
  private final Kind kind;
  private final String label = name().toLowerCase(Locale.ROOT);

  DType(int bytes, Kind kind) {
    this.bytes = bytes;
    this.kind = kind;
  }

  /** The size of one element in bytes. */
  public int bytes() {
    return bytes;
  }

  /** Whether the elements are floating-point numbers. */
  public boolean isFloating() {
    return kind == Kind.FLOATING;
  }

  /** Whether the elements are integers; truth values are not. */
  public boolean isInteger() {
    return kind == Kind.INTEGER;
  }

  /** The name in messages and on the command line, such as {@code f32}. */
  public String label() {
    return label;
  }

  /** The name in a safetensors header, such as {@code F32}. */
  public String safetensorsName() {
    return name();
  }

  /**
   * The dtype with a {@link #label}.
   *
   * @throws UsageException if there is none; the message lists all labels
   */
  public static DType parse(String label) {
    return Arrays.stream(values())
        .filter(d -> d.label.equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    "there is no dtype named '"
                        + label
                        + "'; known: "
                        + Arrays.stream(values())
                            .map(DType::label)
                            .collect(Collectors.joining(", "))));
  }

  /** The dtype with a {@link #safetensorsName}, empty for the names that this library lacks. */
  public static Optional<DType> fromSafetensors(String name) {
    return Arrays.stream(values()).filter(d -> d.safetensorsName().equals(name)).findFirst();
  }
}
