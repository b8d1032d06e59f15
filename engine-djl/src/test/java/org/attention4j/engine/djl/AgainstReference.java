package org.attention4j.engine.djl;

import static org.attention4j.engine.djl.TinyGpt.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.nn.Model;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Eager;
import org.attention4j.spi.Engine;
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

/** Compares engine djl with the reference engine in f64, values and gradients. */
final class AgainstReference {
  private AgainstReference() {}

  private static Map<String, HostTensor> run(Engine engine, OpModel model, DType precision) {
    SessionOptions options = SessionOptions.defaults().withPrecision(precision).withThreads(1);
    try (Session session = engine.open(Program.of(model), model.weights(), options)) {
      return session.run(model.values());
    }
  }

  private static Map<String, HostTensor> gradients(Engine engine, OpModel model, DType precision) {
    TrainerOptions options = TrainerOptions.of(Sgd.of(Schedule.constant(0)));
    options = options.withPrecision(precision).withThreads(1);
    try (Trainer trainer = engine.train(Program.of(model), model.weights(), options)) {
      return trainer.gradients(model.values());
    }
  }

  /** Values, in f64 and in f32. */
  static void values(OpModel model) {
    Map<String, HostTensor> wanted = run(new ReferenceEngine(), model, DType.F64);
    close(wanted, run(new DjlEngine(), model, DType.F64), 1e-11, "f64 ");
    wanted.remove("loss"); // a sum over everything says nothing in f32
    close(wanted, run(new DjlEngine(), model, DType.F32), 2e-5, "f32 ");
  }

  /** Values op by op, without a graph. */
  static void eagerValues(OpModel model) {
    SessionOptions options = SessionOptions.defaults().withPrecision(DType.F64);
    try (Eager eager = Eager.open(new DjlEngine(), model.weights(), options)) {
      Map<String, HostTensor> wanted = run(new ReferenceEngine(), model, DType.F64);
      close(wanted, eager.run(model, model.values()), 1e-11, "eager f64 ");
    }
  }

  /** Gradients of the floating operands, in f64 and in f32. */
  static void gradients(OpModel model) {
    Map<String, HostTensor> wanted = gradients(new ReferenceEngine(), model, DType.F64);
    wanted.keySet().removeIf(name -> !name.equals("loss") && !name.startsWith("a"));
    close(wanted, gradients(new DjlEngine(), model, DType.F64), 1e-10, "f64 gradient ");
    wanted.remove("loss");
    close(wanted, gradients(new DjlEngine(), model, DType.F32), 1e-4, "f32 gradient ");
  }

  /** Outputs and the gradient of one parameter {@code a0}, of engine djl in f32. */
  static Map<String, HostTensor> runAndDifferentiate(Model model, HostTensor a0) {
    Weights weights = Weights.of(Map.of("a0", a0));
    Map<String, HostTensor> inputs = Map.of("anchor", HostTensor.scalar(0f));
    TrainerOptions options = TrainerOptions.of(Sgd.of(Schedule.constant(0))).withThreads(1);
    try (Trainer trainer = new DjlEngine().train(Program.of(model), weights, options)) {
      Map<String, HostTensor> results = new LinkedHashMap<>(trainer.evaluate(inputs));
      results.putAll(trainer.gradients(inputs));
      return results;
    }
  }

  private static void close(
      Map<String, HostTensor> wanted, Map<String, HostTensor> got, double tolerance, String what) {
    wanted.forEach(
        (name, tensor) -> {
          HostTensor other = get(got, name);
          assertArrayEquals(tensor.shape(), other.shape(), what + name);
          for (long i = 0; i < tensor.size(); i++) {
            double a = tensor.getDouble(i);
            double b = other.getDouble(i);
            if (Double.isFinite(a) && tensor.dtype().isFloating()) {
              double allowed = tolerance * Math.max(1, Math.abs(a));
              assertEquals(a, b, allowed, what + name + "[" + i + "]");
            } else {
              assertEquals(a, b, what + name + "[" + i + "]");
            }
          }
        });
  }
}
