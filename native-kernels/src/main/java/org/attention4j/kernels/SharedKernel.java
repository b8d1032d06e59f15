package org.attention4j.kernels;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.attention4j.error.AttentionException;
import org.attention4j.error.EngineException;
import org.attention4j.spi.Availability;
import org.attention4j.spi.KernelOperators;
import org.attention4j.tensor.Device;
import org.jspecify.annotations.Nullable;

/**
 * The one kernel of this process that all providers share: ServiceLoader makes many providers, and
 * each would start its own threads.
 */
final class SharedKernel {
  private static @Nullable SharedKernel shared;

  private final @Nullable FlashAttention kernel;
  private final Availability availability;

  private SharedKernel(@Nullable FlashAttention kernel, Availability availability) {
    this.kernel = kernel;
    this.availability = availability;
  }

  /** Opened on first use, as the system properties say at that time. */
  static synchronized SharedKernel get() {
    if (shared == null) {
      shared = open();
    }
    return shared;
  }

  Availability availability() {
    return availability;
  }

  /**
   * The kernel.
   *
   * @throws EngineException if it is not available
   */
  FlashAttention kernel() {
    if (kernel == null) {
      throw EngineException.unavailable(
          "kernel", FlashAttentionProvider.NAME, List.of(availability.reason()), List.of());
    }
    return kernel;
  }

  /** Library version and instruction set, such as {@code 0.1.0 avx2}. */
  String version() {
    return kernel == null
        ? "unavailable"
        : NativeCalls.version() + " " + kernel.instructionSet().label();
  }

  /** Registers the operators with the libtorch that this process has loaded. */
  KernelOperators libtorchOperators() {
    String reason = NativeCalls.registerLibtorch(kernel().instructionSet().code());
    if (reason != null) {
      return KernelOperators.unavailable(reason);
    }
    return KernelOperators.of(
        null,
        "attention4j",
        Map.of(
            "Attention",
            "attention_forward",
            "Backward(Attention)",
            "attention_backward",
            "Dropout",
            "dropout",
            "Activation.GELU",
            "activation",
            "Activation.GELU_TANH",
            "activation",
            "Activation.SILU",
            "activation"),
        FlashAttentionProvider.NAME + " " + version());
  }

  /** The library is its own library of operators: ONNX Runtime finds RegisterCustomOps in it. */
  KernelOperators onnxRuntimeOperators() {
    InstructionSet isa = kernel().instructionSet();
    Path library = NativeLibrary.get().path();
    if (library == null || !NativeCalls.onnxRuntimeIsa(isa.code())) {
      return KernelOperators.unavailable("the library has no kernels for " + isa.label());
    }
    return KernelOperators.of(
        library,
        "org.attention4j",
        // Without vector instructions ONNX Runtime's own products may be faster.
        isa == InstructionSet.SCALAR
            ? Map.of("Attention", "Attention")
            : Map.of("Attention", "Attention", "BlockProduct", "BlockProduct"),
        FlashAttentionProvider.NAME + " " + version());
  }

  private static SharedKernel open() {
    NativeLibrary library = NativeLibrary.get();
    if (!library.available()) {
      return new SharedKernel(null, Availability.unavailable(library.reason()));
    }
    try {
      FlashAttention kernel = FlashAttention.open();
      List<String> details = new ArrayList<>();
      details.add(FlashAttentionProvider.NAME + " " + NativeCalls.version());
      details.add(
          "instruction set "
              + kernel.instructionSet().label()
              + " (here: "
              + instructionSets()
              + ")");
      details.add("threads " + kernel.threads());
      details.addAll(library.details());
      return new SharedKernel(
          kernel, Availability.on(List.of(Device.cpu()), details.toArray(String[]::new)));
    } catch (AttentionException e) {
      return new SharedKernel(null, Availability.unavailable(String.valueOf(e.getMessage())));
    }
  }

  private static String instructionSets() {
    return Arrays.stream(InstructionSet.values())
        .filter(isa -> isa != InstructionSet.AUTO && NativeCalls.isaAvailable(isa.code()))
        .map(InstructionSet::label)
        .collect(Collectors.joining(", "));
  }
}
