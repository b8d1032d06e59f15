package org.attention4j.models.family;

import java.util.List;
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
import org.attention4j.train.NextToken;

/**
 * Decoder-only language model with learned positions, pre-norm layers and a tied head: GPT-2
 * (Radford et al. 2019) and nanoGPT. Input {@code input_ids} [batch, time], optionally {@code
 * attention_mask} [batch, past + time] and {@code position_ids}; output {@code logits} [batch,
 * time, vocabulary]. Parameter names and layouts are those of Hugging Face's GPT-2.
 *
 * @param bias whether linear layers and norms have biases; GPT-2 has, nanoGPT's example has not
 * @param activation GELU_TANH in GPT-2, GELU in nanoGPT
 */
public record Gpt(
    int vocabulary,
    int context,
    int width,
    int heads,
    int layers,
    boolean bias,
    Activation.Kind activation,
    double dropout)
    implements Family {
  static final String TYPE = "gpt2";
  private static final double EPSILON = 1e-5;
  private static final double SPREAD = 0.02;

  /** GPT-2 of a size: 50,257 tokens, context 1024. */
  public static Gpt gpt2(int width, int heads, int layers) {
    return new Gpt(50257, 1024, width, heads, layers, true, Activation.Kind.GELU_TANH, 0.1);
  }

  /** As nanoGPT trains: no biases, exact GELU. */
  public static Gpt nano(
      int vocabulary, int context, int width, int heads, int layers, double dropout) {
    return new Gpt(vocabulary, context, width, heads, layers, false, Activation.Kind.GELU, dropout);
  }

  @Override
  public String family() {
    return "gpt";
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
            "transformer",
            s -> {
              Tensor x = s.call("wte", tokens, inputs.get("input_ids")); // [batch, time, width]
              Tensor y = s.call("wpe", new LearnedPositions(context, width), x);
              return stack().apply(s, s.dropout("drop", y, dropout), padding, null);
            });
    Scope table = scope.child("transformer").child("wte");
    Tensor logits = scope.in("lm_head", s -> new LanguageModelHead(tokens).apply(table, hidden));
    return Map.of("logits", logits);
  }

  private TransformerEncoder stack() {
    return new TransformerEncoder(layer(), layers, norm(), StackNames.GPT2);
  }

  private TransformerEncoderLayer layer() {
    Linear.Style into = style(SPREAD);
    Linear.Style out = style(SPREAD / Math.sqrt(2.0 * layers)); // GPT-2, section 2.3
    MultiHeadAttention attention =
        MultiHeadAttention.of(Heads.of(width, heads), Mask.causal())
            .with(HeadProjections.fused("c_attn", "c_proj").styled(into, out))
            .with(Scores.of(Mask.causal()).dropping(dropout));
    FeedForward feedForward =
        new FeedForward(width, 4 * width, activation)
            .styled(into, out)
            .named(FeedForward.Names.GPT2);
    return new TransformerEncoderLayer(
        attention,
        feedForward,
        Residual.pre(norm()).dropping(dropout),
        TransformerEncoderLayer.Names.GPT2);
  }

  private Linear.Style style(double deviation) {
    Linear.Style style = Linear.Style.usual().storedInFirst().starting(Init.normal(deviation));
    return bias ? style : style.withoutBias();
  }

  private LayerNorm norm() {
    return new LayerNorm(width, EPSILON, bias);
  }

  @Override
  public Model trainable() {
    return new NextToken(this);
  }

  @Override
  public Config config() {
    return Config.of(TYPE)
        .with("architectures", List.of("GPT2LMHeadModel"))
        .with("vocab_size", vocabulary)
        .with("n_positions", context)
        .with("n_embd", width)
        .with("n_head", heads)
        .with("n_layer", layers)
        .with("activation_function", Activations.name(activation))
        .with("layer_norm_epsilon", EPSILON)
        .with("bias", bias)
        .with("attn_pdrop", dropout)
        .with("embd_pdrop", dropout)
        .with("resid_pdrop", dropout)
        .with("tie_word_embeddings", true);
  }
}
