package org.attention4j.tensor;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.attention4j.error.UsageException;

/**
 * Where an engine computes and keeps its tensors. Naming a device does not check that it is there;
 * the engine does when it opens.
 *
 * @param kind the kind of processor
 * @param index which one of that kind, from 0; always 0 for the CPU
 */
public record Device(Kind kind, int index) {
  private static final Pattern GPU = Pattern.compile("gpu(?::([0-9]{1,4}))?");

  /** The kinds of processor. */
  public enum Kind {
    /** The host's processor; all cores are one device. */
    CPU,
    /** A graphics processor. */
    GPU
  }

  /**
   * Checks the index.
   *
   * @throws UsageException if it is negative, or not 0 for the CPU
   */
  public Device {
    if (index < 0 || (kind == Kind.CPU && index != 0)) {
      throw new UsageException(
          "a device is 'cpu', or 'gpu:N' with N from 0; got kind " + kind + ", index " + index);
    }
  }

  /** The host's processor. */
  public static Device cpu() {
    return new Device(Kind.CPU, 0);
  }

  /**
   * The graphics processor with this index.
   *
   * @throws UsageException if the index is negative
   */
  public static Device gpu(int index) {
    return new Device(Kind.GPU, index);
  }

  /**
   * Reads {@code cpu}, {@code gpu} (the first one) or {@code gpu:N}.
   *
   * @throws UsageException if the text is none of these
   */
  public static Device parse(String text) {
    if (text.equals("cpu")) {
      return cpu();
    }
    Matcher matcher = GPU.matcher(text);
    if (!matcher.matches()) {
      throw new UsageException(
          "'" + text + "' is no device; write 'cpu', or 'gpu:N' with N from 0, such as 'gpu:0'");
    }
    String index = matcher.group(1);
    return gpu(index == null ? 0 : Integer.parseInt(index));
  }

  /** {@code cpu} or {@code gpu:0}; {@link #parse} reads it back. */
  @Override
  public String toString() {
    return kind == Kind.CPU ? "cpu" : "gpu:" + index;
  }
}
