package org.attention4j.conformance.models;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.GatedFeedForward;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.Init;
import org.attention4j.nn.LanguageModelHead;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.MultiHeadAttention.Pairing;
import org.attention4j.nn.MultiHeadAttention.Scores;
import org.attention4j.nn.PairBias;
import org.attention4j.nn.RelativePositionBias;
import org.attention4j.nn.Residual;
import org.attention4j.nn.RmsNorm;
import org.attention4j.nn.Scope;
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
 * T5 1.1 in small, with its checkpoint's names: buckets of relative positions shared by all layers,
 * unscaled scores, heads narrower than the width, RMS norms, gated GELU.
 *
 * <p>Inputs: {@code input_ids} [batch, source], {@code decoder_input_ids} [batch, time]; if opened
 * with it, {@code attention_mask} [batch, source]. Output: {@code logits} [batch, time,
 * vocabulary].
 */
public record TinyT5(int vocabulary, int width, int headSize, int heads, int layers, int buckets)
    implements Model {
  private static final int MAX_DISTANCE = 12;

  /** 11 tokens, width 10, 2 heads of 3, 2 layers, 8 buckets. */
  public static TinyT5 standard() {
    return new TinyT5(11, 10, 3, 2, 2, 8);
  }

  private MultiHeadAttention attention(Mask mask) {
    Linear.Style plain = Linear.Style.usual().withoutBias().starting(Init.normal(0.3));
    return new MultiHeadAttention(
        new Heads(width, heads, heads, headSize),
        HeadProjections.separate("q", "k", "v", "o").styled(plain, plain),
        Pairing.PLAIN,
        Scores.of(mask).scaled(1));
  }

  private GatedFeedForward feedForward() {
    return new GatedFeedForward(width, 2 * width, Activation.Kind.GELU_TANH)
        .named(GatedFeedForward.Names.T5);
  }

  private RmsNorm norm() {
    return new RmsNorm(width, 1e-6);
  }

  private TransformerEncoder encoder() {
    TransformerEncoderLayer.Names names =
        new TransformerEncoderLayer.Names(
            "layer.0.SelfAttention",
            "layer.0.layer_norm",
            "layer.1.DenseReluDense",
            "layer.1.layer_norm");
    TransformerEncoderLayer layer =
        new TransformerEncoderLayer(
            attention(Mask.all()), feedForward(), Residual.pre(norm()), names);
    return new TransformerEncoder(
        layer, layers, norm(), new StackNames("block", "final_layer_norm"));
  }

  private TransformerDecoder decoder() {
    TransformerDecoderLayer.Names names =
        new TransformerDecoderLayer.Names(
            "layer.0.SelfAttention",
            "layer.0.layer_norm",
            "layer.1.EncDecAttention",
            "layer.1.layer_norm",
            "layer.2.DenseReluDense",
            "layer.2.layer_norm");
    TransformerDecoderLayer layer =
        new TransformerDecoderLayer(
            attention(Mask.causal()),
            attention(Mask.all()),
            feedForward(),
            Residual.pre(norm()),
            names);
    return new TransformerDecoder(
        layer, layers, norm(), new StackNames("block", "final_layer_norm"));
  }

  private PairBias bias(Scope stack, boolean bidirectional) {
    return new RelativePositionBias(buckets, MAX_DISTANCE, heads, bidirectional)
        .in(stack.child("block.0.layer.0.SelfAttention.relative_attention_bias"));
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    inputs.put("input_ids", TensorType.i64("batch", "source"));
    inputs.put("decoder_input_ids", TensorType.i64("batch", "time"));
    return inputs;
  }

  @Override
  public Map<String, Tensor> apply(Scope top, Inputs inputs) {
    Mask padding = Mask.keys(inputs.find("attention_mask"));
    Embedding tokens = new Embedding(vocabulary, width, Init.normal(1));
    Tensor source = top.call("shared", tokens, inputs.get("input_ids"));
    Tensor memory =
        top.uncached().in("encoder", s -> encoder().apply(s, source, padding, bias(s, true)));
    Tensor target = top.call("shared", tokens, inputs.get("decoder_input_ids"));
    Tensor y =
        top.in(
            "decoder",
            s -> decoder().apply(s, target, Mask.all(), bias(s, false), memory, padding));
    LanguageModelHead head = new LanguageModelHead(tokens);
    return Map.of("logits", top.call("lm_head", head, y));
  }
}
