package org.attention4j.conformance.models;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.nn.Block;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.LanguageModelHead;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
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

/** T5 1.0 of the recorded size: ReLU, a tied head with scaled hidden states. */
record T5() implements Model {
  private static final int WIDTH = 48;
  private static final Linear.Style PLAIN = Linear.Style.usual().withoutBias();
  private static final StackNames STACK = new StackNames("block", "final_layer_norm");

  private static MultiHeadAttention attention(Mask mask) {
    return MultiHeadAttention.of(new Heads(WIDTH, 4, 4, 12), mask)
        .with(HeadProjections.separate("q", "k", "v", "o").styled(PLAIN, PLAIN))
        .with(Scores.of(mask).scaled(1));
  }

  private static Block feedForward() {
    return new FeedForward(WIDTH, 96, Activation.Kind.RELU)
        .styled(PLAIN, PLAIN)
        .named(new FeedForward.Names("wi", "wo"));
  }

  private static PairBias bias(Scope stack, boolean bidirectional) {
    return new RelativePositionBias(8, 12, 4, bidirectional)
        .in(stack.child("block.0.layer.0.SelfAttention.relative_attention_bias"));
  }

  private static TransformerEncoder encoder(Residual residual) {
    TransformerEncoderLayer.Names names =
        new TransformerEncoderLayer.Names(
            "layer.0.SelfAttention",
            "layer.0.layer_norm",
            "layer.1.DenseReluDense",
            "layer.1.layer_norm");
    TransformerEncoderLayer layer =
        new TransformerEncoderLayer(attention(Mask.all()), feedForward(), residual, names);
    return new TransformerEncoder(layer, 2, residual.norm(), STACK);
  }

  private static TransformerDecoder decoder(Residual residual) {
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
            attention(Mask.causal()), attention(Mask.all()), feedForward(), residual, names);
    return new TransformerDecoder(layer, 2, residual.norm(), STACK);
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    inputs.put("input_ids", TensorType.i64("batch", "source"));
    inputs.put("attention_mask", TensorType.i64("batch", "source"));
    inputs.put("decoder_input_ids", TensorType.i64("batch", "time"));
    return inputs;
  }

  @Override
  public Map<String, Tensor> apply(Scope top, Inputs in) {
    Mask padding = Mask.keys(in.get("attention_mask"));
    Embedding tokens = new Embedding(131, WIDTH);
    Residual residual = Residual.pre(new RmsNorm(WIDTH, 1e-6));
    Tensor source = top.call("shared", tokens, in.get("input_ids"));
    Tensor memory =
        top.uncached()
            .in("encoder", s -> encoder(residual).apply(s, source, padding, bias(s, true)));
    Tensor target = top.call("shared", tokens, in.get("decoder_input_ids"));
    Tensor y =
        top.in(
            "decoder",
            s -> decoder(residual).apply(s, target, Mask.all(), bias(s, false), memory, padding));
    LanguageModelHead head = new LanguageModelHead(tokens, 1 / Math.sqrt(WIDTH), 0);
    return Map.of("logits", top.call("shared", head, y));
  }
}
