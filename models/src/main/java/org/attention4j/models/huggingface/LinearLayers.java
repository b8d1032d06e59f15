package org.attention4j.models.huggingface;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.AdaptedModel;
import org.attention4j.nn.Linear;
import org.attention4j.nn.Model;

/** The linear layers of a model, by path. */
final class LinearLayers {
  private LinearLayers() {}

  /** Those that a run with the model's usual inputs passes. */
  static Map<String, Linear> of(Model model) {
    Map<String, Linear> layers = new LinkedHashMap<>();
    Model watched =
        new AdaptedModel(
            model,
            (scope, layer, x, y) -> {
              layers.put(scope.path(), layer);
              return y;
            });
    Graph.trace(watched, watched.inputs(), TraceOptions.primitives());
    return layers;
  }
}
