package org.attention4j.spi;

import java.util.List;
import java.util.Set;
import org.attention4j.error.EngineException;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/**
 * An engine that is an {@link EagerExecutor} and nothing else: sessions, caches, gradients and
 * training replay graphs on it. As it stands it claims no composite and runs on the CPU.
 */
public abstract class EagerEngine implements Engine {
  private final String name;

  /** An engine under a name, as users write it. */
  protected EagerEngine(String name) {
    this.name = name;
  }

  /** What it computes in; anything else is refused before an executor is asked for. */
  protected abstract List<DType> precisions(Mode mode);

  /** A new executor; whoever opened a session, a trainer or an eager run on it closes it. */
  protected abstract EagerExecutor executor(Device device, DType precision, Mode mode);

  @Override
  public final String name() {
    return name;
  }

  @Override
  public Availability availability() {
    return Availability.on(List.of(Device.cpu()));
  }

  @Override
  public Support supports(Composite op, List<TensorType> operands, Mode mode) {
    return Support.no("engine '" + name + "' runs primitives only");
  }

  @Override
  public final Session open(Program program, Weights weights, SessionOptions options) {
    return new GraphSession(
        program,
        weights,
        options,
        eager(options),
        description(options.device(), options.precision()));
  }

  @Override
  public final Trainer train(Program program, Weights weights, TrainerOptions options) {
    options.checkProperties(Set.of());
    return new GraphTrainer(
        program,
        weights,
        options,
        served(options.device(), options.precision(), Mode.TRAINING),
        description(options.device(), options.precision()));
  }

  @Override
  public final EagerExecutor eager(SessionOptions options) {
    options.checkProperties(Set.of());
    return served(options.device(), options.precision(), Mode.INFERENCE);
  }

  /** What a session or trainer says about itself. */
  protected String description(Device device, DType precision) {
    return name + " on " + device + ", " + precision.label();
  }

  private EagerExecutor served(Device device, DType precision, Mode mode) {
    Availability here = availability();
    if (!here.available()) {
      throw new EngineException("engine '" + name + "' is unavailable: " + here.reason());
    }
    if (!here.devices().contains(device)) {
      List<String> devices = here.devices().stream().map(Device::toString).toList();
      throw EngineException.unavailable(
          "device",
          device.toString(),
          List.of("engine '" + name + "' does not run there"),
          devices);
    }
    if (!precisions(mode).contains(precision)) {
      throw EngineException.unavailable(
          "precision",
          precision.label(),
          List.of("engine '" + name + "' does not compute in it"),
          precisions(mode).stream().map(DType::label).toList());
    }
    return executor(device, precision, mode);
  }
}
