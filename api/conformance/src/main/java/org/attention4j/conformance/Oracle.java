package org.attention4j.conformance;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.Schedule;
import org.attention4j.train.Sgd;
import org.attention4j.weights.Weights;

/** The reference engine: in float64 the truth, in the case's precision the naive run. */
final class Oracle {
  private static final ReferenceEngine REFERENCE = new ReferenceEngine();
  static final String SOURCE = "oracle reference/f64";

  /** A trainer that updates nothing: only its gradients are asked for. */
  static final TrainerOptions STILL = TrainerOptions.of(Sgd.of(Schedule.constant(0)));

  private Oracle() {}

  static Map<String, HostTensor> outputs(Program program, Sample sample, DType precision) {
    SessionOptions options = SessionOptions.defaults().withPrecision(precision);
    try (Session session = REFERENCE.open(program, sample.weights(), options)) {
      return session.run(sample.inputs());
    }
  }

  static Map<String, HostTensor> gradients(
      Program program, Weights weights, Map<String, HostTensor> inputs, DType precision) {
    try (Trainer trainer = REFERENCE.train(program, weights, STILL.withPrecision(precision))) {
      return trainer.gradients(inputs);
    }
  }

  /** Oracle and naive values as targets. */
  static Map<String, Target> targets(
      Case.Expectation expectation,
      DType precision,
      boolean backward,
      Map<String, HostTensor> oracle,
      Map<String, HostTensor> naive) {
    Map<String, Target> targets = new LinkedHashMap<>();
    oracle.forEach(
        (name, value) -> {
          Target.Limit limit =
              expectation instanceof Case.Oracle o && value.dtype().isFloating()
                  ? Tolerance.limit(
                      precision,
                      backward,
                      value,
                      Objects.requireNonNull(naive.get(name)),
                      backward ? o.backward() : o.forward())
                  : Target.Limit.EXACT;
          targets.put(name, new Target(value, limit, SOURCE));
        });
    return targets;
  }
}
