package org.attention4j.models.huggingface.family;

import org.attention4j.models.family.Activations;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Rotary;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.huggingface.model.TokenEmbedder;
import org.attention4j.nn.FusedGatedFeedForward;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.MultiHeadAttention.Pairing;
import org.attention4j.nn.Residual;
import org.attention4j.nn.RmsNorm;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Mask;

/** Phi 3 and 4: Llama with joined projections, windows and LongRoPE. */
final class Phi3 {
  static final Architecture ARCHITECTURE =
      new Architecture(
          "phi3",
          "Phi 3, Phi 4",
          "Abdin et al. 2024",
          Decoders.tasksWithout(Task.QUESTION_ANSWERING),
          Phi3::read);

  private Phi3() {}

  static Pretrained read(Config config, Task task) {
    Heads heads = Decoders.heads(config);
    int width = heads.width();
    Linear.Style plain = Decoders.style(config, false);
    Linear.Style output = Decoders.style(config, config.flag("attention_bias", false));
    MultiHeadAttention attention =
        MultiHeadAttention.of(heads, Mask.causal())
            .with(HeadProjections.fused("qkv_proj", "o_proj").styled(plain, output))
            .with(Pairing.rotary(Rotary.read(config, heads.size(), 10000, 1, false)))
            .with(Decoders.window(config, config.size("sliding_window", 0)));
    FusedGatedFeedForward feedForward =
        new FusedGatedFeedForward(
            width,
            config.size("intermediate_size"),
            Activations.read(config, "hidden_act", "silu"),
            plain,
            plain,
            "gate_up_proj",
            "down_proj");
    RmsNorm norm = Decoders.rmsNorm(config);
    TransformerEncoderLayer layer =
        new TransformerEncoderLayer(
            attention,
            feedForward,
            Residual.pre(norm).dropping(config.number("resid_pdrop", 0)),
            TransformerEncoderLayer.Names.LLAMA);
    LayerStack stack =
        LayerStack.of(layer, config.size("num_hidden_layers"), norm, StackNames.TORCH);
    return Decoders.model(config, task, stack, false)
        .with(
            TokenEmbedder.of("embed_tokens", config.size("vocab_size"), width)
                .padded(Decoders.padding(config, 32000))
                .dropping(config.number("embd_pdrop", 0)));
  }
}
