package org.attention4j.models.huggingface.family;

import org.attention4j.models.family.Activations;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.nn.ExpertLayers;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.MixtureOfExperts;

/** Mixtral: Mistral with a mixture of experts in each layer. */
final class Mixtral {
  static final Architecture ARCHITECTURE =
      new Architecture("mixtral", "Mixtral", "Jiang et al. 2024", Decoders.TASKS, Mixtral::read);

  private static final TransformerEncoderLayer.Names NAMES =
      new TransformerEncoderLayer.Names(
          "self_attn", "input_layernorm", "block_sparse_moe", "post_attention_layernorm");

  private Mixtral() {}

  static Pretrained read(Config config, Task task) {
    Linear.Style plain = Decoders.style(config, false);
    MultiHeadAttention attention =
        Decoders.attention(config, Decoders.heads(config), Decoders.projections(plain, plain))
            .with(Decoders.window(config, config.size("sliding_window", 0)));
    MixtureOfExperts routing =
        new MixtureOfExperts(
            config.size("num_experts_per_tok", 2),
            Activations.read(config, "hidden_act", "silu"),
            true,
            true);
    ExpertLayers experts =
        new ExpertLayers(
            config.size("hidden_size"),
            config.size("intermediate_size"),
            config.size("num_local_experts", 8),
            routing,
            new ExpertLayers.Names("gate", "experts", "w1", "w3", "w2"));
    return Decoders.model(
        config,
        task,
        Decoders.layers(config, Decoders.rmsNorm(config), n -> attention, experts, NAMES),
        false);
  }
}
