package org.attention4j.models.huggingface.family;

import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.LayerWindows;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Rotary;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.MultiHeadAttention.Pairing;
import org.attention4j.nn.RmsNorm;
import org.attention4j.op.Mask;

/** Qwen 3: Llama whose queries and keys are normalised head by head; windows in some layers. */
public final class Qwen3 {
  static final Architecture ARCHITECTURE =
      new Architecture("qwen3", "Qwen 3", "Yang et al. 2025", Decoders.TASKS, Qwen3::read);

  private Qwen3() {}

  static Pretrained read(Config config, Task task) {
    Linear.Style plain = Decoders.style(config, false);
    Linear.Style style = Decoders.style(config, config.flag("attention_bias", false));
    Heads heads = Decoders.heads(config, 128);
    RmsNorm headNorm = new RmsNorm(heads.size(), config.number("rms_norm_eps", 1e-6));
    MultiHeadAttention attention =
        MultiHeadAttention.of(heads, Mask.causal())
            .with(Decoders.projections(style, style))
            .with(Pairing.rotary(Rotary.read(config, heads.size())).normalised(headNorm));
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
