package org.attention4j.models.family;

import java.util.List;
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
import org.attention4j.train.NextToken;

/**
 * Decoder-only language model with RMS norm, rotary positions, grouped queries and SwiGLU (Touvron
 * et al. 2023). Inputs and outputs as {@link Gpt}; parameter names are those of Hugging Face's
 * Llama.
 *
 * @param keyValueHeads heads of keys and values; {@code heads} is a multiple of it
 * @param inner width of the feed-forward network
 * @param rotaryBase base of the rotary frequencies
 * @param tied whether the head is the table of the tokens
 */
public record Llama(
    int vocabulary,
    int context,
    int width,
    int heads,
    int keyValueHeads,
    int layers,
    int inner,
    double rotaryBase,
    double epsilon,
    boolean tied)
    implements Family {
  static final String TYPE = "llama";
  private static final double SPREAD = 0.02;

  @Override
  public String family() {
    return "llama";
  }

  @Override
  public Map<String, TensorType> inputs() {
    return Map.of("input_ids", TensorType.i64("batch", "time"));
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Scope placed = scope.positions(inputs.find("position_ids"));
    Mask padding = Mask.keys(inputs.find("attention_mask"));
    Embedding tokens = new Embedding(vocabulary, width, Init.normal(SPREAD));
    Tensor hidden =
        placed.in(
            "model",
            s -> {
              Tensor x = s.call("embed_tokens", tokens, inputs.get("input_ids"));
              return stack().apply(s, x, padding, null); // [batch, time, width]
            });
    Scope table = scope.child("model").child("embed_tokens");
    LanguageModelHead head = new LanguageModelHead(tokens);
    Tensor logits = scope.in("lm_head", s -> head.apply(tied ? table : s, hidden));
    return Map.of("logits", logits);
  }

  private TransformerEncoder stack() {
    Linear.Style style = Linear.Style.usual().withoutBias().starting(Init.normal(SPREAD));
    MultiHeadAttention attention =
        MultiHeadAttention.of(Heads.grouped(width, heads, keyValueHeads), Mask.causal())
            .with(
                HeadProjections.separate("q_proj", "k_proj", "v_proj", "o_proj")
                    .styled(style, style))
            .with(Pairing.rotary(RotaryEmbedding.of(width / heads, rotaryBase, false)));
    GatedFeedForward feedForward =
        new GatedFeedForward(width, inner, Activation.Kind.SILU).styled(style, style);
    RmsNorm norm = new RmsNorm(width, epsilon);
    TransformerEncoderLayer layer =
        new TransformerEncoderLayer(
            attention, feedForward, Residual.pre(norm), TransformerEncoderLayer.Names.LLAMA);
    return new TransformerEncoder(layer, layers, norm, StackNames.TORCH);
  }

  @Override
  public Model trainable() {
    return new NextToken(this);
  }

  @Override
  public Config config() {
    return Config.of(TYPE)
        .with("architectures", List.of("LlamaForCausalLM"))
        .with("vocab_size", vocabulary)
        .with("max_position_embeddings", context)
        .with("hidden_size", width)
        .with("num_attention_heads", heads)
        .with("num_key_value_heads", keyValueHeads)
        .with("num_hidden_layers", layers)
        .with("intermediate_size", inner)
        .with("hidden_act", "silu")
        .with("rope_theta", rotaryBase)
        .with("rms_norm_eps", epsilon)
        .with("tie_word_embeddings", tied);
  }
}
