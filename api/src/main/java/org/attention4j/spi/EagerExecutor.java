package org.attention4j.spi;

import java.util.List;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Executor;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;

/**
 * An executor that computes at once. With the primitives on one of these, {@link EagerEngine} is a
 * whole engine. As it stands it claims no composite.
 *
 * <p>{@link #execute} returns handles that are released one by one, so it must never return an
 * operand's own handle.
 */
public interface EagerExecutor extends Executor, AutoCloseable {

  /** Brings a value in; it may share the host tensor's memory, which then must not change. */
  Object upload(HostTensor tensor, TensorType type);

  /**
   * Copies a value out, in the type's own element type (f32 if the type is f32, whatever the
   * precision).
   */
  HostTensor download(Object handle, TensorType type);

  @Override
  default boolean claims(Composite op, List<TensorType> operands) {
    return false;
  }

  /** Frees what it holds, if that is anything. */
  @Override
  default void close() {}
}
