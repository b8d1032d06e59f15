package org.attention4j.models.huggingface.model;

import java.util.List;
import org.attention4j.nn.Conv1d;
import org.attention4j.nn.Init;
import org.attention4j.nn.LayerStack;
import org.attention4j.nn.Scope;
import org.attention4j.op.Activation;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;

/**
 * Layers over sound: two convolutions, {@code conv1} and {@code conv2}, the second with a stride of
 * 2, then fixed positions, which are in the file but are not trained.
 *
 * @param positions how many; twice as many frames are read
 */
public record SpeechEncoder(
    Conv1d first, Conv1d second, int positions, LayerStack stack, double dropout) {

  /** Number of frames of every input. */
  int frames() {
    return second.stride() * positions;
  }

  /** [batch, mels, frames] to [batch, positions, width]. */
  Tensor apply(Scope scope, Tensor features) {
    List<Tensor> states = states(scope, features);
    return states.get(states.size() - 1);
  }

  /** What the first layer reads and what each gives, [batch, positions, width] each. */
  List<Tensor> states(Scope scope, Tensor features) {
    Tensor x = features.permute(0, 2, 1); // [batch, frames, mels]
    Tensor y = gelu(scope.call("conv1", first, x));
    Tensor z = gelu(scope.call("conv2", second, y)); // [batch, positions, width]
    Tensor table =
        scope
            .child("embed_positions")
            .param("weight", Init.normal(0.02), positions, second.out())
            .stopGradient();
    Tensor placed = scope.dropout("dropout", z.add(table), dropout);
    return stack.states(scope, placed, Mask.all(), null);
  }

  private static Tensor gelu(Tensor x) {
    return Activation.apply(Activation.Kind.GELU, x);
  }
}
