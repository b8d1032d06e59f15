package org.attention4j.engine.djl;

import java.util.List;
import org.attention4j.conformance.EngineConformance;
import org.attention4j.spi.Availability;
import org.attention4j.spi.EagerExecutor;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.Support;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/** The conformance kit on engine djl with PyTorch's own attention and autograd. */
final class PyTorchAttentionConformanceTest extends EngineConformance {
  @Override
  protected Engine engine() {
    return new Named(new DjlEngine());
  }

  private record Named(DjlEngine inner) implements Engine {
    @Override
    public String name() {
      return inner.name();
    }

    @Override
    public String version() {
      return inner.version();
    }

    @Override
    public Availability availability() {
      return inner.availability();
    }

    @Override
    public Support supports(Composite op, List<TensorType> operands, Mode mode) {
      return inner.supports(op, operands, mode);
    }

    @Override
    public Session open(Program program, Weights weights, SessionOptions options) {
      return inner.open(program, weights, options.with("attention", "pytorch"));
    }

    @Override
    public Trainer train(Program program, Weights weights, TrainerOptions options) {
      return inner.train(program, weights, options.with("attention", "pytorch"));
    }

    @Override
    public EagerExecutor eager(SessionOptions options) {
      return inner.eager(options.with("attention", "pytorch"));
    }
  }
}
