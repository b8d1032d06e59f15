package org.attention4j.engine.djl;

import java.util.List;
import java.util.Set;
import org.attention4j.error.EngineException;
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
import org.attention4j.tensor.DType;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/**
 * PyTorch through DJL. Graphs become TorchScript; what PyTorch has as one operator is claimed;
 * training uses PyTorch's autograd and its fused AdamW.
 */
public final class DjlEngine implements Engine {

  /** For {@link java.util.ServiceLoader}; starts nothing. */
  public DjlEngine() {}

  @Override
  public String name() {
    return "djl";
  }

  @Override
  public String version() {
    return "DJL 0.35.1, PyTorch " + PyTorch.VERSION;
  }

  @Override
  public Availability availability() {
    List<String> obstacles = PyTorch.obstacles();
    if (!obstacles.isEmpty()) {
      return Availability.unavailable(String.join("; ", obstacles));
    }
    try {
      PyTorch pytorch = PyTorch.start();
      return Availability.on(pytorch.devices(), pytorch.details().toArray(new String[0]));
    } catch (EngineException e) {
      return Availability.unavailable(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public Support supports(Composite op, List<TensorType> operands, Mode mode) {
    return Support.unless(FusedScript.obstacles(op, operands));
  }

  @Override
  public Session open(Program program, Weights weights, SessionOptions options) {
    options.checkProperties(Set.of(AttentionChoice.PROPERTY));
    return new DjlSession(
        PyTorch.start(), program, weights, options, precision(options.precision()));
  }

  @Override
  public Trainer train(Program program, Weights weights, TrainerOptions options) {
    options.checkProperties(Set.of(AttentionChoice.PROPERTY, Shards.PROPERTY));
    return new DjlTrainer(
        PyTorch.start(), program, weights, options, precision(options.precision()));
  }

  @Override
  public EagerExecutor eager(SessionOptions options) {
    options.checkProperties(Set.of(AttentionChoice.PROPERTY));
    return new DjlEagerExecutor(PyTorch.start(), options, precision(options.precision()));
  }

  private static Precision precision(DType asked) {
    return switch (asked) {
      case F32 -> Precision.F32;
      case F64 -> Precision.F64;
      case BF16 -> Precision.MIXED_BF16;
      default ->
          throw EngineException.unavailable(
              "precision",
              asked.label(),
              List.of("engine djl does not compute in it"),
              List.of("f32", "f64", "bf16"));
    };
  }
}
