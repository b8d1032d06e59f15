package org.attention4j.engine.onnx.export;

import java.util.List;
import org.attention4j.error.EngineException;
import org.attention4j.graph.Graph;
import org.attention4j.tensor.TensorType;

/** What the graph of a step with a cache says about it. */
public final class Caches {
  /** The symbol of the cache's length in graphs. */
  public static final String PAST = "past";

  /** Its name in exported files. */
  public static final String PAST_IN_FILES = "past_sequence_length";

  private Caches() {}

  /**
   * Whether an empty past makes a step a first step: no entry is computed once and kept.
   *
   * @throws EngineException if the model keeps no cache
   */
  public static boolean stepMayBegin(Graph step) {
    List<TensorType> entries =
        step.inputTypes().entrySet().stream()
            .filter(input -> input.getKey().startsWith("past_key_values."))
            .map(input -> input.getValue())
            .toList();
    if (entries.isEmpty()) {
      throw new EngineException("the model keeps no cache, so it cannot decode step by step");
    }
    return entries.stream()
        .allMatch(type -> type.dims().stream().anyMatch(dim -> dim.symbols().contains(PAST)));
  }
}
