package org.attention4j.nn.longcontext;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.attention4j.nn.Model;
import org.attention4j.nn.Probe;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/** Expressions on the reference engine in f64, with symbolic sizes where the types have them. */
final class Runs {
  /** Heads of queries, keys or values, symbolic in batch and time. */
  static final TensorType HEADS = TensorType.f32("batch", 2, "time", 8);

  private Runs() {}

  /** Queries, keys and values under the names q, k and v. */
  static Map<String, HostTensor> attention(long seed, long batch, long time) {
    Map<String, HostTensor> values = new LinkedHashMap<>();
    values.put("q", Probe.normal(seed, batch, 2, time, 8));
    values.put("k", Probe.normal(seed + 1, batch, 2, time, 8));
    values.put("v", Probe.normal(seed + 2, batch, 2, time, 8));
    return values;
  }

  /** The types of {@link #attention}. */
  static Map<String, TensorType> attentionTypes() {
    return Map.of("q", HEADS, "k", HEADS, "v", HEADS);
  }

  /** An expression without parameters on q, k and v. */
  static double[] of(Map<String, HostTensor> values, Function<Model.Inputs, Tensor> expression) {
    return probe((scope, in) -> expression.apply(in)).run(Weights.empty(), values).toDoubleArray();
  }

  /** A variant on q, k and v. */
  static double[] of(AttentionVariant variant, Weights weights, Map<String, HostTensor> values) {
    return variant(variant).run(weights, values).toDoubleArray();
  }

  static Probe variant(AttentionVariant variant) {
    return probe((scope, in) -> variant.attend(scope, in.get("q"), in.get("k"), in.get("v"), null));
  }

  static Probe probe(BiFunction<Scope, Model.Inputs, Tensor> function) {
    return new Probe(attentionTypes(), function);
  }

  /** A variant on q, k and v with padding m, [batch, time]. */
  static double[] padded(
      AttentionVariant variant, Map<String, HostTensor> values, HostTensor tokens) {
    Map<String, TensorType> types = new LinkedHashMap<>(attentionTypes());
    types.put("m", TensorType.i64("batch", "time"));
    Map<String, HostTensor> all = new LinkedHashMap<>(values);
    all.put("m", tokens);
    Probe probe =
        new Probe(
            types,
            (s, in) -> variant.attend(s, in.get("q"), in.get("k"), in.get("v"), in.get("m")));
    return probe.run(Weights.empty(), all).toDoubleArray();
  }

  static HostTensor at(Map<String, HostTensor> values, String name) {
    return Objects.requireNonNull(values.get(name));
  }

  /** The largest difference. */
  static double distance(double[] a, double[] b) {
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
    }
    return largest;
  }

  /** Root of the mean square difference. */
  static double error(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(sum / a.length);
  }

  static void assertEqual(double[] expected, double[] actual) {
    assertArrayEquals(expected, actual, 1e-11);
  }

  /** Numbers of f64. */
  static HostTensor zeros(long... shape) {
    return HostTensor.zeros(DType.F64, shape);
  }
}
