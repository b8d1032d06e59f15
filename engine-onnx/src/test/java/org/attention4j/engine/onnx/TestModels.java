package org.attention4j.engine.onnx;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.nn.Block;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.FeedForward;
import org.attention4j.nn.GatedFeedForward;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.Init;
import org.attention4j.nn.LanguageModelHead;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LearnedPositions;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MixtureOfExpertsBlock;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention;
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
import org.attention4j.op.RotaryEmbedding;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/** Small models that together use everything the exporter must write. */
final class TestModels {
  private TestModels() {}

  /** GPT-2 in small: fused projections, learned positions, tied head. */
  record Gpt(int vocabulary, int context, int width, int heads, int layers) implements Model {
    static Gpt tiny() {
      return new Gpt(61, 32, 24, 3, 2);
    }

    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("input_ids", TensorType.i64("batch", "time"));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      return Map.of("logits", logits(scope, hidden(scope, inputs)));
    }

    private Embedding tokens() {
      return new Embedding(vocabulary, width, Init.normal(0.2));
    }

    Tensor logits(Scope scope, Tensor hidden) {
      return scope.call("wte", new LanguageModelHead(tokens()), hidden);
    }

    /** [batch, time, width], normalised. */
    Tensor hidden(Scope scope, Inputs inputs) {
      Tensor embedded = scope.call("wte", tokens(), inputs.get("input_ids"));
      Block positions = new LearnedPositions(context, width, 0, Init.normal(0.2));
      Tensor x = scope.call("wpe", positions, embedded);
      MultiHeadAttention attention =
          MultiHeadAttention.of(MultiHeadAttention.Heads.of(width, heads), Mask.causal())
              .with(HeadProjections.fused("c_attn", "c_proj"));
      FeedForward mlp =
          new FeedForward(width, 4 * width, Activation.Kind.GELU_TANH)
              .named(FeedForward.Names.GPT2);
      Block norm = new LayerNorm(width);
      TransformerEncoderLayer layer =
          new TransformerEncoderLayer(
              attention, mlp, Residual.pre(norm), TransformerEncoderLayer.Names.GPT2);
      return new TransformerEncoder(layer, layers, norm, StackNames.GPT2).apply(scope, x);
    }
  }

  /** Llama in small: RMS norm, partial rotary positions, grouped heads, experts, a mask of keys. */
  record Llama(int vocabulary, int width, int layers) implements Model {
    static Llama tiny() {
      return new Llama(47, 16, 2);
    }

    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("input_ids", TensorType.i64("batch", "time"));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      Embedding tokens = new Embedding(vocabulary, width);
      Linear.Style plain = Linear.Style.usual().withoutBias();
      MultiHeadAttention attention =
          MultiHeadAttention.of(MultiHeadAttention.Heads.grouped(width, 4, 2), Mask.causal())
              .with(HeadProjections.separate().styled(plain, plain))
              .with(MultiHeadAttention.Pairing.rotary(RotaryEmbedding.of(4, 10000, false)))
              .with(MultiHeadAttention.Scores.of(Mask.causal().and(Mask.window(3))).capped(20));
      Block experts = MixtureOfExpertsBlock.topTwo(width, 2 * width, 4);
      TransformerEncoderLayer layer =
          new TransformerEncoderLayer(
              attention,
              experts,
              Residual.pre(new RmsNorm(width, 1e-6)),
              TransformerEncoderLayer.Names.LLAMA);
      Tensor x = scope.call("embed_tokens", tokens, inputs.get("input_ids"));
      Tensor y =
          new TransformerEncoder(layer, layers, new RmsNorm(width, 1e-6), StackNames.TORCH)
              .apply(scope, x);
      return Map.of("logits", scope.call("lm_head", new LanguageModelHead(tokens), y));
    }
  }

  /** T5 in small: an encoder, a decoder with cross-attention, relative position biases. */
  record T5(int vocabulary, int width, int heads, int layers) implements Model {
    static T5 tiny() {
      return new T5(41, 16, 2, 2);
    }

    @Override
    public Map<String, TensorType> inputs() {
      Map<String, TensorType> inputs = new LinkedHashMap<>();
      inputs.put("input_ids", TensorType.i64("batch", "source"));
      inputs.put("attention_mask", TensorType.bool("batch", "source"));
      inputs.put("decoder_input_ids", TensorType.i64("batch", "time"));
      return inputs;
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      Embedding tokens = new Embedding(vocabulary, width, Init.normal(0.3));
      Mask padding = Mask.keys(inputs.get("attention_mask"));
      Linear.Style plain = Linear.Style.usual().withoutBias();
      MultiHeadAttention attention =
          MultiHeadAttention.of(MultiHeadAttention.Heads.of(width, heads), Mask.all())
              .with(HeadProjections.separate("q", "k", "v", "o").styled(plain, plain))
              .with(MultiHeadAttention.Scores.of(Mask.all()).scaled(1));
      Block feedForward = new GatedFeedForward(width, 2 * width, Activation.Kind.GELU);
      Residual residual = Residual.pre(new RmsNorm(width, 1e-6));
      TransformerEncoder encoder =
          new TransformerEncoder(
              new TransformerEncoderLayer(
                  attention, feedForward, residual, TransformerEncoderLayer.Names.TORCH),
              layers,
              new RmsNorm(width, 1e-6),
              StackNames.TORCH);
      TransformerDecoder decoder =
          new TransformerDecoder(
              new TransformerDecoderLayer(
                  attention.with(MultiHeadAttention.Scores.of(Mask.causal()).scaled(1)),
                  attention,
                  feedForward,
                  residual,
                  TransformerDecoderLayer.Names.TORCH),
              layers,
              new RmsNorm(width, 1e-6),
              StackNames.TORCH);
      Tensor source = scope.call("shared", tokens, inputs.get("input_ids"));
      Tensor target = scope.call("shared", tokens, inputs.get("decoder_input_ids"));
      Tensor memory =
          scope.in(
              "encoder",
              s -> encoder.apply(s.uncached(), source, padding, bias(s.uncached(), true)));
      Tensor y =
          scope.in(
              "decoder",
              s -> decoder.apply(s, target, Mask.all(), bias(s, false), memory, padding));
      return Map.of("logits", scope.call("shared", new LanguageModelHead(tokens, 0.25, 0), y));
    }

    private PairBias bias(Scope scope, boolean bidirectional) {
      return new RelativePositionBias(8, 16, heads, bidirectional)
          .in(scope.child("relative_attention_bias"));
    }
  }
}
