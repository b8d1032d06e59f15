package org.attention4j.spi;

import java.util.List;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.TensorType;

/**
 * Hand-written kernels that run composites on memory that an engine lends. Found by {@link
 * java.util.ServiceLoader}; does no work when constructed. Thread-safe.
 */
public interface KernelProvider {

  /** Short and stable: {@code flash-cpu}. */
  String name();

  /** Version of the library. */
  String version();

  /** The {@link Engine#SPI_VERSION} it was written for. */
  default int spiVersion() {
    return Engine.SPI_VERSION;
  }

  /** Whether it can run here; never throws. */
  Availability availability();

  /**
   * Whether it runs this composite. Claiming {@code Backward(op)} is claiming training.
   *
   * @param operands types; batch and time may be symbols
   */
  Support supports(Composite op, List<TensorType> operands, Mode mode);

  /**
   * Runs a composite that {@link #supports} granted.
   *
   * @param operands in the op's order
   * @param results written to, in the op's order
   * @throws org.attention4j.error.AttentionException if the views do not fit the op
   */
  void run(Composite op, List<BufferView> operands, List<BufferView> results);

  /**
   * The kernels as operators of an engine's own runtime; never throws.
   *
   * @param runtime such as {@link KernelOperators#LIBTORCH}
   * @return the operators, or why there are none
   */
  default KernelOperators operators(String runtime) {
    return KernelOperators.unavailable(name() + " has no operators for " + runtime);
  }
}
