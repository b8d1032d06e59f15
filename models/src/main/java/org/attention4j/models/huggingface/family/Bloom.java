package org.attention4j.models.huggingface.family;

import java.util.Map;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.DecoderModel;
import org.attention4j.models.huggingface.model.Decoders;
import org.attention4j.models.huggingface.model.LanguageHead;
import org.attention4j.models.huggingface.model.NameRules;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.huggingface.model.TokenEmbedder;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.MultiHeadAttention.Scores;
import org.attention4j.nn.Residual;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Activation;
import org.attention4j.op.Mask;
import org.attention4j.op.Positions;

/** BLOOM: ALiBi instead of positions, a norm after the token vectors. */
final class Bloom {
  static final Architecture ARCHITECTURE =
      new Architecture("bloom", "BLOOM", "Le Scao et al. 2022", Decoders.TASKS, Bloom::read)
          .taking(
              Map.of(
                  "n_embed",
                  "hidden_size",
                  "num_attention_heads",
                  "n_head",
                  "num_hidden_layers",
                  "n_layer"));

  private static final TransformerEncoderLayer.Names NAMES =
      new TransformerEncoderLayer.Names(
          "self_attention", "input_layernorm", "mlp", "post_attention_layernorm");

  private Bloom() {}

  static Pretrained read(Config config, Task task) {
    int width = config.size("hidden_size", 64);
    int count = config.size("n_head", 8);
    int layers = config.size("n_layer", 2);
    if (config.number("pretraining_tp", 1) > 1) {
      config.require("slow_but_exact", false); // it leaves out biases
    }
    Linear.Style style = Decoders.style(config, true);
    Scores scores =
        Scores.of(Mask.causal())
            .withAlibi(Positions.alibiSlopes(count))
            .dropping(config.number("attention_dropout", 0));
    MultiHeadAttention attention =
        MultiHeadAttention.of(Heads.of(width, count), Mask.causal())
            .with(HeadProjections.fusedByHead("query_key_value", "dense").styled(style, style))
            .with(scores);
    FeedForward feedForward =
        new FeedForward(width, 4 * width, Activation.Kind.GELU_TANH)
            .named(new FeedForward.Names("dense_h_to_4h", "dense_4h_to_h"))
            .styled(style, style);
    LayerNorm norm = new LayerNorm(width, config.number("layer_norm_epsilon", 1e-5), true);
    boolean normalised = config.flag("apply_residual_connection_post_layernorm", false);
    Residual connection = normalised ? Residual.both(norm) : Residual.pre(norm);
    Residual residual = connection.dropping(config.number("hidden_dropout", 0));
    return new DecoderModel(
        config,
        task,
        "transformer",
        config.size("seq_length", 2048),
        width,
        TokenEmbedder.of("word_embeddings", config.size("vocab_size"), width)
            .normalised("word_embeddings_layernorm", norm),
        LayerStack.of(
            new TransformerEncoderLayer(attention, feedForward, residual, NAMES),
            layers,
            norm,
            StackNames.GPT2),
        LanguageHead.of("lm_head", config.flag("tie_word_embeddings", true)),
        NameRules.prefix("transformer"));
  }
}
