package org.attention4j.kernels;

import java.util.List;
import org.attention4j.reference.ReferenceExecutor;
import org.attention4j.spi.Availability;
import org.attention4j.spi.EagerEngine;
import org.attention4j.spi.EagerExecutor;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Support;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.TensorType;

/**
 * The engine {@code native}: the reference engine's primitives in f32 or, for inference, bf16 or
 * f16, with attention in {@link FlashAttention}. It shows that the kernel's seam holds; only
 * attention is fast.
 */
public final class NativeEngine extends EagerEngine {
  private final FlashAttentionProvider kernel = new FlashAttentionProvider();

  /** For ServiceLoader; loads nothing. */
  public NativeEngine() {
    super("native");
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
  protected List<DType> precisions(Mode mode) {
    return mode == Mode.INFERENCE ? List.of(DType.F32, DType.BF16, DType.F16) : List.of(DType.F32);
  }

  @Override
  protected EagerExecutor executor(Device device, DType precision, Mode mode) {
    return new ReferenceExecutor(precision, kernel, mode);
  }

  @Override
  protected String description(Device device, DType precision) {
    String kernels = kernel.name() + " " + kernel.version();
    return super.description(device, precision) + ": plain Java with kernel " + kernels;
  }
}
