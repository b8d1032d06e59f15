package org.attention4j.conformance.models;

import java.util.Map;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.GatedFeedForward;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.LanguageModelHead;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.MultiHeadAttention.Pairing;
import org.attention4j.nn.MultiHeadAttention.Scores;
import org.attention4j.nn.Residual;
import org.attention4j.nn.RmsNorm;
import org.attention4j.nn.Scope;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerEncoder;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Activation;
import org.attention4j.op.Mask;
import org.attention4j.op.RotaryEmbedding;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/** Llama, Mistral, Qwen 2 and Gemma, of the recorded sizes: they differ in a few attributes. */
record LlamaLike(Heads heads, Mask mask, boolean inputBias, boolean tied, boolean gemma)
    implements Model {
  private static final int WIDTH = 48;
  private static final int VOCABULARY = 131;

  static LlamaLike named(String name) {
    Heads heads = new Heads(WIDTH, 4, 2, 12);
    return switch (name) {
      case "llama" -> new LlamaLike(heads, Mask.causal(), false, false, false);
      case "mistral" ->
          new LlamaLike(heads, Mask.causal().and(Mask.window(5)), false, false, false);
      case "qwen2" -> new LlamaLike(heads, Mask.causal(), true, true, false);
      case "gemma" -> new LlamaLike(new Heads(WIDTH, 4, 2, 20), Mask.causal(), false, true, true);
      default -> throw new IllegalArgumentException(name);
    };
  }

  @Override
  public Map<String, TensorType> inputs() {
    return Map.of("input_ids", TensorType.i64("batch", "time"));
  }

  private TransformerEncoder stack() {
    Linear.Style plain = Linear.Style.usual().withoutBias();
    HeadProjections projections =
        HeadProjections.separate("q_proj", "k_proj", "v_proj", "o_proj")
            .styled(inputBias ? Linear.Style.usual() : plain, plain);
    RotaryEmbedding rotary = RotaryEmbedding.of(heads.size(), 10000, false);
    RmsNorm norm = new RmsNorm(WIDTH, 1e-6, gemma);
    TransformerEncoderLayer layer =
        new TransformerEncoderLayer(
            new MultiHeadAttention(heads, projections, Pairing.rotary(rotary), Scores.of(mask)),
            new GatedFeedForward(
                WIDTH, 88, gemma ? Activation.Kind.GELU_TANH : Activation.Kind.SILU),
            Residual.pre(norm),
            TransformerEncoderLayer.Names.LLAMA);
    return new TransformerEncoder(layer, 2, norm, StackNames.TORCH);
  }

  @Override
  public Map<String, Tensor> apply(Scope top, Inputs in) {
    Embedding tokens = new Embedding(VOCABULARY, WIDTH);
    Scope scope = top.child("model").positions(in.find("position_ids"));
    Tensor x = scope.call("embed_tokens", tokens, in.get("input_ids"));
    x = gemma ? x.mul(Math.sqrt(WIDTH)) : x;
    x = stack().apply(scope, x, Mask.keys(in.find("attention_mask")), null);
    LanguageModelHead head = new LanguageModelHead(tokens);
    return Map.of(
        "logits", tied ? scope.call("embed_tokens", head, x) : top.call("lm_head", head, x));
  }
}
