package org.attention4j.models.huggingface.family;

import org.attention4j.models.family.Activations;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.DecoderModel;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.LanguageHead;
import org.attention4j.models.huggingface.model.NameRules;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Rotary;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.huggingface.model.TokenEmbedder;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.Layer;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.MultiHeadAttention.Pairing;
import org.attention4j.nn.ParallelLayer;
import org.attention4j.nn.Residual;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Mask;

/** GPT-NeoX and Pythia: partial rotary positions, parallel branches with norms of their own. */
final class GptNeoX {
  static final Architecture ARCHITECTURE =
      new Architecture(
          "gpt_neox", "GPT-NeoX, Pythia", "Black et al. 2022", Decoders.TASKS, GptNeoX::read);

  private static final TransformerEncoderLayer.Names NAMES =
      new TransformerEncoderLayer.Names(
          "attention", "input_layernorm", "mlp", "post_attention_layernorm");

  private GptNeoX() {}

  static Pretrained read(Config config, Task task) {
    int width = config.size("hidden_size");
    Heads heads = Heads.of(width, config.size("num_attention_heads"));
    Linear.Style style = Decoders.style(config, config.flag("attention_bias", true));
    MultiHeadAttention attention =
        MultiHeadAttention.of(heads, Mask.causal())
            .with(HeadProjections.fusedByHead("query_key_value", "dense").styled(style, style))
            .with(
                Pairing.rotary(
                    Rotary.read(
                        config,
                        heads.size(),
                        config.number("rotary_emb_base", 10000),
                        config.number("rotary_pct", 0.25),
                        false)))
            .with(Decoders.scores(config));
    Linear.Style biased = Decoders.style(config, true);
    FeedForward feedForward =
        new FeedForward(
                width,
                config.size("intermediate_size"),
                Activations.read(config, "hidden_act", "gelu"))
            .named(new FeedForward.Names("dense_h_to_4h", "dense_4h_to_h"))
            .styled(biased, biased);
    LayerNorm norm = new LayerNorm(width, config.number("layer_norm_eps", 1e-5), true);
    double dropout = config.number("hidden_dropout", 0);
    Layer layer =
        config.flag("use_parallel_residual", true)
            ? new ParallelLayer(attention, feedForward, norm, NAMES, dropout)
            : new TransformerEncoderLayer(
                attention, feedForward, Residual.pre(norm).dropping(dropout), NAMES);
    return new DecoderModel(
        config,
        task,
        "gpt_neox",
        config.size("max_position_embeddings", 2048),
        width,
        TokenEmbedder.of("embed_in", config.size("vocab_size"), width).dropping(dropout),
        LayerStack.of(
            layer,
            config.size("num_hidden_layers"),
            norm,
            new StackNames("layers", "final_layer_norm")),
        LanguageHead.of("embed_out", config.flag("tie_word_embeddings", false)),
        NameRules.prefix("gpt_neox")
            .renaming("^lm_head\\.", "embed_out.")
            .ignoring("(.*\\.)?attention\\.bias"));
  }
}
