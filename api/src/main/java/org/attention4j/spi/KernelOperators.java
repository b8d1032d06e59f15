package org.attention4j.spi;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.Composite;
import org.jspecify.annotations.Nullable;

/**
 * A provider's kernels as operators of an engine's own runtime, so that the runtime calls them on
 * its own memory. Which composites they take, {@link KernelProvider#supports} says; how a call
 * looks is {@link org.attention4j.op.AttentionCode}.
 *
 * @param reason why there are none; empty if there are
 * @param library the file that holds them, for runtimes that load operators by path; null if none
 * @param namespace of the operators, or the domain
 * @param names the operator for each {@link Composite#name}, such as {@code Attention} and {@code
 *     Backward(Attention)}
 * @param details facts for people
 */
public record KernelOperators(
    String reason,
    @Nullable Path library,
    String namespace,
    Map<String, String> names,
    List<String> details) {

  /**
   * The runtime of PyTorch. The operators are registered when these are asked for. Each exists for
   * several numbers of operands and has theirs in its name, such as {@code attention_forward_3};
   * the code follows the operands as an i64 tensor. Forward always gives the log-sum-exp too, in
   * f32, and backward always takes it. The output has the query's type, or is f32 with {@link
   * org.attention4j.op.AttentionCode#F32_OUTPUT}; backward takes either. Backward gives an empty
   * gradient where there is no bias. {@code Dropout} takes a dense f32 x, the seed, optionally a
   * tensor to add, and as its code the probability's bits and the site. An {@code Activation} takes
   * a dense f32 x and as its code 0 for GELU, 1 for GELU_TANH, 2 for SILU; its second result is the
   * slope at x.
   */
  public static final String LIBTORCH = "libtorch";

  /**
   * The runtime of ONNX: the library exports {@code RegisterCustomOps}. Beside composites there may
   * be {@code BlockProduct}: rows of f32 times weights in blocks of 4 or 8 bits, as docs/onnx.md
   * has them.
   */
  public static final String ONNX_RUNTIME = "onnxruntime";

  public KernelOperators {
    names = Map.copyOf(names);
    details = List.copyOf(details);
  }

  /** There are operators. */
  public static KernelOperators of(
      @Nullable Path library, String namespace, Map<String, String> names, String... details) {
    return new KernelOperators("", library, namespace, names, List.of(details));
  }

  /** There are none, for this reason. */
  public static KernelOperators unavailable(String reason) {
    return new KernelOperators(reason, null, "", Map.of(), List.of());
  }

  public boolean available() {
    return reason.isEmpty();
  }

  /**
   * The operator that runs a composite.
   *
   * @throws UsageException if there is none, naming those there are
   */
  public String operatorOf(Composite op) {
    String name = names.get(op.name());
    if (name == null) {
      throw new UsageException("no operator for " + op.name() + ", only for " + names.keySet());
    }
    return name;
  }
}
