package org.attention4j.kernels;

import java.util.List;
import java.util.Set;
import org.attention4j.error.EngineException;
import org.attention4j.reference.ReferenceExecutor;
import org.attention4j.spi.Availability;
import org.attention4j.spi.Engine;
import org.attention4j.spi.GraphSession;
import org.attention4j.spi.GraphTrainer;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.Support;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/**
 * The engine {@code native}: the reference engine's primitives in f32 or, for inference, bf16, with
 * attention in {@link FlashAttention}. It shows that the kernel's seam holds; only attention is
 * fast.
 */
public final class NativeEngine implements Engine {
  private final FlashAttentionProvider kernel = new FlashAttentionProvider();

  /** For ServiceLoader; loads nothing. */
  public NativeEngine() {}

  @Override
  public String name() {
    return "native";
  }

  @Override
  public String version() {
    return kernel.version();
  }

  @Override
  public Availability availability() {
    return kernel.availability();
  }

  @Override
  public Support supports(Composite op, List<TensorType> operands, Mode mode) {
    return kernel.supports(op, operands, mode);
  }

  @Override
  public Session open(Program program, Weights weights, SessionOptions options) {
    requireServed(options.device(), options.precision(), List.of(DType.F32, DType.BF16));
    options.checkProperties(Set.of());
    DType precision = options.precision();
    ReferenceExecutor executor = new ReferenceExecutor(precision, kernel, Mode.INFERENCE);
    return new GraphSession(program, weights, options, executor, description(precision));
  }

  @Override
  public Trainer train(Program program, Weights weights, TrainerOptions options) {
    requireServed(options.device(), options.precision(), List.of(DType.F32));
    ReferenceExecutor executor = new ReferenceExecutor(DType.F32, kernel, Mode.TRAINING);
    return new GraphTrainer(program, weights, options, executor, description(DType.F32));
  }

  private String description(DType precision) {
    String kernels = kernel.name() + " " + kernel.version();
    return "native on cpu, " + precision.label() + ": plain Java with kernel " + kernels;
  }

  private void requireServed(Device device, DType precision, List<DType> served) {
    SharedKernel.get().kernel(); // or the reason why not
    if (!device.equals(Device.cpu())) {
      throw EngineException.unavailable(
          "device", device + "", List.of("engine 'native' runs on cpu"), List.of("cpu"));
    }
    if (!served.contains(precision)) {
      throw EngineException.unavailable(
          "precision",
          precision.label(),
          List.of("engine 'native' does not compute in it"),
          served.stream().map(DType::label).toList());
    }
  }
}
