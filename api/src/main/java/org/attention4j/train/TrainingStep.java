package org.attention4j.train;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.graph.Graph;
import org.attention4j.graph.Replay;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A whole training step as one model without parameters of its own: forward, backward and update.
 * Inputs are the batch and the state of {@link UpdateModel}; outputs those of the loss model,
 * {@code gradient_norm} and the next state.
 *
 * @param gradient a graph with {@code grad.PATH} outputs, as {@link Graph#gradient} makes it
 */
public record TrainingStep(Graph gradient, Optimizer optimizer, double clipNorm) implements Model {

  private UpdateModel updates() {
    Map<String, TensorType> trained = new LinkedHashMap<>(gradient.parameterTypes());
    trained.keySet().removeIf(path -> !gradient.outputs().containsKey("grad." + path));
    return new UpdateModel(trained, optimizer, clipNorm);
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(gradient.inputTypes());
    gradient.parameterTypes().forEach((path, type) -> inputs.put("param." + path, type));
    inputs.putAll(updates().state());
    return inputs;
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> results =
        new Replay(gradient)
            .run(
                inputs.get("step").executor(),
                path -> inputs.get("param." + path),
                inputs.tensors());
    UpdateModel updates = updates();
    Map<String, Tensor> gradients = new LinkedHashMap<>();
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    results.forEach(
        (name, tensor) -> {
          if (!name.startsWith("grad.")) {
            outputs.put(name, tensor);
          } else {
            gradients.put(name.substring("grad.".length()), tensor);
          }
        });
    outputs.putAll(updates.update(inputs, gradients));
    return outputs;
  }
}
