package org.attention4j.engine.onnx.session;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.attention4j.engine.onnx.quantize.Rounding;
import org.attention4j.error.EngineException;
import org.attention4j.error.UsageException;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.WeightFormat;
import org.attention4j.tensor.Device;
import org.jspecify.annotations.Nullable;

/**
 * How ONNX Runtime runs a model.
 *
 * @param device the execution provider follows from it: cpu, or cuda on a GPU; never another
 * @param threads for one operator, 0 for ONNX Runtime's default (one for each core)
 * @param parallelOperators how many operators may run at once; 1 runs them in order
 * @param optimization what ONNX Runtime may rewrite in the graph
 * @param spinning whether idle threads wait actively: faster, at the price of processor time
 * @param operators a library of operators that sessions load; null for none
 * @param weights how matrices of weights are kept: as they are, or rounded
 * @param prompts how they are kept for the first step of a decoding if it is long
 * @param products whether those operators multiply by weights in blocks, where they can
 */
public record OrtSettings(
    Device device,
    int threads,
    int parallelOperators,
    Optimization optimization,
    boolean spinning,
    @Nullable Path operators,
    Rounding weights,
    Rounding prompts,
    boolean products) {

  /** Levels of graph rewriting. */
  public enum Optimization {
    NONE,
    BASIC,
    EXTENDED,
    ALL
  }

  private static final String OPTIMIZATION = "optimization";
  private static final String PARALLEL = "parallel_operators";
  private static final String SPINNING = "spinning";
  private static final String WEIGHTS = "weights";
  private static final String BLOCK = "weights_block";
  private static final String PROMPTS = "prompt_weights";
  private static final String PRODUCTS = "products";

  /** The property that says what runs attention. */
  public static final String ATTENTION = "attention";

  /** The property that says what type the keys and values have that a decoding keeps. */
  public static final String CACHE = "cache_precision";

  /** The value of {@link #ATTENTION} for ONNX Runtime's own operators. */
  public static final String NONE = "none";

  /** Session properties that the engine knows. */
  public static final Set<String> PROPERTIES =
      Set.of(OPTIMIZATION, PARALLEL, SPINNING, ATTENTION, CACHE, WEIGHTS, BLOCK, PROMPTS, PRODUCTS);

  /** Checks the numbers. */
  public OrtSettings {
    if (threads < 0 || parallelOperators < 1) {
      throw new UsageException(
          "threads is 0 or more and parallel_operators 1 or more, not "
              + threads
              + " and "
              + parallelOperators);
    }
  }

  /** The same with weights as they are. */
  public OrtSettings(
      Device device,
      int threads,
      int parallelOperators,
      Optimization optimization,
      boolean spinning,
      @Nullable Path operators) {
    this(
        device,
        threads,
        parallelOperators,
        optimization,
        spinning,
        operators,
        Rounding.NONE,
        Rounding.NONE,
        false);
  }

  /** The CPU, all optimizations. */
  public static OrtSettings defaults() {
    return new OrtSettings(Device.cpu(), 0, 1, Optimization.ALL, true, null);
  }

  /**
   * From the options that all engines share.
   *
   * @throws UsageException if a property is unknown or has no such value
   */
  public static OrtSettings of(SessionOptions options) {
    options.checkProperties(PROPERTIES);
    String level = options.properties().getOrDefault(OPTIMIZATION, "all");
    String parallel = options.properties().getOrDefault(PARALLEL, "1");
    String spinning = options.properties().getOrDefault(SPINNING, "true");
    String format = options.properties().getOrDefault(WEIGHTS, "floating");
    String block = options.properties().getOrDefault(BLOCK, "" + WeightFormat.USUAL_BLOCK);
    String products = options.properties().getOrDefault(PRODUCTS, "auto");
    if (!products.equals("auto") && !products.equals(NONE)) {
      throw new UsageException(PRODUCTS + " is auto or none, not '" + products + "'");
    }
    if (!spinning.equals("true") && !spinning.equals("false")) {
      throw new UsageException("spinning is true or false, not '" + spinning + "'");
    }
    try {
      return new OrtSettings(
          options.device(),
          options.threads(),
          Integer.parseInt(parallel),
          Optimization.valueOf(level.toUpperCase(Locale.ROOT)),
          Boolean.parseBoolean(spinning),
          null,
          rounding(format, block),
          rounding(options.properties().getOrDefault(PROMPTS, format), block),
          products.equals("auto"));
    } catch (NumberFormatException e) {
      throw new UsageException(
          "parallel_operators and weights_block are whole numbers, not '"
              + parallel
              + "' and '"
              + block
              + "'",
          e);
    } catch (IllegalArgumentException e) {
      throw new UsageException(
          "optimization is none, basic, extended or all, not '" + level + "'", e);
    }
  }

  /** Whether there are blocks that the operators of the library multiply by. */
  public boolean multipliesBlocks() {
    return products && (weights.hasWideBlocks() || prompts.hasWideBlocks());
  }

  private static Rounding rounding(String format, String block) {
    return new Rounding(WeightFormat.parse(format), Integer.parseInt(block));
  }

  /** The same with a library of operators that does not multiply by weights; null for none. */
  public OrtSettings withOperators(@Nullable Path library) {
    return withOperators(library, false);
  }

  /**
   * The same with a library of operators; null for none.
   *
   * @param multiplies whether they multiply by weights in blocks; where they do, it is left to what
   *     the property {@code products} says
   */
  public OrtSettings withOperators(@Nullable Path library, boolean multiplies) {
    return new OrtSettings(
        device,
        threads,
        parallelOperators,
        optimization,
        spinning,
        library,
        weights,
        prompts,
        products && multiplies);
  }

  /** Whether ONNX Runtime computes what depends on weights alone once, when it opens a model. */
  public boolean foldsConstants() {
    return optimization != Optimization.NONE;
  }

  /** The execution provider, by ONNX Runtime's name in lower case. */
  public String provider() {
    return device.kind() == Device.Kind.CPU ? "cpu" : "cuda";
  }

  /**
   * Refuses what this ONNX Runtime cannot run on.
   *
   * @throws EngineException if it cannot be loaded, or has no such provider
   */
  public void checkProvider() {
    OrtRuntime.environment(); // its own error if the library cannot be loaded
    List<String> providers = OrtRuntime.providers();
    if (!providers.contains(provider())) {
      throw new EngineException(
          "engine 'onnx' cannot run on "
              + device
              + ": this ONNX Runtime has no provider '"
              + provider()
              + "', only "
              + providers
              + "; put onnxruntime_gpu on the class path in the place of onnxruntime");
    }
  }

  /**
   * Applies everything to a session's options.
   *
   * @throws EngineException as {@link #checkProvider} does
   */
  void apply(OrtSession.SessionOptions target) throws OrtException {
    checkProvider();
    if (device.kind() == Device.Kind.GPU) {
      target.addCUDA(device.index());
    }
    if (threads > 0) {
      target.setIntraOpNumThreads(threads);
    }
    if (parallelOperators > 1) {
      target.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.PARALLEL);
      target.setInterOpNumThreads(parallelOperators);
    }
    target.setOptimizationLevel(
        switch (optimization) {
          case NONE -> OptLevel.NO_OPT;
          case BASIC -> OptLevel.BASIC_OPT;
          case EXTENDED -> OptLevel.EXTENDED_OPT;
          case ALL -> OptLevel.ALL_OPT;
        });
    if (operators != null) {
      target.registerCustomOpLibrary(operators.toString());
      if (System.getProperty("os.name", "").equals("Linux")) {
        // the library's memory: rearranged weights in huge pages; elsewhere it lends none
        target.addConfigEntry("session.use_env_allocators", "1");
      }
    }
    if (!spinning) {
      target.addConfigEntry("session.intra_op.allow_spinning", "0");
    }
  }
}
