package org.attention4j.models.huggingface.model;

import java.util.Map;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model.Inputs;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/** One side of a model that holds texts against images. */
public sealed interface Tower permits TextTower, ImageTower {

  /**
   * What a tower gives.
   *
   * @param hidden [batch, time, width]
   * @param pooled the one that stands for all, [batch, width]
   */
  record Read(Tensor hidden, Tensor pooled) {}

  /** Where its layers are: {@code text_model}. */
  String name();

  /** Where the layer behind its vectors is. */
  String projection();

  /** What its vectors are called among the outputs. */
  String embedding();

  /** What it needs. */
  Map<String, TensorType> inputs();

  /** What it takes besides. */
  Map<String, TensorType> optional();

  LayerStack stack();

  /** Number of token ids; 0 if it reads none. */
  int vocabulary();

  /** Applies it below the scope. */
  Read read(Scope scope, Inputs inputs);

  /** Applies it at {@link #name}; reports the hidden states there as {@code returned}. */
  default Read readAt(Scope top, Inputs inputs) {
    return top.in(
        name(),
        s -> {
          Read read = read(s, inputs);
          s.report("returned", read.hidden());
          return read;
        });
  }

  /** [batch, width] to [batch, size], without bias. */
  default Tensor project(Scope top, Tensor pooled, int size) {
    Linear.Style style = Linear.Style.usual().withoutBias();
    return top.call(projection(), new Linear(pooled.type().size(-1), size, style), pooled);
  }
}
