package org.attention4j.engine.djl;

import java.util.List;
import org.attention4j.error.EngineException;
import org.attention4j.spi.Availability;
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
    return Support.unless(FusedScript.obstacles(op));
  }

  @Override
  public Session open(Program program, Weights weights, SessionOptions options) {
    options.checkProperties(java.util.Set.of());
    Precision precision =
        switch (options.precision()) {
          case F32 -> Precision.F32;
          case F64 -> Precision.F64;
          case BF16 -> Precision.MIXED_BF16;
          default -> throw precision(options.precision(), List.of("f32", "f64", "bf16"));
        };
    return new DjlSession(PyTorch.start(), program, weights, options, precision);
  }

  @Override
  public Trainer train(Program program, Weights weights, TrainerOptions options) {
    Precision precision =
        switch (options.precision()) {
          case F32 -> Precision.F32;
          case BF16 -> Precision.MIXED_BF16;
          default -> throw precision(options.precision(), List.of("f32", "bf16"));
        };
    return new DjlTrainer(PyTorch.start(), program, weights, options, precision);
  }

  private static EngineException precision(DType asked, List<String> available) {
    return EngineException.unavailable(
        "precision", asked.label(), List.of("engine djl does not compute in it here"), available);
  }
}
