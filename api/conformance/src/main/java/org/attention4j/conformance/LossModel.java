package org.attention4j.conformance;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Init;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/**
 * Turns a model into one with a scalar {@code loss}, the sum of outputs times cotangents, and some
 * of its inputs into parameters {@code input.NAME}: so a trainer's gradients are vector-Jacobian
 * products of any op or block.
 */
record LossModel(
    Model inner,
    Map<String, TensorType> types,
    Map<String, TensorType> varied,
    Map<String, TensorType> outputs)
    implements Model {
  static final String PARAMETER = "input.";
  private static final String COTANGENT = "cotangent.";

  LossModel {
    types = Collections.unmodifiableMap(new LinkedHashMap<>(types));
    varied = Collections.unmodifiableMap(new LinkedHashMap<>(varied));
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
  }

  /** The loss of a case on one sample, whose shapes it takes. */
  static LossModel of(Case test, Sample sample) {
    Map<String, TensorType> types = new LinkedHashMap<>();
    Map<String, TensorType> varied = new LinkedHashMap<>();
    test.program()
        .inputs()
        .forEach(
            (name, type) -> {
              long[] shape = Objects.requireNonNull(sample.inputs().get(name)).shape();
              TensorType known = TensorType.ofShape(type.dtype(), shape);
              (test.varied().contains(name) ? varied : types).put(name, known);
            });
    Map<String, TensorType> all = new LinkedHashMap<>(types);
    all.putAll(varied);
    Map<String, TensorType> outputs =
        new LinkedHashMap<>(
            new Program(test.program().model(), all)
                .graph(TraceOptions.primitives())
                .outputTypes());
    outputs.values().removeIf(t -> !t.dtype().isFloating());
    List<String> counted = test.lossOutputs();
    if (!counted.isEmpty()) {
      outputs.keySet().retainAll(counted);
    }
    return new LossModel(test.program().model(), types, varied, outputs);
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(types);
    outputs.forEach((name, type) -> inputs.put(COTANGENT + name, type));
    return inputs;
  }

  /** The values for {@link #inputs}; missing cotangents are drawn. */
  Map<String, HostTensor> inputs(Sample sample, Random random) {
    Map<String, HostTensor> values = new LinkedHashMap<>();
    types.keySet().forEach(name -> values.put(name, value(sample.inputs(), name)));
    outputs.forEach(
        (name, type) -> {
          HostTensor given = sample.cotangents().get(name);
          values.put(
              COTANGENT + name,
              given != null ? given : Values.normal(1).draw(random, type.dtype(), type.shape()));
        });
    return values;
  }

  /** The model's weights and the varied inputs. */
  Weights weights(Sample sample) {
    Map<String, HostTensor> all = new LinkedHashMap<>(sample.weights().tensors());
    varied.keySet().forEach(name -> all.put(PARAMETER + name, value(sample.inputs(), name)));
    return Weights.of(all);
  }

  private static HostTensor value(Map<String, HostTensor> values, String name) {
    return Objects.requireNonNull(values.get(name), name);
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> given = new LinkedHashMap<>(inputs.tensors());
    given.keySet().removeIf(name -> name.startsWith(COTANGENT));
    varied.forEach(
        (name, type) -> {
          Tensor parameter = scope.param(PARAMETER + name, Init.zeros(), type.dims().toArray());
          given.put(name, parameter.cast(type.dtype()));
        });
    Map<String, Tensor> results = inner.apply(scope, new Inputs(given));
    List<Tensor> parts = new ArrayList<>();
    for (String name : outputs.keySet()) {
      Tensor result = Objects.requireNonNull(results.get(name), name);
      Tensor weighted = result.mul(inputs.get(COTANGENT + name));
      parts.add(weighted.sumTo(List.of()).cast(DType.F32));
    }
    return Map.of("loss", parts.stream().reduce(Tensor::add).orElseThrow());
  }
}
