package org.attention4j.engine.onnx;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.engine.onnx.session.OrtSettings;
import org.attention4j.error.EngineException;
import org.attention4j.op.Attention;
import org.attention4j.spi.AttentionForm;
import org.attention4j.spi.KernelChoice;
import org.attention4j.spi.KernelOperators;
import org.attention4j.spi.Mode;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.Support;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * What runs attention in a session: the property {@code attention}. {@code none} is ONNX Runtime's
 * own operators, the name of a kernel provider is that kernel or an error, and {@code auto}, the
 * default, is the first kernel that is there; docs/benchmarks.md says what that brings. With {@code
 * gqa} a decoding writes its cache in place, through ONNX Runtime's GroupQueryAttention; where that
 * does not serve it is an error. So it does with {@code auto}, as far as that serves; a kernel runs
 * whole sequences and long prompts then. With {@code opset23} it is the operator that ONNX has
 * since then, as far as that expresses it; the session's description says how far.
 */
record AttentionKernel(
    KernelChoice choice, DType precision, boolean cpu, boolean inPlace, boolean standard) {

  /**
   * Reads the property.
   *
   * @throws EngineException if what it names is not here
   */
  static AttentionKernel of(SessionOptions options) {
    String asked = options.properties().getOrDefault(OrtSettings.ATTENTION, KernelChoice.AUTO);
    boolean inPlace = asked.equals(IN_PLACE);
    boolean standard = asked.equals(AttentionForm.OPSET23.label());
    String obstacle = "";
    if (options.device().kind() != Device.Kind.CPU) {
      obstacle = "it runs on the CPU, not on " + options.device();
    } else if (options.precision() == DType.F64) {
      obstacle = "it does not compute in f64";
    }
    return new AttentionKernel(
        KernelChoice.of(
            OrtSettings.ATTENTION,
            inPlace ? KernelChoice.AUTO : standard ? OrtSettings.NONE : asked,
            OrtSettings.NONE,
            KernelOperators.ONNX_RUNTIME,
            obstacle),
        options.precision(),
        options.device().kind() == Device.Kind.CPU,
        inPlace,
        standard);
  }

  /** The value of the property for ONNX Runtime's operator over a cache written in place. */
  static final String IN_PLACE = "gqa";

  /**
   * Whether a decoding may use that operator: asked for, or left to the engine. In f16 a kernel
   * stays: the operator has not been measured there.
   */
  boolean mayWriteInPlace() {
    boolean known = precision == DType.F32 || (precision == DType.F16 && choice.kernel().isEmpty());
    return inPlace || (cpu && known && !choice.byName());
  }

  /**
   * Refuses what was asked for by name.
   *
   * @throws EngineException if the operator was asked for and does not serve
   */
  void requireInPlace(boolean serves) {
    if (inPlace && !serves) {
      throw EngineException.unavailable(
          OrtSettings.ATTENTION,
          IN_PLACE,
          List.of(
              "it serves causal attention of decoders with heads of a multiple of 8 features, in"
                  + " f32 or f16, without biases of the scores"),
          List.of(OrtSettings.NONE, KernelChoice.AUTO));
    }
  }

  /** The library to load into sessions; null for none. */
  @Nullable Path library() {
    return choice.kernel().map(kernel -> kernel.operators().library()).orElse(null);
  }

  AttentionForm form() {
    if (standard) {
      return AttentionForm.OPSET23;
    }
    return choice.kernel().isPresent() ? AttentionForm.FUNCTION : AttentionForm.PRIMITIVES;
  }

  /**
   * Composites that a session keeps whole.
   *
   * @throws EngineException when the kernel declines an op, but was asked for by name
   */
  BiPredicate<Composite, List<TensorType>> claims() {
    BiPredicate<Composite, List<TensorType>> written = GraphLowering.claims(precision, form());
    if (choice.kernel().isEmpty()) {
      return written;
    }
    return (op, operands) -> {
      if (!(op instanceof Attention)) {
        return written.test(op, operands);
      }
      Support support = supports(op, operands);
      if (!support.granted() && choice.byName()) {
        throw EngineException.unavailable(
            OrtSettings.ATTENTION,
            choice.kernel().get().provider().name(),
            support.reasons(),
            List.of(OrtSettings.NONE, KernelChoice.AUTO));
      }
      return support.granted();
    };
  }

  /** Whether an attention op runs whole; otherwise it is expanded. */
  Support supports(Composite op, List<TensorType> operands) {
    Optional<KernelChoice.Kernel> kernel = choice.kernel();
    if (kernel.isEmpty()) {
      return Support.no("attention is written as primitives: " + choice.reason());
    }
    if (!GraphLowering.claims(precision, form()).test(op, operands)) {
      return Support.no("the node " + op.name() + " cannot express " + op + " on " + operands);
    }
    List<TensorType> types =
        operands.stream().map(t -> t.dtype() == DType.F32 ? t.as(precision) : t).toList();
    return kernel.get().provider().supports(op, types, Mode.INFERENCE);
  }

  /** For the description of a session. */
  @Override
  public String toString() {
    return choice
            .kernel()
            .map(k -> "attention by " + String.join(", ", k.operators().details()))
            .orElse("attention by ONNX Runtime")
        + " ("
        + choice.reason()
        + ")"
        + (mayWriteInPlace() ? ", a decoder's cache in place where its attention allows" : "");
  }
}
