package org.attention4j.conformance.models;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.HeadProjections;
import org.attention4j.nn.Init;
import org.attention4j.nn.LanguageModelHead;
import org.attention4j.nn.Linear;
import org.attention4j.nn.MixtureOfExpertsBlock;
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
import org.attention4j.op.Mask;
import org.attention4j.op.Positions;
import org.attention4j.op.RotaryEmbedding;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * The hard parts in one decoder: grouped queries, normalised queries and keys, rotary positions of
 * some features, a sliding window, ALiBi, soft-capped scores and logits, RMS norms around one, and
 * the two best of several experts.
 *
 * <p>Inputs: {@code input_ids} [batch, time]; if opened with them, {@code attention_mask} [batch,
 * past+time] and {@code position_ids} [batch, time]. Outputs: {@code logits} [batch, time,
 * vocabulary].
 *
 * @param window tokens that a query sees, itself included
 * @param rotary features of a head that turn; the others stay
 */
public record TinyMixed(
    int vocabulary,
    Heads heads,
    int layers,
    int window,
    int rotary,
    boolean interleaved,
    int experts)
    implements Model {

  /** 17 tokens, width 12, 4 heads of 6 on 2, 2 layers, window 3, 4 features turn, 5 experts. */
  public static TinyMixed standard() {
    return new TinyMixed(17, new Heads(12, 4, 2, 6), 2, 3, 4, true, 5);
  }

  private TransformerEncoder stack() {
    Linear.Style plain = Linear.Style.usual().withoutBias();
    MultiHeadAttention attention =
        new MultiHeadAttention(
            heads,
            HeadProjections.fusedByHead("query_key_value", "dense").styled(plain, plain),
            Pairing.rotary(RotaryEmbedding.of(rotary, 10000, interleaved))
                .normalised(new RmsNorm(heads.size(), 1e-6)),
            Scores.of(Mask.causal().and(Mask.window(window)))
                .capped(2)
                .withAlibi(Positions.alibiSlopes(heads.count())));
    int width = heads.width();
    TransformerEncoderLayer layer =
        new TransformerEncoderLayer(
            attention,
            MixtureOfExpertsBlock.topTwo(width, 2 * width, experts),
            Residual.pre(new RmsNorm(width, 1e-6, true)),
            TransformerEncoderLayer.Names.LLAMA);
    return new TransformerEncoder(layer, layers, new RmsNorm(width, 1e-6, true), StackNames.TORCH);
  }

  @Override
  public Map<String, TensorType> inputs() {
    return Map.of("input_ids", TensorType.i64("batch", "time"));
  }

  @Override
  public Map<String, Tensor> apply(Scope top, Inputs inputs) {
    Scope scope = top.child("model").positions(inputs.find("position_ids"));
    Embedding tokens = new Embedding(vocabulary, heads.width(), Init.normal(1));
    Tensor x = scope.call("embed_tokens", tokens, inputs.get("input_ids"));
    x = stack().apply(scope, x, Mask.keys(inputs.find("attention_mask")), null);
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put("logits", top.call("lm_head", new LanguageModelHead(tokens, 1, 5), x));
    return outputs;
  }
}
