package org.attention4j.conformance.models;

import java.util.Map;
import org.attention4j.nn.Block;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.LanguageModelHead;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.MultiHeadAttention.Pairing;
import org.attention4j.nn.Scope;
import org.attention4j.op.Activation;
import org.attention4j.op.Mask;
import org.attention4j.op.RotaryEmbedding;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * GPT-NeoX of the recorded size: partial rotary positions, and a layer of its own in which
 * attention and feed-forward stand side by side.
 */
record NeoX() implements Model {
  private static final int WIDTH = 64;
  private static final int VOCABULARY = 131;

  /** {@code x + attention(norm(x)) + feedForward(norm'(x))}. */
  record ParallelLayer(MultiHeadAttention attention, Block feedForward, Mask padding)
      implements Block {
    @Override
    public Tensor apply(Scope s, Tensor x) {
      Tensor a = s.call("input_layernorm", new LayerNorm(WIDTH), x);
      Tensor m = s.call("post_attention_layernorm", new LayerNorm(WIDTH), x);
      return x.add(s.in("attention", c -> attention.self(c, a, padding, null)))
          .add(s.call("mlp", feedForward, m));
    }
  }

  @Override
  public Map<String, TensorType> inputs() {
    return Map.of("input_ids", TensorType.i64("batch", "time"));
  }

  @Override
  public Map<String, Tensor> apply(Scope top, Inputs in) {
    Scope s = top.child("gpt_neox").positions(in.find("position_ids"));
    Embedding tokens = new Embedding(VOCABULARY, WIDTH);
    MultiHeadAttention attention =
        MultiHeadAttention.of(Heads.of(WIDTH, 4), Mask.causal())
            .with(HeadProjections.fusedByHead("query_key_value", "dense"))
            .with(Pairing.rotary(RotaryEmbedding.of(4, 10000, false)));
    FeedForward feedForward =
        new FeedForward(WIDTH, 96, Activation.Kind.GELU)
            .named(new FeedForward.Names("dense_h_to_4h", "dense_4h_to_h"));
    ParallelLayer layer =
        new ParallelLayer(attention, feedForward, Mask.keys(in.find("attention_mask")));
    Tensor x = s.call("embed_in", tokens, in.get("input_ids"));
    for (int n = 0; n < 2; n++) {
      x = s.layer(n).call("layers." + n, layer, x);
    }
    x = s.call("final_layer_norm", new LayerNorm(WIDTH), x);
    return Map.of("logits", top.call("embed_out", new LanguageModelHead(tokens), x));
  }
}
