package org.attention4j.models.family;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.Init;
import org.attention4j.nn.LanguageModelHead;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.MultiHeadAttention.Scores;
import org.attention4j.nn.Residual;
import org.attention4j.nn.Scope;
import org.attention4j.nn.SinusoidalPositions;
import org.attention4j.nn.StackNames;
import org.attention4j.nn.TransformerDecoder;
import org.attention4j.nn.TransformerDecoderLayer;
import org.attention4j.nn.TransformerEncoder;
import org.attention4j.nn.TransformerEncoderLayer;
import org.attention4j.op.Activation;
import org.attention4j.op.CrossEntropy;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.NextToken;

/**
 * The encoder-decoder of Vaswani et al. 2017: sinusoidal positions, post-norm layers, one table for
 * source, target and head. Inputs {@code input_ids} and {@code attention_mask} [batch,
 * source_time], {@code decoder_input_ids} [batch, time]; output {@code logits} [batch, time,
 * vocabulary]. Layers are named as PyTorch's.
 *
 * @param layers of the encoder, and of the decoder
 * @param inner width of the feed-forward networks
 * @param labelSmoothing of the loss, 0.1 in the paper
 */
public record Seq2Seq(
    int vocabulary,
    int context,
    int width,
    int heads,
    int layers,
    int inner,
    double dropout,
    double labelSmoothing)
    implements Family {
  static final String TYPE = "attention4j-seq2seq";

  @Override
  public String family() {
    return "seq2seq";
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    inputs.put("input_ids", TensorType.i64("batch", "source_time"));
    inputs.put("attention_mask", TensorType.i64("batch", "source_time"));
    inputs.put("decoder_input_ids", TensorType.i64("batch", "time"));
    return inputs;
  }

  @Override
  public String tokensInput() {
    return "decoder_input_ids";
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Embedding tokens = new Embedding(vocabulary, width, Init.normal(1 / Math.sqrt(width)));
    Mask sourceMask = Mask.keys(inputs.find("attention_mask"));
    Tensor source = inputs.get("input_ids");
    Tensor memory =
        embedAndRun(
            scope.uncached(),
            "encoder",
            tokens,
            source,
            (s, x) -> encoder().apply(s, x, sourceMask, null)); // [batch, source_time, width]
    Tensor hidden =
        embedAndRun(
            scope,
            "decoder",
            tokens,
            inputs.get("decoder_input_ids"),
            (s, x) -> decoder().apply(s, x, Mask.all(), null, memory, sourceMask));
    Scope table = scope.child("shared");
    Tensor logits = scope.in("lm_head", s -> new LanguageModelHead(tokens).apply(table, hidden));
    return Map.of("logits", logits);
  }

  private interface Stack {
    Tensor apply(Scope scope, Tensor x);
  }

  private Tensor embedAndRun(Scope scope, String side, Embedding tokens, Tensor ids, Stack stack) {
    Scope table = scope.child("shared");
    return scope.in(
        side,
        s -> {
          Tensor embedded =
              s.in("embedding", e -> tokens.apply(table, ids).mul(Math.sqrt(width))); // section 3.4
          Tensor placed = s.call("positions", new SinusoidalPositions(), embedded);
          return stack.apply(s, s.dropout("dropout", placed, dropout));
        });
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

  private MultiHeadAttention attention(Mask mask) {
    Linear.Style style = Linear.Style.usual().starting(Init.xavier(width, width));
    return MultiHeadAttention.of(Heads.of(width, heads), mask)
        .with(HeadProjections.separate().styled(style, style))
        .with(Scores.of(mask).dropping(dropout));
  }

  private FeedForward feedForward() {
    Linear.Style style = Linear.Style.usual().starting(Init.xavier(width, inner));
    return new FeedForward(width, inner, Activation.Kind.RELU)
        .styled(style, style)
        .dropping(dropout);
  }

  private Residual residual() {
    return Residual.post(new LayerNorm(width)).dropping(dropout);
  }

  @Override
  public Model trainable() {
    return new NextToken(this, new CrossEntropy(-100, labelSmoothing, CrossEntropy.Reduction.MEAN));
  }

  @Override
  public Config config() {
    return Config.of(TYPE)
        .with("architectures", List.of("Seq2Seq"))
        .with("is_encoder_decoder", true)
        .with("vocab_size", vocabulary)
        .with("max_position_embeddings", context)
        .with("d_model", width)
        .with("num_heads", heads)
        .with("num_layers", layers)
        .with("d_ff", inner)
        .with("dropout", dropout)
        .with("label_smoothing", labelSmoothing);
  }

  static Seq2Seq read(Config config) {
    return new Seq2Seq(
        config.size("vocab_size"),
        config.size("max_position_embeddings"),
        config.size("d_model"),
        config.size("num_heads"),
        config.size("num_layers"),
        config.size("d_ff"),
        config.number("dropout", 0.1),
        config.number("label_smoothing", 0.1));
  }
}
