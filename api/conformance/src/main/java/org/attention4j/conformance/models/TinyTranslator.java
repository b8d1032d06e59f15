package org.attention4j.conformance.models;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.LanguageModelHead;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.Residual;
import org.attention4j.nn.Scope;
import org.attention4j.nn.SinusoidalPositions;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerDecoder;
import org.attention4j.nn.TransformerDecoderLayer;
import org.attention4j.nn.TransformerEncoder;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Activation;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * The encoder-decoder of 2017 in small: sinusoidal positions, post-norm, ReLU, one table for
 * source, target and head.
 *
 * <p>Inputs: {@code input_ids} [batch, source], {@code decoder_input_ids} [batch, time]; if opened
 * with it, {@code attention_mask} [batch, source]. Output: {@code logits} [batch, time,
 * vocabulary].
 */
public record TinyTranslator(int vocabulary, int width, int heads, int layers) implements Model {

  /** 11 tokens, width 8, 2 heads, 2 layers on each side. */
  public static TinyTranslator standard() {
    return new TinyTranslator(11, 8, 2, 2);
  }

  private Residual residual() {
    return Residual.post(new LayerNorm(width));
  }

  private FeedForward feedForward() {
    return new FeedForward(width, 2 * width, Activation.Kind.RELU);
  }

  private MultiHeadAttention attention(Mask mask) {
    return MultiHeadAttention.of(Heads.of(width, heads), mask);
  }

  private TransformerEncoder encoder() {
    TransformerEncoderLayer layer =
        new TransformerEncoderLayer(
            attention(Mask.all()), feedForward(), residual(), TransformerEncoderLayer.Names.TORCH);
    return new TransformerEncoder(layer, layers, null, StackNames.TORCH);
  }

  private TransformerDecoder decoder() {
    TransformerDecoderLayer layer =
        new TransformerDecoderLayer(
            attention(Mask.causal()),
            attention(Mask.all()),
            feedForward(),
            residual(),
            TransformerDecoderLayer.Names.TORCH);
    return new TransformerDecoder(layer, layers, null, StackNames.TORCH);
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    inputs.put("input_ids", TensorType.i64("batch", "source"));
    inputs.put("decoder_input_ids", TensorType.i64("batch", "time"));
    return inputs;
  }

  private Tensor embed(Scope scope, Scope top, Tensor ids) {
    Tensor x = top.call("shared", new Embedding(vocabulary, width), ids).mul(Math.sqrt(width));
    return scope.call("positions", new SinusoidalPositions(), x);
  }

  @Override
  public Map<String, Tensor> apply(Scope top, Inputs inputs) {
    Mask padding = Mask.keys(inputs.find("attention_mask"));
    Tensor source = inputs.get("input_ids");
    Tensor memory =
        top.uncached().in("encoder", s -> encoder().apply(s, embed(s, top, source), padding, null));
    Tensor target = inputs.get("decoder_input_ids");
    Tensor y =
        top.in(
            "decoder",
            s -> decoder().apply(s, embed(s, top, target), Mask.all(), null, memory, padding));
    LanguageModelHead head = new LanguageModelHead(new Embedding(vocabulary, width));
    return Map.of("logits", top.call("shared", head, y));
  }
}
