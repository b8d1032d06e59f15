package org.attention4j.models.huggingface.family;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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

/** MPT: ALiBi, no biases anywhere. */
final class Mpt {
  static final Architecture ARCHITECTURE =
      new Architecture("mpt", "MPT", "MosaicML 2023", Decoders.TASKS, Mpt::read)
          .taking(
              Map.of(
                  "hidden_size",
                  "d_model",
                  "num_attention_heads",
                  "n_heads",
                  "num_hidden_layers",
                  "n_layers"));

  private static final TransformerEncoderLayer.Names NAMES =
      new TransformerEncoderLayer.Names("attn", "norm_1", "ffn", "norm_2");

  private Mpt() {}

  static Pretrained read(Config config, Task task) {
    Config inner = config.section("attn_config");
    for (String unread : List.of("qk_ln", "prefix_lm", "alibi", "alibi_bias_max")) {
      inner.has(unread); // no release of transformers acts on them; norms in a file are refused
    }
    inner.require("attn_type", "multihead_attention");
    config.has("logit_scale"); // nor on this; MosaicML's own code does
    int width = config.size("d_model", 2048);
    int count = config.size("n_heads", 16);
    Linear.Style plain = Decoders.style(config, false);
    double dropout = inner.number("attn_pdrop", 0);
    Scores scores =
        Scores.of(Mask.causal())
            .scaled(inner.number("softmax_scale", 0))
            .withAlibi(slopes(count))
            .dropping(dropout);
    MultiHeadAttention attention =
        MultiHeadAttention.of(Heads.of(width, count), Mask.causal())
            .with(
                HeadProjections.fused("Wqkv", "out_proj")
                    .styled(plain, plain)
                    .clipped(inner.number("clip_qkv", 0)))
            .with(scores);
    FeedForward feedForward =
        new FeedForward(width, 4 * width, Activation.Kind.GELU) // whatever expansion_ratio says
            .named(new FeedForward.Names("up_proj", "down_proj"))
            .styled(plain, plain);
    LayerNorm norm = new LayerNorm(width, config.number("layer_norm_epsilon", 1e-5), false);
    Residual residual = Residual.pre(norm).dropping(dropout);
    return new DecoderModel(
        config,
        task,
        "transformer",
        config.size("max_seq_len", 2048),
        width,
        TokenEmbedder.of("wte", config.size("vocab_size", 50368), width),
        LayerStack.of(
            new TransformerEncoderLayer(attention, feedForward, residual, NAMES),
            config.size("n_layers", 24),
            norm,
            new StackNames("blocks", "norm_f")),
        LanguageHead.of("lm_head", config.flag("tie_word_embeddings", true)),
        NameRules.prefix("transformer"));
  }

  /** The next power of two's, every second one first; the sequence ends at 2^-8. */
  private static List<Double> slopes(int heads) {
    int power = Integer.highestOneBit(Math.max(1, 2 * heads - 1));
    List<Double> all =
        IntStream.rangeClosed(1, power).mapToObj(i -> Math.pow(2, -8.0 * i / power)).toList();
    if (power == heads) {
      return all;
    }
    return Stream.concat(
            IntStream.range(0, power / 2).mapToObj(i -> all.get(2 * i + 1)),
            IntStream.range(0, power / 2).mapToObj(i -> all.get(2 * i)))
        .limit(heads)
        .toList();
  }
}
