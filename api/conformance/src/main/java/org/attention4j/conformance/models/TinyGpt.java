package org.attention4j.conformance.models;

import java.util.Map;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.Init;
import org.attention4j.nn.LanguageModelHead;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LearnedPositions;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.MultiHeadAttention.Pairing;
import org.attention4j.nn.MultiHeadAttention.Scores;
import org.attention4j.nn.Residual;
import org.attention4j.nn.Scope;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerEncoder;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Activation;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * GPT-2 in small, with its checkpoint's names: learned positions, one projection to queries, keys
 * and values, weights stored [in, out], pre-norm, tanh GELU, tied head.
 *
 * <p>Inputs: {@code input_ids} [batch, time]; if opened with them, {@code attention_mask} [batch,
 * past+time] and {@code position_ids} [batch, time]. Output: {@code logits} [batch, time,
 * vocabulary].
 */
public record TinyGpt(int vocabulary, int context, int width, int heads, int layers, double dropout)
    implements Model {

  /** 13 tokens, context 16, width 12, 3 heads, 2 layers, no dropout. */
  public static TinyGpt standard() {
    return new TinyGpt(13, 16, 12, 3, 2, 0);
  }

  /** The same with dropout. */
  public TinyGpt dropping(double probability) {
    return new TinyGpt(vocabulary, context, width, heads, layers, probability);
  }

  private TransformerEncoder stack() {
    Linear.Style in = Linear.Style.usual().storedInFirst().starting(Init.normal(0.02));
    Linear.Style out = in.starting(Init.normal(0.02 / Math.sqrt(2.0 * layers)));
    MultiHeadAttention attention =
        new MultiHeadAttention(
            Heads.of(width, heads),
            HeadProjections.fused("c_attn", "c_proj").styled(in, out),
            Pairing.PLAIN,
            Scores.of(Mask.causal()).dropping(dropout));
    FeedForward feedForward =
        new FeedForward(width, 4 * width, Activation.Kind.GELU_TANH)
            .named(FeedForward.Names.GPT2)
            .styled(in, out);
    TransformerEncoderLayer layer =
        new TransformerEncoderLayer(
            attention,
            feedForward,
            Residual.pre(new LayerNorm(width)).dropping(dropout),
            TransformerEncoderLayer.Names.GPT2);
    return new TransformerEncoder(layer, layers, new LayerNorm(width), StackNames.GPT2);
  }

  @Override
  public Map<String, TensorType> inputs() {
    return Map.of("input_ids", TensorType.i64("batch", "time"));
  }

  @Override
  public Map<String, Tensor> apply(Scope root, Inputs inputs) {
    Scope scope = root.child("transformer").positions(inputs.find("position_ids"));
    Embedding tokens = new Embedding(vocabulary, width);
    Tensor x = scope.call("wte", tokens, inputs.get("input_ids"));
    x = scope.call("wpe", new LearnedPositions(context, width), x);
    x = scope.dropout("drop", x, dropout);
    x = stack().apply(scope, x, Mask.keys(inputs.find("attention_mask")), null);
    return Map.of("logits", scope.call("wte", new LanguageModelHead(tokens), x));
  }
}
