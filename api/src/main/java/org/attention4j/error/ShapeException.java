package org.attention4j.error;

/**
 * Shapes that do not fit: an op's operands, a reshape, the values given for a tensor, or an input
 * that contradicts what the program was traced with.
 */
public final class ShapeException extends OperandException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception for operands whose place in the model is not known yet. */
  public ShapeException(String message) {
    super("", message);
  }

  private ShapeException(String path, String problem) {
    super(path, problem);
  }

  @Override
  public ShapeException at(String path) {
    return lacks(path) ? traced(new ShapeException(path, problem())) : this;
  }
}
