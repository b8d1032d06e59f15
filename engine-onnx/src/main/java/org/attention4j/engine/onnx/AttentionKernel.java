package org.attention4j.engine.onnx;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.stream.Stream;
import org.attention4j.engine.onnx.lower.GraphLowering;
import org.attention4j.engine.onnx.quantize.KernelProducts;
import org.attention4j.engine.onnx.session.OrtSettings;
import org.attention4j.error.EngineException;
import org.attention4j.error.UsageException;
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
 * default, is the first kernel that is there; docs/benchmarks.md says what that brings. A kernel
 * writes the cache of a decoding in place. With {@code gqa} ONNX Runtime's GroupQueryAttention
 * does; where that does not serve it is an error. With {@code auto} it does where there is no
 * kernel, or the kernel does not serve. The property {@code cache_precision} says what type a
 * kernel's cache has: keys and values are rounded to it, and queries as well if it is bf16; in int8
 * each row, a position of a key head, has a scale of its own. {@code auto}, the default, is int8
 * where weights are rounded to int8 or int4, and else the session's own precision. With {@code
 * opset23} it is the operator that ONNX has since then, as far as that expresses it; the session's
 * description says how far.
 */
record AttentionKernel(
    KernelChoice choice,
    DType precision,
    DType cachePrecision,
    String cacheReason,
    boolean cpu,
    boolean grouped,
    boolean standard) {

  /**
   * Reads the property.
   *
   * @throws EngineException if what it names is not here
   */
  static AttentionKernel of(SessionOptions options) {
    String asked = options.properties().getOrDefault(OrtSettings.ATTENTION, KernelChoice.AUTO);
    boolean grouped = asked.equals(GROUPED);
    boolean standard = asked.equals(AttentionForm.OPSET23.label());
    String obstacle = "";
    if (options.device().kind() != Device.Kind.CPU) {
      obstacle = "it runs on the CPU, not on " + options.device();
    } else if (options.precision() == DType.F64) {
      obstacle = "it does not compute in f64";
    }
    KernelChoice choice =
        KernelChoice.of(
            OrtSettings.ATTENTION,
            grouped ? KernelChoice.AUTO : standard ? OrtSettings.NONE : asked,
            OrtSettings.NONE,
            KernelOperators.ONNX_RUNTIME,
            obstacle);
    String cache = options.properties().getOrDefault(OrtSettings.CACHE, KernelChoice.AUTO);
    boolean auto = cache.equals(KernelChoice.AUTO);
    boolean rounded =
        auto
            && options.precision() == DType.F32
            && choice.kernel().isPresent()
            && !grouped
            && OrtSettings.of(options).weights().inBlocks();
    AttentionKernel kernel =
        new AttentionKernel(
            choice,
            options.precision(),
            rounded ? DType.I8 : auto ? options.precision() : cachePrecision(options, cache),
            rounded ? "auto: weights are rounded" : "",
            options.device().kind() == Device.Kind.CPU,
            grouped,
            standard);
    if (kernel.cache() == null) {
      kernel.requireCache();
    }
    return kernel;
  }

  private static DType cachePrecision(SessionOptions options, String asked) {
    List<DType> known =
        options.precision() == DType.F32
            ? List.of(DType.F32, DType.F16, DType.BF16, DType.I8)
            : List.of(options.precision());
    return known.stream()
        .filter(type -> label(type).equals(asked))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    OrtSettings.CACHE
                        + " is one of "
                        + Stream.concat(
                                Stream.of(KernelChoice.AUTO),
                                known.stream().map(AttentionKernel::label))
                            .toList()
                        + " for a session in "
                        + options.precision().label()
                        + ", not '"
                        + asked
                        + "'"));
  }

  /** The value of the property for a cache: as for weights, int8 is more than its element type. */
  private static String label(DType cache) {
    return cache == DType.I8 ? "int8" : cache.label();
  }

  /** The value of the property for ONNX Runtime's operator over a cache written in place. */
  static final String GROUPED = "gqa";

  /** The type of a cache that the kernel writes in place; null if there is none. */
  @Nullable DType cache() {
    return choice.kernel().isPresent() && !grouped ? cachePrecision : null;
  }

  /**
   * Refuses a rounded cache where no kernel writes it.
   *
   * @throws EngineException if it was asked for by name
   */
  void requireCache() {
    if (cachePrecision != precision && cacheReason.isEmpty()) {
      String why =
          choice.kernel().isEmpty()
              ? "there is none: " + choice.reason()
              : grouped
                  ? "attention is '" + GROUPED + "'"
                  : "it does not serve all attention over this model's cache";
      throw EngineException.unavailable(
          OrtSettings.CACHE,
          label(cachePrecision),
          List.of("only the kernel writes such a cache, and " + why),
          List.of(precision.label()));
    }
  }

  /**
   * Whether a decoding may use GroupQueryAttention: asked for, or left to the engine. In f16 a
   * kernel stays: the operator has not been measured there.
   */
  boolean mayGroupQueries() {
    boolean known = precision == DType.F32 || (precision == DType.F16 && choice.kernel().isEmpty());
    return grouped || (cpu && known && !choice.byName());
  }

  /**
   * Refuses GroupQueryAttention.
   *
   * @throws EngineException if it was asked for and does not serve
   */
  void requireGrouped(boolean serves) {
    if (grouped && !serves) {
      throw EngineException.unavailable(
          OrtSettings.ATTENTION,
          GROUPED,
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

  /** Whether that library multiplies by weights in blocks. */
  boolean multiplies() {
    return choice
        .kernel()
        .map(kernel -> kernel.operators().names().containsKey(KernelProducts.NAME))
        .orElse(false);
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
        + (cache() != null || mayGroupQueries()
            ? ", a decoder's cache in place where its attention allows"
            : "")
        + (cache() != null ? ", in " + label(cachePrecision) : "")
        + (cache() != null && !cacheReason.isEmpty() ? " (" + cacheReason + ")" : "");
  }
}
