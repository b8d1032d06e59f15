package org.attention4j.nn;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/** A whole model: named inputs, some of them optional, to named outputs. Immutable. */
public interface Model {

  /** Types of the inputs it is usually run with, symbolic in batch and time. */
  Map<String, TensorType> inputs();

  /** Computes the outputs; eagerly or recording, as the tensors' executor does. */
  Map<String, Tensor> apply(Scope scope, Inputs inputs);

  /**
   * How many terms the mean in the output {@code loss} has for a batch: labels that count, elements
   * or, by default, rows. Micro-batches of one optimizer step weigh by it, so that together they
   * give the loss of the whole.
   */
  default long lossTerms(Map<String, HostTensor> batch) {
    long rows = 1;
    for (HostTensor input : batch.values()) {
      rows = Math.max(rows, input.rank() == 0 ? 1 : input.dim(0));
    }
    return rows;
  }

  /** Tensors by name. */
  record Inputs(Map<String, Tensor> tensors) {
    public Inputs {
      tensors = Map.copyOf(tensors);
    }

    /**
     * A required input.
     *
     * @throws UsageException if it was not given
     */
    public Tensor get(String name) {
      Tensor tensor = tensors.get(name);
      if (tensor == null) {
        throw new UsageException(
            "the model needs an input '" + name + "'; it was given " + tensors.keySet());
      }
      return tensor;
    }

    /** An optional input, or null. */
    public @Nullable Tensor find(String name) {
      return tensors.get(name);
    }

    /** These inputs without some. */
    public Inputs without(String... names) {
      Map<String, Tensor> rest = new LinkedHashMap<>(tensors);
      for (String name : names) {
        rest.remove(name);
      }
      return new Inputs(rest);
    }
  }
}
