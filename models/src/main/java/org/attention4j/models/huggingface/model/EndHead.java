package org.attention4j.models.huggingface.model;

import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;

/**
 * From an encoder-decoder's hidden states to classes (Lewis et al. 2020, section 3.1): the one that
 * stands at the source's last end token, a layer with tanh, and a layer to the classes, at {@code
 * classification_head} at the top.
 *
 * @param end the end token
 * @param dropout before each of the two layers
 */
public record EndHead(long end, Linear.Style style, double dropout) {
  private static final String NAME = "classification_head";
  private static final String IDS = "input_ids";

  /**
   * [batch, time, width] to [batch, labels].
   *
   * @param ids the source [batch, time]; without an end token its last slot counts, see {@link
   *     #check}
   */
  Tensor apply(Scope top, Tensor ids, Tensor hidden, int labels) {
    int width = hidden.type().size(-1);
    Tensor chosen = place(ids, hidden.dtype()).insert(-1); // [batch, time, 1]
    Tensor x = chosen.mul(hidden).sum(1).drop(1); // [batch, width]
    return top.in(
        NAME,
        s -> {
          Linear dense = new Linear(width, width, style);
          Tensor y = s.call("dense", dense, s.dropout("dropout", x, dropout)).tanh();
          return s.call(
              "out_proj", new Linear(width, labels, style), s.dropout("last", y, dropout));
        });
  }

  /** 1 at the last end token of each row, else 0: [batch, time]. */
  private Tensor place(Tensor ids, DType dtype) {
    Tensor slots = ids.iota(ids.dim(1)); // [time]
    Tensor last = slots.add(1).eq(ids.value(ids.dim(1))).cast(DType.F32).mul(0.5);
    Tensor ends = ids.eq(ids.integers(end)).cast(DType.F32);
    Tensor score = ends.mul(slots.add(1).cast(DType.F32)).add(last); // [batch, time]
    return score.eq(score.maximum(1)).cast(dtype);
  }

  /**
   * Refuses texts without an end token.
   *
   * @throws UsageException that names the row
   */
  void check(Map<String, HostTensor> inputs) {
    HostTensor ids = inputs.get(IDS);
    if (ids == null || ids.rank() != 2) {
      return; // the shape is refused elsewhere
    }
    for (long row = 0; row < ids.dim(0); row++) {
      boolean found = false;
      for (long i = 0; i < ids.dim(1); i++) {
        found |= ids.getLong(row * ids.dim(1) + i) == end;
      }
      if (!found) {
        throw new UsageException(
            "row "
                + row
                + " of input_ids has no end token "
                + end
                + " ('eos_token_id' in config.json), where the model reads the class");
      }
    }
  }
}
