package org.attention4j.conformance.cases;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.attention4j.conformance.Case;
import org.attention4j.nn.Block;
import org.attention4j.nn.HeadProjections;
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
import org.attention4j.nn.longcontext.Linformer;
import org.attention4j.nn.longcontext.LocalAttention;
import org.attention4j.nn.longcontext.LongContextAttention;
import org.attention4j.nn.longcontext.LshAttention;
import org.attention4j.nn.longcontext.MemorizingAttention;
import org.attention4j.nn.longcontext.MemorizingAttention.Joining;
import org.attention4j.nn.longcontext.MemorizingAttention.Memory;
import org.attention4j.nn.longcontext.NearestNeighbourLanguageModel;
import org.attention4j.nn.longcontext.PatternAttention;
import org.attention4j.nn.longcontext.PositiveRandomFeatures;
import org.attention4j.nn.longcontext.ReformerAttention;
import org.attention4j.nn.longcontext.StridedAttention;
import org.attention4j.nn.longcontext.TransformerXlAttention;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;

/** Attention for long sequences, symbolic in batch and time. */
public final class LongContextCases {
  private static final Heads HEADS = Heads.of(BlockCases.WIDTH, 3);

  private LongContextCases() {}

  /** All of them: longer than a chunk, and without a row. */
  public static List<Case> all() {
    Map<String, Block> blocks = variants();
    blocks.putAll(others());
    List<Case> cases = new ArrayList<>();
    blocks.forEach(
        (name, block) -> {
          cases.add(BlockCases.block("long/" + name, block, 2, 7));
          cases.add(BlockCases.block("long/" + name, block, 0, 3));
        });
    cases.add(BlockCases.block("long/nearest-neighbours", LongContextCases::mixed, 2, 7));
    cases.add(BlockCases.block("long/linear-recurrent", LongContextCases::recurrent, 2, 7));
    return cases;
  }

  private static Map<String, Block> others() {
    Map<String, Block> blocks = new LinkedHashMap<>();
    Mask causal = Mask.causal();
    blocks.put("shaw", new ShawAttention(HEADS, HeadProjections.separate(), 2, causal));
    SkewedRelativeBias skewed = new SkewedRelativeBias(4, HEADS.count(), HEADS.size());
    MultiHeadAttention attention = MultiHeadAttention.of(HEADS, causal);
    blocks.put("music", (s, x) -> attention.self(s, x, Mask.all(), skewed.in(s.child("relative"))));
    TransformerXlAttention recurrent = TransformerXlAttention.of(HEADS);
    blocks.put("transformer-xl", recurrent);
    blocks.put("transformer-xl-memory", (s, x) -> recurrent.apply(s, x, x));
    for (Joining joining : Joining.values()) {
      MemorizingAttention memorizing = MemorizingAttention.of(HEADS, 2, joining);
      blocks.put(
          "memorizing-" + joining.name().toLowerCase(Locale.ROOT),
          (s, x) -> memorizing.apply(s, x, memory(x)).output());
    }
    blocks.put("reformer", ReformerAttention.of(HEADS, new LshAttention(2, 3, 2, 1, false)));
    blocks.put("reformer-causal", ReformerAttention.of(HEADS, new LshAttention(1, 3, 1, 1, true)));
    return blocks;
  }

  /** A memory of what the block is given. */
  private static Memory memory(Tensor x) {
    Tensor heads = x.split(-1, HEADS.count(), HEADS.size()).permute(0, 2, 1, 3);
    return new Memory(heads, heads);
  }

  /** A run over all tokens, and from its state the RNN's step for the first token once more. */
  private static Tensor recurrent(Scope scope, Tensor x) {
    LinearAttention attention = new LinearAttention(new EluFeatures(), true, 3);
    Tensor heads = memory(x).key(); // [batch, heads, time, head_dim]
    LinearAttention.Result all = attention.run(heads, heads, heads, null);
    Tensor first = heads.slice(2, 0, 1);
    LinearAttention.Result one = attention.step(first, first, first, all.state());
    return all.output().add(one.output()).add(one.state().sum(2, 3));
  }

  /** A language model and a datastore of the same states. */
  private static Tensor mixed(Scope scope, Tensor x) {
    Tensor keys = x.merge(0, 2); // [batch * time, width]
    Tensor tokens = x.iota(keys.dim(0)).min(BlockCases.WIDTH - 1.0);
    return new NearestNeighbourLanguageModel(3, 0.25, 1).logProbabilities(x, x, keys, tokens);
  }

  private static Map<String, Block> variants() {
    Map<String, AttentionVariant> variants = new LinkedHashMap<>();
    EluFeatures elu = new EluFeatures();
    PositiveRandomFeatures random = new PositiveRandomFeatures(6, HEADS.size(), 3);
    variants.put("linear", new LinearAttention(elu, false));
    variants.put("linear-causal", new LinearAttention(elu, true, 3));
    variants.put("performer", new LinearAttention(random, false));
    variants.put("performer-causal", new LinearAttention(random, true, 3));
    variants.put("linformer", new Linformer(9, 4, false));
    variants.put("linformer-shared", new Linformer(9, 4, true));
    variants.put("local", new LocalAttention(3));
    variants.put("strided", new StridedAttention(3));
    variants.put("fixed-dense", new PatternAttention(new FixedPattern(3, 1)));
    for (boolean causal : new boolean[] {false, true}) {
      BigBirdPattern bigBird = new BigBirdPattern(2, 1, 1, 1, 5, causal);
      variants.put(causal ? "big-bird-causal" : "big-bird", new BlockSparseAttention(bigBird));
    }
    Map<String, Block> blocks = new LinkedHashMap<>();
    variants.forEach((name, v) -> blocks.put(name, LongContextAttention.of(HEADS, v)));
    return blocks;
  }
}
