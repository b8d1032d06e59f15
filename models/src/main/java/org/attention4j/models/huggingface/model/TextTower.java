package org.attention4j.models.huggingface.model;

import java.util.Map;
import org.attention4j.nn.LayerNorm;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Model.Inputs;
import org.attention4j.nn.Scope;
import org.attention4j.op.Mask;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * Causal layers over a text, which its end token stands for.
 *
 * @param embedder tokens and positions, below {@code embeddings}
 * @param norm {@code final_layer_norm}
 * @param end the end token, whose first place counts; {@link #HIGHEST} for the highest id of each
 *     text, as in CLIP's first releases
 */
public record TextTower(TokenEmbedder embedder, LayerStack stack, LayerNorm norm, long end)
    implements Tower {
  /** Stands for the highest id of each text, where an end token is asked for. */
  public static final long HIGHEST = -1;

  private static final String EMBEDDINGS = "embeddings";
  private static final String IDS = "input_ids";
  private static final TensorType TOKENS = TensorType.i64("texts", "time");

  @Override
  public String name() {
    return "text_model";
  }

  @Override
  public String projection() {
    return "text_projection";
  }

  @Override
  public String embedding() {
    return "text_embeds";
  }

  @Override
  public Map<String, TensorType> inputs() {
    return Map.of(IDS, TOKENS);
  }

  @Override
  public Map<String, TensorType> optional() {
    return Map.of("attention_mask", TOKENS, "position_ids", TOKENS);
  }

  @Override
  public int vocabulary() {
    return embedder.table().rows();
  }

  @Override
  public Read read(Scope scope, Inputs inputs) {
    Tensor ids = inputs.get(IDS);
    Scope placed = scope.uncached().positions(inputs.find("position_ids"));
    Tensor x = placed.in(EMBEDDINGS, s -> embedder.embed(s, s.child(embedder.tableName()), ids));
    Tensor y = stack.apply(placed, x, Mask.keys(inputs.find("attention_mask")), null);
    Tensor hidden = scope.call("final_layer_norm", norm, y);
    Tensor chosen = place(ids, hidden.dtype()).insert(-1); // [batch, time, 1]
    return new Read(hidden, chosen.mul(hidden).sum(1).drop(1));
  }

  /** 1 at the first end token of each row, or at its first token if there is none; else 0. */
  private Tensor place(Tensor ids, DType dtype) {
    Tensor numbers = ids.cast(DType.F32); // exact: ids are below 2^24
    Tensor ends = end == HIGHEST ? numbers.eq(numbers.maximum(1)) : ids.eq((double) end);
    Tensor slots = ids.iota(ids.dim(1)); // [time]
    Tensor fromBehind = ids.value(ids.dim(1)).sub(slots).cast(DType.F32); // [time]
    Tensor firstSlot = slots.eq(0).cast(DType.F32).mul(0.5);
    Tensor score = ends.cast(DType.F32).mul(fromBehind).add(firstSlot); // [batch, time]
    return score.eq(score.maximum(1)).cast(dtype);
  }
}
