package org.attention4j.models.huggingface.model;

import java.util.Set;
import org.attention4j.nn.Embedding;
import org.attention4j.nn.Model.Inputs;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** From tokens to what the first layer reads. */
public interface Embedder {
  /** The table of the tokens. */
  Embedding table();

  /** The table's name below the layers' path. */
  String tableName();

  /**
   * Position ids [time] or [batch, time]; null where they are the slots.
   *
   * @param scope that the layers are applied in
   */
  default @Nullable Tensor positions(Scope scope, Inputs inputs) {
    return inputs.find("position_ids");
  }

  /** Inputs [batch, time] of whole numbers that it takes besides tokens and positions. */
  default Set<String> furtherInputs() {
    return Set.of();
  }

  /** [batch, time] to [batch, time, width]. */
  Tensor embed(Scope scope, Inputs inputs);

  /** From the last layer's width to the table's; as they are where the two are equal. */
  default Tensor back(Scope scope, Tensor hidden) {
    return hidden;
  }
}
