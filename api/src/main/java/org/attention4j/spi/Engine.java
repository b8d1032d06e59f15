package org.attention4j.spi;

import java.util.List;
import org.attention4j.error.EngineException;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/**
 * A way to run and train models. Found by {@link java.util.ServiceLoader}; implementations do no
 * work when they are constructed. Thread-safe.
 */
public interface Engine {

  /** Version of this interface; raised when an engine must change. */
  int SPI_VERSION = 1;

  /** Short and stable, as users write it: {@code djl}. */
  String name();

  /** Version of the engine and of what it runs on. */
  String version();

  /** The {@link #SPI_VERSION} it was written for. */
  default int spiVersion() {
    return SPI_VERSION;
  }

  /** Whether it can run here; never throws. */
  Availability availability();

  /** Whether it runs this composite whole; otherwise the composite is expanded. */
  Support supports(Composite op, List<TensorType> operands, Mode mode);

  /**
   * Opens a model for inference.
   *
   * @throws EngineException if the device or precision cannot be served
   * @throws org.attention4j.error.WeightsException if weights are missing or of another shape
   */
  Session open(Program program, Weights weights, SessionOptions options);

  /**
   * Opens a model for training. The program has a scalar output {@code loss}.
   *
   * @throws EngineException if it cannot train, or not on that device
   * @throws org.attention4j.error.WeightsException if weights are missing or of another shape
   */
  Trainer train(Program program, Weights weights, TrainerOptions options);

  /**
   * An executor that computes op by op, for debugging and for code outside of models; the caller
   * closes it.
   *
   * @throws EngineException if the engine runs whole graphs only, or cannot serve the device
   */
  default EagerExecutor eager(SessionOptions options) {
    throw new EngineException("engine '" + name() + "' runs whole graphs only");
  }
}
