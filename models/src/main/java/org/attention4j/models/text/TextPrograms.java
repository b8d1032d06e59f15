package org.attention4j.models.text;

import java.util.List;
import org.attention4j.error.UsageException;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.spi.Program;

/** What of a directory's model generates text. */
final class TextPrograms {
  private static final int UNBOUNDED = 1 << 30;

  private TextPrograms() {}

  /** With a mask for the padding of sources. */
  static Program program(ModelDirectory directory) {
    if (!(directory.model() instanceof Pretrained model)) {
      return directory.program();
    }
    return switch (model.task()) {
      case CAUSAL_LM -> {
        if (!model.causal()) {
          throw new UsageException(
              directory.path()
                  + ": 'is_decoder' in config.json is not true, so that every token sees all"
                  + " others, and nothing can be written token by token");
        }
        yield directory.program();
      }
      case SEQ2SEQ_LM -> model.program(List.of("input_ids", "attention_mask", "decoder_input_ids"));
      default ->
          throw new UsageException(
              directory.path()
                  + " holds a model for "
                  + model.task().label()
                  + " ("
                  + model.family()
                  + "), which does not generate text");
    };
  }

  /** Longest sequence that can be read. */
  static int context(ModelDirectory directory) {
    boolean bounded = !(directory.model() instanceof Pretrained model) || model.bounded();
    return bounded ? directory.model().context() : UNBOUNDED;
  }
}
