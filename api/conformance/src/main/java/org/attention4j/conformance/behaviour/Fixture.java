package org.attention4j.conformance.behaviour;

import static org.attention4j.conformance.Values.whole;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.attention4j.conformance.cases.BlockCases;
import org.attention4j.conformance.models.TinyGpt;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.NextToken;
import org.attention4j.weights.Weights;

/** The small models that behaviours are tried on, and their numbers. */
final class Fixture {
  static final int TOKENS = 11;

  private Fixture() {}

  static Program gpt() {
    return Program.of(TinyGpt.standard());
  }

  /** With its loss, for training. */
  static Program lessons(double dropout) {
    return Program.of(new NextToken(TinyGpt.standard().dropping(dropout)));
  }

  static Weights weights(Program program, long seed) {
    return BlockCases.weights(program, new Random(seed));
  }

  static HostTensor ids(Random random, long batch, long time) {
    return whole(0, TOKENS).draw(random, DType.I64, batch, time);
  }

  static Map<String, HostTensor> prompt(Random random, long batch, long time) {
    return Map.of("input_ids", ids(random, batch, time));
  }

  static Map<String, HostTensor> lesson(Random random, long batch, long time) {
    Map<String, HostTensor> inputs = new LinkedHashMap<>(prompt(random, batch, time));
    inputs.put("targets", ids(random, batch, time));
    return inputs;
  }

  /** The oracle's outputs. */
  static Map<String, HostTensor> truth(
      Program program, Weights weights, Map<String, HostTensor> inputs) {
    SessionOptions options = SessionOptions.defaults().withPrecision(DType.F64);
    try (Session session = new ReferenceEngine().open(program, weights, options)) {
      return session.run(inputs);
    }
  }

  static Session open(Engine engine, Program program, Weights weights) {
    return engine.open(program, weights, SessionOptions.defaults());
  }

  /** What is wrong with tensors that must be close to others, or an empty text. */
  static String far(
      Map<String, HostTensor> expected, Map<String, HostTensor> got, double tolerance) {
    for (Map.Entry<String, HostTensor> entry : expected.entrySet()) {
      HostTensor other = got.get(entry.getKey());
      if (other == null) {
        return entry.getKey() + " is missing among " + got.keySet();
      }
      TensorType one = TensorType.ofShape(DType.F32, entry.getValue().shape());
      TensorType two = TensorType.ofShape(DType.F32, other.shape());
      if (!one.equals(two)) {
        return entry.getKey() + " is " + two + ", expected " + one;
      }
      double worst = distance(entry.getValue(), other);
      if (!(worst <= tolerance)) {
        return entry.getKey() + " differs by " + worst + ", allowed " + tolerance;
      }
    }
    return "";
  }

  /** Largest absolute difference; NaN if one is not finite where the other is. */
  static double distance(HostTensor a, HostTensor b) {
    double worst = 0;
    for (long i = 0; i < a.size(); i++) {
      double error = Math.abs(a.getDouble(i) - b.getDouble(i));
      if (Double.isNaN(error)) {
        return Double.NaN;
      }
      worst = Math.max(worst, error);
    }
    return worst;
  }

  /** Whether two maps of tensors are equal bit by bit. */
  static String unequal(Map<String, HostTensor> a, Map<String, HostTensor> b) {
    for (Map.Entry<String, HostTensor> entry : a.entrySet()) {
      HostTensor other = Objects.requireNonNull(b.get(entry.getKey()), entry.getKey());
      if (!entry.getValue().equalsExactly(other)) {
        return entry.getKey() + " differs by " + distance(entry.getValue(), other);
      }
    }
    return "";
  }
}
