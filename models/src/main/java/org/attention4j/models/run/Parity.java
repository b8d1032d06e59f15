package org.attention4j.models.run;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.attention4j.error.EngineException;
import org.attention4j.error.ShapeException;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;

/** Holds engines to the reference engine in f64. */
public final class Parity {
  private static final String OBSERVED = "observed.";

  private final Program program;
  private final Weights weights;

  /** For one model. */
  public Parity(Program program, Weights weights) {
    this.program = program;
    this.weights = weights;
  }

  /**
   * How far one value of an engine is from the truth.
   *
   * @param name of the output, or the path of the layer
   * @param difference largest absolute one; NaN if a value is not finite where the truth is
   * @param magnitude largest absolute value of the truth
   * @param worst where the difference is largest
   */
  public record Distance(
      String name,
      double difference,
      double magnitude,
      List<Long> worst,
      double expected,
      double got) {

    public Distance {
      worst = List.copyOf(worst);
    }

    /** Whether it is within a tolerance, relative to the magnitude where that is above 1. */
    public boolean within(double tolerance) {
      return difference <= tolerance * Math.max(1, magnitude);
    }

    private static Distance worse(Distance a, Distance b) {
      return a.difference >= b.difference || Double.isNaN(a.difference) ? a : b;
    }
  }

  /** The truth: all outputs in f64, those of layers included if wanted. */
  public List<Map<String, HostTensor>> truth(
      List<Map<String, HostTensor>> examples, boolean layers) {
    Engine reference = Engines.get("reference");
    SessionOptions options = SessionOptions.defaults().withPrecision(DType.F64);
    return outputs(reference, options, examples, layers);
  }

  /**
   * Runs an engine on the examples.
   *
   * @param layers whether every layer is returned as {@code observed.PATH}, in order
   */
  public List<Map<String, HostTensor>> outputs(
      Engine engine,
      SessionOptions options,
      List<Map<String, HostTensor>> examples,
      boolean layers) {
    Predicate<String> observed = path -> layers && !path.endsWith(".weights");
    List<Map<String, HostTensor>> outputs = new ArrayList<>();
    try (Session session = engine.open(program, weights, options.observing(observed))) {
      for (Map<String, HostTensor> example : examples) {
        outputs.add(session.run(example));
      }
    }
    return outputs;
  }

  /** The distances of all outputs, layers first in the order in which they are computed. */
  public static List<Distance> distances(
      List<Map<String, HostTensor>> truth, List<Map<String, HostTensor>> outputs) {
    Map<String, Distance> worst = new LinkedHashMap<>();
    for (int i = 0; i < truth.size(); i++) {
      for (Map.Entry<String, HostTensor> entry : truth.get(i).entrySet()) {
        HostTensor got = outputs.get(i).get(entry.getKey());
        if (got == null) {
          throw new EngineException("the engine returned no output '" + entry.getKey() + "'");
        }
        Distance distance = distance(entry.getKey(), entry.getValue(), got);
        worst.merge(entry.getKey(), distance, Distance::worse);
      }
    }
    List<Distance> ordered = new ArrayList<>();
    worst.values().stream().filter(d -> d.name.startsWith(OBSERVED)).forEach(ordered::add);
    worst.values().stream().filter(d -> !d.name.startsWith(OBSERVED)).forEach(ordered::add);
    return ordered.stream().map(Parity::shortened).toList();
  }

  private static Distance shortened(Distance d) {
    String name = d.name.startsWith(OBSERVED) ? d.name.substring(OBSERVED.length()) : d.name;
    return new Distance(name, d.difference, d.magnitude, d.worst, d.expected, d.got);
  }

  private static Distance distance(String name, HostTensor expected, HostTensor got) {
    if (!Arrays.equals(expected.shape(), got.shape())) {
      throw new ShapeException(
          "output '"
              + name
              + "' has shape "
              + Arrays.toString(got.shape())
              + ", the reference engine's "
              + Arrays.toString(expected.shape()));
    }
    double most = 0;
    double magnitude = 0;
    long at = 0;
    for (long i = 0; i < expected.size(); i++) {
      double e = expected.getDouble(i);
      double g = got.getDouble(i);
      double difference = e == g ? 0 : Math.abs(e - g);
      magnitude = Math.max(magnitude, Math.abs(e));
      if (difference > most || (Double.isNaN(difference) && !Double.isNaN(most))) {
        most = difference;
        at = i;
      }
    }
    boolean empty = expected.size() == 0;
    return new Distance(
        name,
        most,
        magnitude,
        index(at, expected.shape()),
        empty ? 0 : expected.getDouble(at),
        empty ? 0 : got.getDouble(at));
  }

  private static List<Long> index(long flat, long[] shape) {
    Long[] index = new Long[shape.length];
    long rest = flat;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      long size = Math.max(1, shape[axis]);
      index[axis] = rest % size;
      rest /= size;
    }
    return List.of(index);
  }
}
