package org.attention4j.models.readme;

import java.util.Map;
import org.attention4j.nn.Block;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.LanguageModelHead;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LearnedPositions;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.Residual;
import org.attention4j.nn.Scope;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Activation;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

// README
record TinyGpt(int vocabulary, int context, int width, int heads, int layers) implements Model {
  @Override
  public Map<String, TensorType> inputs() {
    return Map.of("input_ids", TensorType.i64("batch", "time"));
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Embedding tokens = new Embedding(vocabulary, width);
    Tensor x = scope.call("tokens", tokens, inputs.get("input_ids")); // [batch, time, width]
    x = scope.call("positions", new LearnedPositions(context, width), x);
    for (int n = 0; n < layers; n++) {
      x = scope.layer(n).call("layers." + n, layer(), x);
    }
    x = scope.call("norm", new LayerNorm(width), x);
    return Map.of("logits", scope.call("tokens", new LanguageModelHead(tokens), x)); // tied
  }

  private Block layer() {
    return new TransformerEncoderLayer(
        MultiHeadAttention.of(Heads.of(width, heads), Mask.causal()),
        new FeedForward(width, 4 * width, Activation.Kind.GELU),
        Residual.pre(new LayerNorm(width)),
        TransformerEncoderLayer.Names.TORCH);
  }
}
