package org.attention4j.models.huggingface.family;

import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MultiHeadAttention;

/** Mistral: Llama whose tokens see the last {@code sliding_window} tokens. */
final class Mistral {
  static final Architecture ARCHITECTURE =
      new Architecture("mistral", "Mistral", "Jiang et al. 2023", Decoders.TASKS, Mistral::read);

  private Mistral() {}

  static Pretrained read(Config config, Task task) {
    Linear.Style plain = Decoders.style(config, false);
    MultiHeadAttention attention =
        Decoders.attention(config, Decoders.heads(config), Decoders.projections(plain, plain))
            .with(Decoders.window(config, config.size("sliding_window", 0)));
    return Decoders.model(
        config,
        task,
        Decoders.layers(
            config, Decoders.rmsNorm(config), n -> attention, Decoders.gated(config, plain)),
        false);
  }
}
