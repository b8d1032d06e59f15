package org.attention4j.engine.djl;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.attention4j.error.EngineException;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.KernelOperators;
import org.attention4j.spi.KernelProvider;
import org.attention4j.tensor.Device;
import org.jspecify.annotations.Nullable;

/**
 * Where attention runs: the property {@code attention} of sessions and trainers. {@code pytorch} is
 * PyTorch's own operator, the name of a kernel provider is that kernel or an error, and {@code
 * auto}, the default, is the first kernel that is available, as docs/engine-djl.md measures it.
 *
 * @param kernel null where PyTorch computes attention itself
 * @param reason why it was chosen, for people
 */
record AttentionChoice(@Nullable AttentionKernel kernel, String reason) {
  /** Name of the property. */
  static final String PROPERTY = "attention";

  static final String AUTO = "auto";
  static final String PYTORCH = "pytorch";

  /**
   * Reads the property.
   *
   * @throws EngineException if what it names is not here
   */
  static AttentionChoice of(Map<String, String> properties, Device device, Precision precision) {
    String asked = properties.getOrDefault(PROPERTY, AUTO);
    if (asked.equals(PYTORCH)) {
      return new AttentionChoice(null, "asked for");
    }
    List<String> reasons = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (KernelProvider provider : Engines.kernels()) {
      names.add(provider.name());
      if (!asked.equals(AUTO) && !asked.equals(provider.name())) {
        continue;
      }
      String obstacle = obstacle(provider, device, precision);
      if (!obstacle.isEmpty()) {
        reasons.add(provider.name() + ": " + obstacle);
        continue;
      }
      KernelOperators operators = provider.operators(KernelOperators.LIBTORCH);
      if (operators.available()) {
        return new AttentionChoice(
            new AttentionKernel(provider, operators, !asked.equals(AUTO)),
            asked.equals(AUTO) ? "auto" : "asked for");
      }
      reasons.add(provider.name() + ": " + operators.reason());
    }
    if (asked.equals(AUTO)) {
      String none = "no kernel on the class path";
      return new AttentionChoice(null, reasons.isEmpty() ? none : String.join("; ", reasons));
    }
    List<String> others = List.of(PYTORCH, AUTO);
    throw names.contains(asked)
        ? EngineException.unavailable(PROPERTY, asked, reasons, others)
        : EngineException.unknown(PROPERTY, asked, withKernels(others, names));
  }

  private static List<String> withKernels(List<String> others, List<String> names) {
    List<String> all = new ArrayList<>(names);
    all.addAll(others);
    return all;
  }

  private static String obstacle(KernelProvider provider, Device device, Precision precision) {
    if (provider.spiVersion() != Engine.SPI_VERSION) {
      return "it was written for version " + provider.spiVersion() + " of the interface";
    }
    if (device.kind() != Device.Kind.CPU) {
      return "it runs on the CPU, not on " + device;
    }
    return precision.equals(Precision.F64) ? "it does not compute in f64" : "";
  }

  /** For the description of a session or trainer. */
  @Override
  public String toString() {
    return kernel == null
        ? "attention by PyTorch (" + reason + ")"
        : "attention by " + kernel.details() + " (" + reason + ")";
  }
}
