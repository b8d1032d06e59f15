package org.attention4j.conformance.models;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.attention4j.nn.Block;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.Init;
import org.attention4j.nn.LanguageModelHead;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.MultiHeadAttention.Heads;
import org.attention4j.nn.Scope;
import org.attention4j.nn.ShawAttention;
import org.attention4j.nn.SkewedRelativeBias;
import org.attention4j.nn.longcontext.AttentionVariant;
import org.attention4j.nn.longcontext.BigBirdPattern;
import org.attention4j.nn.longcontext.BlockSparseAttention;
import org.attention4j.nn.longcontext.EluFeatures;
import org.attention4j.nn.longcontext.FixedPattern;
import org.attention4j.nn.longcontext.LinearAttention;
import org.attention4j.nn.longcontext.LocalAttention;
import org.attention4j.nn.longcontext.LongContextAttention;
import org.attention4j.nn.longcontext.MemorizingAttention;
import org.attention4j.nn.longcontext.MemorizingAttention.Joining;
import org.attention4j.nn.longcontext.MemorizingAttention.Memory;
import org.attention4j.nn.longcontext.PatternAttention;
import org.attention4j.nn.longcontext.PositiveRandomFeatures;
import org.attention4j.nn.longcontext.StridedAttention;
import org.attention4j.nn.longcontext.TransformerXlAttention;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A decoder with one layer of each attention for long sequences, and of each relative position,
 * that works with a KV cache.
 *
 * <p>Input: {@code input_ids} [batch, time]. Outputs: {@code logits} [batch, time, vocabulary].
 */
public record TinyLong(int vocabulary, Heads heads) implements Model {

  /** 13 tokens, width 12, 3 heads. */
  public static TinyLong standard() {
    return new TinyLong(13, Heads.of(12, 3));
  }

  private List<Block> layers() {
    List<AttentionVariant> variants =
        List.of(
            new LinearAttention(new EluFeatures(), true, 3),
            new LinearAttention(new PositiveRandomFeatures(6, heads.size(), 3), true, 3),
            new LocalAttention(3),
            new StridedAttention(3),
            new PatternAttention(new FixedPattern(3, 1)),
            new BlockSparseAttention(new BigBirdPattern(2, 1, 1, 1, 5, true)));
    List<Block> layers = new ArrayList<>();
    variants.forEach(variant -> layers.add(LongContextAttention.of(heads, variant)));
    Mask causal = Mask.causal();
    layers.add(new ShawAttention(heads, HeadProjections.separate(), 2, causal));
    layers.add(TransformerXlAttention.of(heads));
    SkewedRelativeBias skewed = new SkewedRelativeBias(4, heads.count(), heads.size());
    MultiHeadAttention attention = MultiHeadAttention.of(heads, causal);
    layers.add((s, x) -> attention.self(s, x, Mask.all(), skewed.in(s.child("relative"))));
    MemorizingAttention memorizing = MemorizingAttention.of(heads, 2, Joining.GATE);
    layers.add((s, x) -> memorizing.apply(s, x, memory(s, x)).output());
    return layers;
  }

  /** The same entries for every sequence. */
  private Memory memory(Scope scope, Tensor x) {
    Tensor entries = scope.param("memory", Init.normal(1), 1, heads.count(), 5, heads.size());
    Tensor each = entries.expand(0, x.dim(0));
    return new Memory(each, each);
  }

  @Override
  public Map<String, TensorType> inputs() {
    return Map.of("input_ids", TensorType.i64("batch", "time"));
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Embedding tokens = new Embedding(vocabulary, heads.width(), Init.normal(1));
    Tensor x = scope.call("tokens", tokens, inputs.get("input_ids"));
    List<Block> layers = layers();
    for (int n = 0; n < layers.size(); n++) {
      Tensor normal = scope.call("norms." + n, new LayerNorm(heads.width()), x);
      x = x.add(scope.layer(n).call("layers." + n, layers.get(n), normal));
    }
    return Map.of("logits", scope.call("head", new LanguageModelHead(tokens), x));
  }
}
