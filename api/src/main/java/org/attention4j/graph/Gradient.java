package org.attention4j.graph;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiPredicate;
import org.attention4j.error.UsageException;
import org.attention4j.op.Tape;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/** Differentiates a graph: it is recorded again on a tape, which then walks back. */
final class Gradient {
  /** Path of the nodes of the backward pass. */
  static final String PATH = "gradient";

  private Gradient() {}

  static Graph of(
      Graph graph,
      String loss,
      BiPredicate<Composite, List<TensorType>> keep,
      BiPredicate<String, TensorType> wanted) {
    TensorType type = graph.outputTypes().get(loss);
    if (type == null || type.rank() != 0 || !type.dtype().isFloating()) {
      throw new UsageException(
          "gradient needs a floating scalar output; '"
              + loss
              + "' is "
              + type
              + " among "
              + graph.outputTypes());
    }
    Tracer tracer = new Tracer(TraceOptions.primitives().keeping(keep));
    Tape tape = new Tape(tracer, keep);
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    graph.inputTypes().forEach((name, t) -> inputs.put(name, tape.watch(tracer.input(name, t))));
    Map<String, Tensor> parameters = new LinkedHashMap<>();
    graph
        .parameters()
        .forEach(
            (path, p) ->
                parameters.put(
                    path, tape.watch(tracer.param(path, graph.type(p.value()), p.init()))));
    Map<String, Tensor> outputs =
        new Replay(graph)
            .run(
                tape,
                path -> Objects.requireNonNull(parameters.get(path)),
                inputs,
                path -> follow(tracer, path));
    Tensor scalar = Objects.requireNonNull(outputs.get(loss));
    Map<String, Tensor> trained = new LinkedHashMap<>(parameters);
    trained.entrySet().removeIf(p -> !wanted.test(p.getKey(), p.getValue().type()));
    List<String> paths = List.copyOf(trained.keySet());
    follow(tracer, PATH);
    List<@Nullable Tensor> gradients =
        tape.pull(List.of(scalar), List.of(scalar.scalar(1)), List.copyOf(trained.values()));
    Map<String, Tensor> results = new LinkedHashMap<>();
    outputs.forEach((name, tensor) -> results.put(name, tape.unwatch(tensor)));
    for (int i = 0; i < paths.size(); i++) {
      Tensor gradient = gradients.get(i);
      if (gradient != null) {
        results.put("grad." + paths.get(i), tape.unwatch(gradient));
      }
    }
    return tracer.finish(results);
  }

  private static void follow(Tracer tracer, String path) {
    tracer.leave();
    tracer.enter(path);
  }
}
