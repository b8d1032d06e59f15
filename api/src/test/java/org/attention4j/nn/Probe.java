package org.attention4j.nn;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.BiFunction;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/** A model of one function, run on the reference engine in f64, to look at a block alone. */
public record Probe(
    Map<String, TensorType> inputs, BiFunction<Scope, Model.Inputs, Tensor> function)
    implements Model {

  /** A block on the input {@code x} of a type. */
  public static Probe of(TensorType type, Block block) {
    return new Probe(Map.of("x", type), (s, in) -> block.apply(s, in.get("x")));
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs in) {
    return Map.of("y", function.apply(scope, in));
  }

  /** Parameters moved away from their start. */
  public Weights weights(long seed) {
    Random random = new Random(seed);
    return Parameters.init(Program.of(this), seed).map((path, tensor) -> plus(tensor, random));
  }

  private static HostTensor plus(HostTensor tensor, Random random) {
    HostTensor moved = tensor.copy();
    for (long i = 0; i < moved.size(); i++) {
      moved.set(i, moved.getDouble(i) + 0.3 * random.nextGaussian());
    }
    return moved;
  }

  /** The result. */
  public HostTensor run(Weights weights, Map<String, HostTensor> values) {
    SessionOptions options = SessionOptions.defaults().withPrecision(DType.F64);
    try (Session session = new ReferenceEngine().open(Program.of(this), weights, options)) {
      return Objects.requireNonNull(session.run(values).get("y"));
    }
  }

  /** The result for the input {@code x}. */
  public HostTensor run(Weights weights, HostTensor x) {
    return run(weights, Map.of("x", x));
  }

  /** Standard normal numbers. */
  public static HostTensor normal(long seed, long... shape) {
    HostTensor tensor = HostTensor.zeros(DType.F64, shape);
    Random random = new Random(seed);
    for (long i = 0; i < tensor.size(); i++) {
      tensor.set(i, random.nextGaussian());
    }
    return tensor;
  }

  /** Two maps in one. */
  public static <T> Map<String, T> map(String a, T first, String b, T second) {
    Map<String, T> map = new LinkedHashMap<>();
    map.put(a, first);
    map.put(b, second);
    return map;
  }
}
