package org.attention4j.models.family;

import java.nio.file.Path;
import org.attention4j.spi.Program;
import org.attention4j.weights.Weights;

/** What a training run trains, where it starts, and how it is kept on disk. */
public interface Trainee {

  /** The model with its loss, and the inputs that the batches have. */
  Program program();

  /** Where training starts: every parameter of the program. */
  Weights initial(long seed);

  /**
   * Writes what does not change in training.
   *
   * @throws org.attention4j.error.StorageException if a file cannot be written
   */
  void begin(Path directory);

  /**
   * Writes the model as it is now, over what was written before.
   *
   * @param weights parameters of the program
   * @throws org.attention4j.error.StorageException if a file cannot be written
   */
  void save(Path directory, Weights weights);
}
