package org.attention4j.models.finetune;

import java.nio.file.Path;
import java.util.List;
import org.attention4j.models.data.Batches;
import org.attention4j.models.data.Example;
import org.attention4j.models.data.ExampleBatches;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.nn.Model;
import org.attention4j.spi.Engine;
import org.attention4j.spi.SessionOptions;

/**
 * What a lesson is learned by: most by their labels alone, some by what another model says of the
 * examples.
 */
public interface Guide extends AutoCloseable {

  /** The lesson, with all inputs that {@link #batches} have. */
  Lesson lesson();

  /** The model with the loss that it learns by. */
  default Model learning() {
    return lesson().checkpoint().model().withLoss();
  }

  /** Batches of the lesson's examples, with what the guide says of them. */
  default Batches batches(ExampleBatches own) {
    return own;
  }

  /**
   * How well a model does.
   *
   * @param model with the head of the lesson's checkpoint
   * @param some examples of the lesson, not none
   */
  Scores score(Checkpoint model, List<Example> some);

  @Override
  default void close() {}

  /**
   * Of a lesson that is learned by its labels alone.
   *
   * @param text contents of the file that it is from
   */
  static Guide labels(
      Lesson lesson, Engine engine, SessionOptions options, Path file, String text) {
    return new Guide() {
      @Override
      public Lesson lesson() {
        return lesson;
      }

      @Override
      public Scores score(Checkpoint model, List<Example> some) {
        return lesson.score(model, engine, options, some, file, text);
      }
    };
  }
}
