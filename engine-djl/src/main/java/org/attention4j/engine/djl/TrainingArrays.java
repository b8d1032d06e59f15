package org.attention4j.engine.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.attention4j.error.WeightsException;
import org.attention4j.graph.Graph;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.TrainerState;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.Optimizer;
import org.attention4j.weights.Weights;

/**
 * Parameters and optimizer state of a trainer: plain arrays of one manager, which a {@link
 * TrainerScript} updates in place.
 */
final class TrainingArrays {
  private final NDManager manager;
  private final TrainerScript script;
  private final Graph evaluation;
  private final DType real;

  /** Shapes of the optimizer's slots, in the order in which the script takes them. */
  private final Map<String, long[]> slotShapes;

  private Map<String, NDArray> parameters = new LinkedHashMap<>();
  private Map<String, NDArray> slots = new LinkedHashMap<>();

  /** No arrays yet; {@link #begin} makes them. */
  TrainingArrays(
      NDManager manager, TrainerScript script, Graph evaluation, Optimizer optimizer, DType real) {
    this.manager = manager;
    this.script = script;
    this.evaluation = evaluation;
    this.real = real;
    this.slotShapes = slotShapes(script, optimizer);
  }

  private static Map<String, long[]> slotShapes(TrainerScript script, Optimizer optimizer) {
    Graph graph = script.forward().graph();
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (String slot : optimizer.slots()) {
      for (String path : script.trained()) {
        int value = Objects.requireNonNull(graph.parameters().get(path)).value();
        shapes.put(slot + "." + path, graph.type(value).shape());
      }
    }
    return shapes;
  }

  /** These parameters, and an optimizer that has not seen anything. */
  void begin(Weights weights) {
    Map<String, HostTensor> zeros = new LinkedHashMap<>();
    slotShapes.forEach((name, shape) -> zeros.put(name, HostTensor.zeros(real, shape)));
    adopt(weights, zeros);
  }

  /**
   * Parameters and slots of a saved state, in the place of these; the old arrays are closed.
   *
   * @throws WeightsException if it does not fit; nothing has changed then
   */
  void restore(TrainerState saved) {
    Parameters.check(evaluation, saved.weights());
    Parameters.check(script.forward().graph(), saved.weights());
    if (!saved.slots().keySet().equals(slotShapes.keySet())) {
      throw new WeightsException(
          "the state is of another optimizer: it has "
              + saved.slots().keySet()
              + ", wanted "
              + slotShapes.keySet());
    }
    saved
        .slots()
        .forEach(
            (name, value) -> {
              Shape wanted = new Shape(Objects.requireNonNull(slotShapes.get(name)));
              if (!wanted.equals(new Shape(value.shape()))) {
                throw new WeightsException(
                    "optimizer state " + name + " is " + value + ", wanted shape " + wanted);
              }
            });
    adopt(saved.weights(), saved.slots());
  }

  private void adopt(Weights weights, Map<String, HostTensor> state) {
    Map<String, NDArray> oldParameters = parameters;
    Map<String, NDArray> oldSlots = slots;
    parameters = new LinkedHashMap<>();
    Set<String> paths = new LinkedHashSet<>(script.forward().graph().parameters().keySet());
    paths.addAll(evaluation.parameters().keySet());
    for (String path : paths) {
      HostTensor value = weights.get(path).cast(real);
      parameters.put(path, HostArrays.copy(manager, value));
    }
    slots = new LinkedHashMap<>();
    for (String name : slotShapes.keySet()) {
      HostTensor value = Objects.requireNonNull(state.get(name), name).cast(real);
      slots.put(name, HostArrays.copy(manager, value));
    }
    oldParameters.values().forEach(NDArray::close);
    oldSlots.values().forEach(NDArray::close);
  }

  /** All parameters by path, those that only an evaluation reads among them. */
  Map<String, NDArray> parameters() {
    return parameters;
  }

  /** What the script takes as {@code p}. */
  NDList ofLoss() {
    return list(script.forward().graph().parameters().keySet());
  }

  /** The parameters that are trained, in the script's order. */
  NDList trained() {
    return list(script.trained());
  }

  private NDList list(Collection<String> paths) {
    NDList list = new NDList();
    paths.forEach(path -> list.add(Objects.requireNonNull(parameters.get(path), path)));
    return list;
  }

  /** What the script takes as {@code m}. */
  NDList slots() {
    return new NDList(new ArrayList<>(slots.values()));
  }

  /** A copy of the parameters. */
  Weights weights() {
    return Weights.of(fetch(parameters));
  }

  /** A copy of everything. */
  TrainerState state(long steps, long seed) {
    return new TrainerState(steps, seed, weights(), fetch(slots));
  }

  private static Map<String, HostTensor> fetch(Map<String, NDArray> arrays) {
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    arrays.forEach((name, array) -> tensors.put(name, HostArrays.fetch(array)));
    return tensors;
  }
}
