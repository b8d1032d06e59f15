package org.attention4j.models.huggingface.family;

import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.LayerWindows;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MultiHeadAttention;

/** Qwen 1.5 to 2.5: Llama with biases of queries, keys and values; windows in some layers. */
final class Qwen2 {
  static final Architecture ARCHITECTURE =
      new Architecture("qwen2", "Qwen 1.5 to 2.5", "Yang et al. 2024", Decoders.TASKS, Qwen2::read);

  private Qwen2() {}

  static Pretrained read(Config config, Task task) {
    Linear.Style plain = Decoders.style(config, false);
    MultiHeadAttention attention =
        Decoders.attention(
            config,
            Decoders.heads(config),
            Decoders.projections(Decoders.style(config, true), plain));
    LayerWindows windows = LayerWindows.qwen(config);
    return Decoders.model(
        config,
        task,
        Decoders.layers(
            config,
            Decoders.rmsNorm(config),
            n -> attention.with(Decoders.window(config, windows.of(n))),
            Decoders.gated(config, plain)),
        false);
  }
}
