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
 * The engine {@code native}: the reference engine's primitives in f32 with attention in {@link
 * FlashAttention}. It shows that the kernel's seam holds; only attention is fast.
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
    requireServed(options.device(), options.precision());
    options.checkProperties(Set.of());
    ReferenceExecutor executor = new ReferenceExecutor(DType.F32, kernel, Mode.INFERENCE);
    return new GraphSession(program, weights, options, executor, description());
  }

  @Override
  public Trainer train(Program program, Weights weights, TrainerOptions options) {
    requireServed(options.device(), options.precision());
    ReferenceExecutor executor = new ReferenceExecutor(DType.F32, kernel, Mode.TRAINING);
    return new GraphTrainer(program, weights, options, executor, description());
  }

  private String description() {
    return "native on cpu, f32: plain Java with kernel " + kernel.name() + " " + kernel.version();
  }

  private void requireServed(Device device, DType precision) {
    SharedKernel.get().kernel(); // or the reason why not
    if (!device.equals(Device.cpu())) {
      throw EngineException.unavailable(
          "device", device + "", List.of("engine 'native' runs on cpu"), List.of("cpu"));
    }
    if (precision != DType.F32) {
      throw EngineException.unavailable(
          "precision", precision.label(), List.of("engine 'native' computes f32"), List.of("f32"));
    }
  }
}
