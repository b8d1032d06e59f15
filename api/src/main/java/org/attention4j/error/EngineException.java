package org.attention4j.error;

import java.util.Collection;
import java.util.List;

/**
 * An engine, device or kernel that is unknown, cannot serve here, or failed while it ran. Nothing
 * else is tried in its place; the message lists what is available.
 */
public class EngineException extends AttentionException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a complete, readable message. */
  public EngineException(String message) {
    super(message);
  }

  /** Creates an exception with a complete, readable message and what led to it. */
  public EngineException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * Nothing has this name.
   *
   * @param kind what was looked for, such as {@code engine}
   * @param name the name that was asked for
   * @param available the names that would do
   */
  public static EngineException unknown(String kind, String name, Collection<String> available) {
    return new EngineException(
        "there is no " + kind + " named '" + name + "'; " + listed(available));
  }

  /**
   * It exists but cannot serve.
   *
   * @param kind what was asked for, such as {@code device}
   * @param name the name that was asked for
   * @param reasons why it cannot serve, all of them
   * @param available the names that would do
   */
  public static EngineException unavailable(
      String kind, String name, List<String> reasons, Collection<String> available) {
    return new EngineException(
        kind
            + " '"
            + name
            + "' cannot be used: "
            + String.join("; ", reasons)
            + "; "
            + listed(available));
  }

  private static String listed(Collection<String> available) {
    return available.isEmpty() ? "none is available" : "available: " + String.join(", ", available);
  }
}
