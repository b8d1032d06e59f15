package org.attention4j.models.run;

import java.nio.file.Path;
import org.attention4j.spi.StepResult;

/** Told what a training run does; called on its thread. */
public interface TrainingListener {
  /** Nothing. */
  TrainingListener NONE = new TrainingListener() {};

  /** The run starts, at step {@code from} of {@code to}. */
  default void started(String description, long from, long to) {}

  /**
   * A step was made.
   *
   * @param tokens trained on in this step
   */
  default void stepped(StepResult result, long tokens) {}

  /** The losses were estimated. */
  default void evaluated(Evaluation evaluation) {}

  /** A checkpoint was written. */
  default void saved(Path file, long step) {}
}
