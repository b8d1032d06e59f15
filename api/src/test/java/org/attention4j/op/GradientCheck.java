package org.attention4j.op;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.attention4j.graph.Graph;
import org.attention4j.graph.Replay;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Init;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.reference.ReferenceExecutor;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/** Compares the gradient graph with central differences, element by element, in f64. */
final class GradientCheck {
  private static final double STEP = 1e-5;
  private static final double TOLERANCE = 1e-7;

  /** An operand: floating ones are differentiated, integer ones are given. */
  record Operand(TensorType type, double low, double high, List<Long> integers) {
    static Operand between(double low, double high, long... shape) {
      return new Operand(TensorType.ofShape(DType.F32, shape), low, high, List.of());
    }

    /** From -1.5 to 1.5. */
    static Operand real(long... shape) {
      return between(-1.5, 1.5, shape);
    }

    static Operand integers(long[] values, long... shape) {
      return new Operand(
          TensorType.ofShape(DType.I64, shape), 0, 0, LongStream.of(values).boxed().toList());
    }

    boolean isReal() {
      return type.dtype().isFloating();
    }
  }

  /** A function of operands; the loss weighs every element of every result differently. */
  record Case(String name, List<Operand> operands, Function<List<Tensor>, List<Tensor>> function)
      implements Model {
    static Case of(String name, Function<List<Tensor>, Tensor> function, Operand... operands) {
      return new Case(name, List.of(operands), in -> List.of(function.apply(in)));
    }

    @Override
    public String toString() {
      return name;
    }

    @Override
    public Map<String, TensorType> inputs() {
      Map<String, TensorType> inputs = new LinkedHashMap<>();
      inputs.put("anchor", TensorType.f32()); // a tensor to hang constants on
      for (int i = 0; i < operands.size(); i++) {
        if (!operands.get(i).isReal()) {
          inputs.put("i" + i, operands.get(i).type());
        }
      }
      return inputs;
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      Tensor loss = inputs.get("anchor");
      List<Tensor> in = new ArrayList<>();
      for (int i = 0; i < operands.size(); i++) {
        Operand operand = operands.get(i);
        Object[] dims = operand.type().dims().toArray();
        in.add(operand.isReal() ? scope.param("p" + i, Init.zeros(), dims) : inputs.get("i" + i));
      }
      int seed = 1;
      for (Tensor result : function.apply(in)) {
        if (result.dtype().isFloating()) {
          loss = loss.add(weighted(result.cast(DType.F32), seed++));
        }
      }
      return Map.of("loss", loss);
    }

    private static Tensor weighted(Tensor result, int seed) {
      int size = (int) result.type().count().longSize();
      double[] factors = new Random(seed).doubles(size, -1, 1).toArray();
      Tensor weight = result.constant(factors).reshape(result.type().dims());
      return result.mul(weight).sumTo(List.of());
    }
  }

  private final Case test;
  private final ReferenceExecutor executor = new ReferenceExecutor(DType.F64);
  private final Map<String, HostTensor> parameters = new LinkedHashMap<>();
  private final Map<String, HostTensor> inputs = new LinkedHashMap<>();

  private GradientCheck(Case test, long seed) {
    this.test = test;
    Random random = new Random(seed);
    inputs.put("anchor", HostTensor.scalar(0.0));
    for (int i = 0; i < test.operands.size(); i++) {
      Operand operand = test.operands.get(i);
      long[] shape = operand.type().shape();
      if (operand.isReal()) {
        HostTensor value = HostTensor.zeros(DType.F64, shape);
        for (long j = 0; j < value.size(); j++) {
          value.set(j, operand.low + (operand.high - operand.low) * random.nextDouble());
        }
        parameters.put("p" + i, value);
      } else {
        inputs.put(
            "i" + i, HostTensor.of(operand.integers.stream().mapToLong(v -> v).toArray(), shape));
      }
    }
  }

  /** Checks all elements of all floating operands; composites expanded, then kept whole. */
  static void run(Case test, long seed) {
    GradientCheck check = new GradientCheck(test, seed);
    for (boolean whole : new boolean[] {false, true}) {
      check.compare(whole, test.name + (whole ? ", whole" : ", expanded") + ", seed " + seed);
    }
  }

  private void compare(boolean whole, String what) {
    Graph forward =
        Graph.trace(test, test.inputs(), TraceOptions.primitives().keeping((op, types) -> whole));
    Map<String, HostTensor> gradient = replay(forward.gradient("loss", (op, types) -> whole));
    for (Map.Entry<String, HostTensor> entry : parameters.entrySet()) {
      HostTensor got = gradient.get("grad." + entry.getKey());
      HostTensor value = entry.getValue();
      for (long i = 0; i < value.size(); i++) {
        double expected = difference(forward, value, i);
        double allowed = TOLERANCE * Math.max(1, Math.abs(expected));
        double actual = got == null ? 0 : got.getDouble(i); // no path, no output
        assertEquals(expected, actual, allowed, what + ": " + entry.getKey() + " element " + i);
      }
    }
  }

  private double difference(Graph forward, HostTensor value, long i) {
    double middle = value.getDouble(i);
    value.set(i, middle + STEP);
    double above = loss(forward);
    value.set(i, middle - STEP);
    double below = loss(forward);
    value.set(i, middle);
    return (above - below) / (2 * STEP);
  }

  private double loss(Graph forward) {
    return Objects.requireNonNull(replay(forward).get("loss")).getDouble(0);
  }

  private Map<String, HostTensor> replay(Graph graph) {
    Map<String, Tensor> tensors = new HashMap<>();
    graph
        .inputTypes()
        .forEach((n, type) -> tensors.put(n, upload(Objects.requireNonNull(inputs.get(n)), type)));
    Map<String, HostTensor> results = new LinkedHashMap<>();
    new Replay(graph)
        .run(
            executor,
            path ->
                upload(
                    Objects.requireNonNull(parameters.get(path)),
                    Objects.requireNonNull(graph.parameterTypes().get(path))),
            tensors)
        .forEach((name, t) -> results.put(name, executor.download(t.handle(), t.type())));
    return results;
  }

  private Tensor upload(HostTensor value, TensorType type) {
    return new Tensor(type, executor, executor.upload(value.copy(), type));
  }
}
