package org.attention4j.reference;

import java.util.List;
import java.util.Set;
import org.attention4j.error.EngineException;
import org.attention4j.spi.Availability;
import org.attention4j.spi.EagerExecutor;
import org.attention4j.spi.Engine;
import org.attention4j.spi.GraphSession;
import org.attention4j.spi.GraphTrainer;
import org.attention4j.spi.KernelProvider;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.Support;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.jspecify.annotations.Nullable;

/**
 * Plain Java, obviously right, no dependency. In f64 it is the oracle that other engines are held
 * to; it can also train. Other precisions round after every primitive, as a naive run in that type
 * would.
 */
public final class ReferenceEngine implements Engine {
  private final String name;
  private final @Nullable KernelProvider kernel;

  /** The engine {@code reference}: primitives only. */
  public ReferenceEngine() {
    this("reference", null);
  }

  /** The same under another name, with a kernel provider that may claim composites. */
  public ReferenceEngine(String name, @Nullable KernelProvider kernel) {
    this.name = name;
    this.kernel = kernel;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String version() {
    return kernel == null ? "java " + Runtime.version().feature() : kernel.version();
  }

  @Override
  public Availability availability() {
    if (kernel == null) {
      return Availability.on(List.of(Device.cpu()), "plain Java, f64, f32, f16, bf16");
    }
    Availability kernels = kernel.availability();
    return kernels.available()
        ? Availability.on(List.of(Device.cpu()), kernels.details().toArray(String[]::new))
        : kernels;
  }

  @Override
  public Support supports(Composite op, List<TensorType> operands, Mode mode) {
    return kernel == null
        ? Support.no("the " + name + " engine runs primitives only")
        : kernel.supports(op, operands, mode);
  }

  @Override
  public Session open(Program program, Weights weights, SessionOptions options) {
    requireCpu(options.device());
    options.checkProperties(Set.of());
    ReferenceExecutor executor = new ReferenceExecutor(options.precision(), kernel, Mode.INFERENCE);
    String description = describe(options.precision().label());
    return new GraphSession(program, weights, options, executor, description);
  }

  @Override
  public Trainer train(Program program, Weights weights, TrainerOptions options) {
    requireCpu(options.device());
    ReferenceExecutor executor = new ReferenceExecutor(options.precision(), kernel, Mode.TRAINING);
    String description = describe(options.precision().label());
    return new GraphTrainer(program, weights, options, executor, description);
  }

  @Override
  public EagerExecutor eager(SessionOptions options) {
    requireCpu(options.device());
    options.checkProperties(Set.of());
    return new ReferenceExecutor(options.precision(), kernel, Mode.INFERENCE);
  }

  private String describe(String precision) {
    String kernels = kernel == null ? "" : ", kernel " + kernel.name() + " " + kernel.version();
    return name + " on cpu, " + precision + kernels;
  }

  private void requireCpu(Device device) {
    if (!device.equals(Device.cpu())) {
      throw new EngineException("engine '" + name + "' runs on cpu only, not on " + device);
    }
  }
}
