package org.attention4j.error;

/** An element type that an op does not take, or two that ought to be equal and are not. */
public final class DTypeException extends OperandException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception for operands whose place in the model is not known yet. */
  public DTypeException(String message) {
    super("", message);
  }

  private DTypeException(String path, String problem) {
    super(path, problem);
  }

  @Override
  public DTypeException at(String path) {
    return lacks(path) ? traced(new DTypeException(path, problem())) : this;
  }
}
