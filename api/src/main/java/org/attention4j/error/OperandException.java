package org.attention4j.error;

import java.util.Optional;

/**
 * An op was given operands that it cannot take: thrown while a model is traced, or run eagerly, and
 * always before an engine computes anything.
 *
 * <p>The op that notices it knows the types; the block around it knows the path. {@link
 * #at(String)} joins the two.
 */
public abstract sealed class OperandException extends AttentionException
    permits ShapeException, DTypeException {
  private static final long serialVersionUID = 1L;

  private final String problem;
  private final String path; // empty: not known yet

  OperandException(String path, String problem) {
    super(path.isEmpty() ? problem : "at " + path + ": " + problem);
    this.path = path;
    this.problem = problem;
  }

  /**
   * Returns this failure with the path of the block in which it happened. The innermost path wins:
   * an exception that has one is returned as it is.
   *
   * @param path a block path such as {@code h.0.attn}; an empty one, the root, changes nothing
   */
  public abstract OperandException at(String path);

  /** The path of the block in which it happened, if it is known. */
  public final Optional<String> path() {
    return path.isEmpty() ? Optional.empty() : Optional.of(path);
  }

  /** The message without the path. */
  public final String problem() {
    return problem;
  }

  /** Whether {@link #at} still has something to add. */
  final boolean lacks(String newPath) {
    return path.isEmpty() && !newPath.isEmpty();
  }

  /** Makes a copy look as if it were thrown where the original was. */
  final <E extends OperandException> E traced(E copy) {
    copy.setStackTrace(getStackTrace());
    return copy;
  }
}
