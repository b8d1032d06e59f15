package org.attention4j.models.huggingface.family;

import java.util.Map;
import org.attention4j.models.family.Activations;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.DecoderModel;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.LanguageHead;
import org.attention4j.models.huggingface.model.NameRules;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Rotary;
import org.attention4j.models.huggingface.model.RoundedAlibi;
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
import org.attention4j.op.Positions;

/** Falcon, old and new: one key head or groups, ALiBi or rotary, parallel or in sequence. */
final class Falcon {
  static final Architecture ARCHITECTURE =
      new Architecture("falcon", "Falcon", "Almazrouei et al. 2023", Decoders.TASKS, Falcon::read)
          .taking(Map.of("n_embed", "hidden_size"));

  private Falcon() {}

  static Pretrained read(Config config, Task task) {
    int width = config.size("hidden_size", 4544);
    Linear.Style style = Decoders.style(config, config.flag("bias", false));
    FeedForward feedForward =
        new FeedForward(
                width,
                config.size("ffn_hidden_size", 4 * width),
                Activations.read(config, "activation", "gelu"))
            .named(new FeedForward.Names("dense_h_to_4h", "dense_4h_to_h"))
            .styled(style, style);
    LayerNorm norm = new LayerNorm(width, config.number("layer_norm_epsilon", 1e-5), true);
    MultiHeadAttention attention = attention(config, width, style);
    DecoderModel model =
        new DecoderModel(
            config,
            task,
            "transformer",
            config.size("max_position_embeddings", 2048),
            width,
            TokenEmbedder.of("word_embeddings", config.size("vocab_size", 65024), width),
            LayerStack.of(
                layer(config, attention, feedForward, norm),
                config.size("num_hidden_layers", 32),
                norm,
                StackNames.GPT2),
            LanguageHead.of("lm_head", config.flag("tie_word_embeddings", true)),
            NameRules.prefix("transformer"));
    return config.flag("alibi", false) ? model.with(alibi(attention.heads())) : model;
  }

  /** Added before the products are divided by the root. */
  private static RoundedAlibi alibi(Heads heads) {
    return new RoundedAlibi(Positions.alibiSlopes(heads.count()), 1 / Math.sqrt(heads.size()));
  }

  private static MultiHeadAttention attention(Config config, int width, Linear.Style style) {
    int count = config.size("num_attention_heads", 71);
    boolean grouped = config.flag("new_decoder_architecture", false);
    boolean one = !grouped && config.flag("multi_query", true);
    int keyValue = grouped ? config.size("num_kv_heads", count) : one ? 1 : count;
    Heads heads = Heads.grouped(width, count, keyValue);
    boolean alibi = config.flag("alibi", false);
    return MultiHeadAttention.of(heads, Mask.causal())
        .with(HeadProjections.fusedByHead("query_key_value", "dense").styled(style, style))
        .with(alibi ? Pairing.PLAIN : Pairing.rotary(Rotary.read(config, heads.size())))
        .with(Decoders.scores(config));
  }

  private static Layer layer(
      Config config, MultiHeadAttention attention, FeedForward feedForward, LayerNorm norm) {
    boolean grouped = config.flag("new_decoder_architecture", false);
    double dropout = config.number("hidden_dropout", 0);
    boolean parallel = config.flag("parallel_attn", true);
    if (grouped && !parallel) {
      throw config.wrong("parallel_attn", "true with new_decoder_architecture", false);
    }
    if (!parallel) {
      return new TransformerEncoderLayer(
          attention,
          feedForward,
          Residual.pre(norm).dropping(dropout),
          names("input_layernorm", "post_attention_layernorm"));
    }
    boolean two = grouped && config.size("num_ln_in_parallel_attn", 2) == 2;
    return new ParallelLayer(
        attention,
        feedForward,
        norm,
        two ? names("ln_attn", "ln_mlp") : names("input_layernorm", "input_layernorm"),
        dropout);
  }

  private static TransformerEncoderLayer.Names names(String first, String second) {
    return new TransformerEncoderLayer.Names("self_attention", first, "mlp", second);
  }
}
