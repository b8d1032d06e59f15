package org.attention4j.models.huggingface.family;

import java.util.Locale;
import org.attention4j.models.family.Activations;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.EncoderDecoder.Relative;
import org.attention4j.nn.Block;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.GatedFeedForward;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.MultiHeadAttention.Scores;
import org.attention4j.nn.RelativePositionBias;
import org.attention4j.op.Activation;
import org.attention4j.op.Mask;

/** The parts of T5's layers. */
final class T5Layers {
  static final String SELF = "layer.0.SelfAttention";

  private T5Layers() {}

  static MultiHeadAttention attention(Config config, Mask mask, double dropout) {
    int count = config.size("num_heads", 8);
    int width = config.size("d_model", 512);
    int size = config.size("d_kv", 64);
    return MultiHeadAttention.of(new Heads(width, count, count, size), mask)
        .with(ScaledStart.read(config).projections(width, count, size))
        .with(Scores.of(mask).scaled(1).dropping(dropout));
  }

  /** {@code feed_forward_proj}: an activation, or {@code gated-} and an activation. */
  static Block feedForward(Config config, int width, double dropout) {
    String kind = config.text("feed_forward_proj", "relu").toLowerCase(Locale.ROOT);
    int inner = config.size("d_ff", 2048);
    Linear.Style hidden = ScaledStart.read(config).from(width);
    Linear.Style output = ScaledStart.read(config).from(inner);
    if (!kind.startsWith("gated-")) {
      return new FeedForward(width, inner, Activations.of(config, "feed_forward_proj", kind))
          .styled(hidden, output)
          .named(new FeedForward.Names("wi", "wo"))
          .dropping(dropout);
    }
    String name = kind.substring("gated-".length());
    Activation.Kind activation =
        name.equals("gelu") // the tanh form, whatever the name says
            ? Activation.Kind.GELU_TANH
            : Activations.of(config, "feed_forward_proj", name);
    return new GatedFeedForward(width, inner, activation)
        .styled(hidden, output)
        .named(GatedFeedForward.Names.T5)
        .dropping(dropout);
  }

  static Relative relative(Config config, boolean bidirectional) {
    return new Relative(
        "block.0." + SELF + ".relative_attention_bias",
        new RelativePositionBias(
            config.size("relative_attention_num_buckets", 32),
            config.size("relative_attention_max_distance", 128),
            config.size("num_heads", 8),
            bidirectional));
  }
}
