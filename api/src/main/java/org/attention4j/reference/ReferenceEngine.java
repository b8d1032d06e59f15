package org.attention4j.reference;

import java.util.List;
import org.attention4j.spi.Availability;
import org.attention4j.spi.EagerEngine;
import org.attention4j.spi.EagerExecutor;
import org.attention4j.spi.KernelProvider;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Support;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Plain Java, obviously right, no dependency. In f64 it is the oracle that other engines are held
 * to; it can also train. Other precisions round after every primitive, as a naive run in that type
 * would.
 */
public final class ReferenceEngine extends EagerEngine {
  private final @Nullable KernelProvider kernel;

  /** The engine {@code reference}: primitives only. */
  public ReferenceEngine() {
    this("reference", null);
  }

  /** The same under another name, with a kernel provider that may claim composites. */
  public ReferenceEngine(String name, @Nullable KernelProvider kernel) {
    super(name);
    this.kernel = kernel;
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
        ? super.supports(op, operands, mode)
        : kernel.supports(op, operands, mode);
  }

  @Override
  protected List<DType> precisions(Mode mode) {
    return List.of(DType.F64, DType.F32, DType.F16, DType.BF16);
  }

  @Override
  protected EagerExecutor executor(Device device, DType precision, Mode mode) {
    return new ReferenceExecutor(precision, kernel, mode);
  }

  @Override
  protected String description(Device device, DType precision) {
    String kernels = kernel == null ? "" : ", kernel " + kernel.name() + " " + kernel.version();
    return super.description(device, precision) + kernels;
  }
}
