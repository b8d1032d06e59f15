package org.attention4j.models.huggingface.family;

import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MultiHeadAttention;

/** Llama 1 to 3.x: RMS norm, rotary positions, grouped queries, SwiGLU. */
public final class Llama {
  static final Architecture ARCHITECTURE =
      new Architecture(
          "llama", "Llama 1 to 3.x", "Touvron et al. 2023", Decoders.TASKS, Llama::read);

  private Llama() {}

  static Pretrained read(Config config, Task task) {
    Linear.Style style = Decoders.style(config, config.flag("attention_bias", false));
    MultiHeadAttention attention =
        Decoders.attention(config, Decoders.heads(config), Decoders.projections(style, style));
    Linear.Style mlp = Decoders.style(config, config.flag("mlp_bias", false));
    return Decoders.model(
        config,
        task,
        Decoders.layers(
            config, Decoders.rmsNorm(config), n -> attention, Decoders.gated(config, mlp)),
        false);
  }
}
