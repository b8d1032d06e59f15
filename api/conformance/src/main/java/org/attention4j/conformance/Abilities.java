package org.attention4j.conformance;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.attention4j.error.EngineException;
import org.attention4j.nn.Init;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Program;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/**
 * What an engine declines as a whole: a precision, or training. Asked once with the smallest
 * program; what it declines is skipped with its reason. Inference in f32 cannot be declined.
 * Thread-safe.
 */
public final class Abilities {
  private final Engine engine;
  private final Map<String, String> refusals = new ConcurrentHashMap<>();

  /** Of one engine. */
  public Abilities(Engine engine) {
    this.engine = engine;
  }

  /** Why the engine declines, or an empty text. */
  public String refusal(DType precision, Mode mode) {
    if (precision == DType.F32 && mode == Mode.INFERENCE) {
      return "";
    }
    return refusals.computeIfAbsent(precision + "/" + mode, key -> ask(precision, mode));
  }

  private String ask(DType precision, Mode mode) {
    Program program = Program.of(new Doubling());
    Weights weights = Weights.of(Map.of("w", HostTensor.of(new float[] {2}, 1)));
    try {
      if (mode == Mode.TRAINING) {
        engine.train(program, weights, Oracle.STILL.withPrecision(precision)).close();
      } else {
        SessionOptions options = SessionOptions.defaults().withPrecision(precision);
        engine.open(program, weights, options).close();
      }
      return "";
    } catch (EngineException e) {
      String what = mode == Mode.TRAINING ? "no training in " : "no ";
      return what + precision.label() + ": " + e.getMessage();
    }
  }

  private record Doubling() implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Map.of("x", TensorType.f32(1));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
      Tensor y = inputs.get("x").mul(scope.param("w", Init.ones(), 1));
      return Map.of("loss", y.drop(0));
    }
  }
}
