package org.attention4j.kernels;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.op.Attention;
import org.attention4j.op.Backward;
import org.attention4j.spi.Availability;
import org.attention4j.spi.BufferView;
import org.attention4j.spi.KernelOperators;
import org.attention4j.spi.KernelProvider;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Support;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Offers {@link FlashAttention} to engines: claims {@link Attention} and its {@link Backward} in
 * f32, bf16 and f16. Instances share one kernel.
 */
public final class FlashAttentionProvider implements KernelProvider {
  static final String NAME = "flash-cpu";

  /** For ServiceLoader; loads nothing. */
  public FlashAttentionProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  /** Library version and instruction set, such as {@code 0.1.0 avx2}. */
  @Override
  public String version() {
    return SharedKernel.get().version();
  }

  @Override
  public Availability availability() {
    return SharedKernel.get().availability();
  }

  @Override
  public Support supports(Composite op, List<TensorType> operands, Mode mode) {
    Composite forward = op instanceof Backward backward ? backward.of() : op;
    if (!(forward instanceof Attention attention)) {
      return Support.no(NAME + " runs attention only, not " + op.name());
    }
    List<String> reasons = new ArrayList<>();
    if (!availability().available()) {
      reasons.add(availability().reason());
    }
    reasons.addAll(AttentionClaim.reasonsAgainst(attention, operandsOf(op, operands)));
    return Support.unless(reasons);
  }

  private static <T> List<T> operandsOf(Composite op, List<T> all) {
    return op instanceof Backward backward ? all.subList(0, backward.operands()) : all;
  }

  @Override
  public void run(Composite op, List<BufferView> operands, List<BufferView> results) {
    FlashAttention kernel = SharedKernel.get().kernel();
    if (op instanceof Attention attention) {
      expect(op, results, attention.logSumExp() ? 2 : 1);
      BufferView lse = attention.logSumExp() ? results.get(1) : null;
      kernel.forward(problem(attention, operands), results.get(0), lse);
    } else if (op instanceof Backward backward && backward.of() instanceof Attention attention) {
      backward(kernel, backward, attention, operands, results);
    } else {
      throw new UsageException(
          NAME + " was asked to run " + op.name() + ", which it did not claim");
    }
  }

  @Override
  public KernelOperators operators(String runtime) {
    if (!availability().available()) {
      return KernelOperators.unavailable(availability().reason());
    }
    return switch (runtime) {
      case KernelOperators.LIBTORCH -> SharedKernel.get().libtorchOperators();
      case KernelOperators.ONNX_RUNTIME -> SharedKernel.get().onnxRuntimeOperators();
      default -> KernelOperators.unavailable(NAME + " has no operators for " + runtime);
    };
  }

  private static void backward(
      FlashAttention kernel,
      Backward op,
      Attention attention,
      List<BufferView> operands,
      List<BufferView> results) {
    boolean both = attention.logSumExp();
    int first = op.operands(); // the results, then their cotangents
    expect(op, results, attention.extras().bias() >= 0 ? 4 : 3);
    if (operands.size() != first + (both ? 4 : 2)) {
      throw new ShapeException(
          op.name() + " wants results and cotangents, got " + operands.size() + " operands");
    }
    // A log-sum-exp rounded to 16 bits would cost more accuracy than computing it again costs time.
    boolean saved = both && operands.get(first + 1).dtype() == DType.F32;
    kernel.backward(
        problem(attention, operands.subList(0, first)),
        new AttentionGradients(
            saved ? operands.get(first) : null,
            saved ? operands.get(first + 1) : null,
            operands.get(first + (both ? 2 : 1)),
            both ? operands.get(first + 3) : null,
            results.get(0),
            results.get(1),
            results.get(2),
            results.size() > 3 ? results.get(3) : null));
  }

  private static AttentionProblem problem(Attention op, List<BufferView> operands) {
    List<BufferView> extras = operands.subList(Attention.FIXED_OPERANDS, operands.size());
    Attention.Extras at = op.extras();
    BufferView query = operands.get(0);
    long start =
        op.start() != null
            ? op.start().longSize()
            : scalar("the start slot", extras.get(at.start()));
    // With the start in a tensor, the cache is a fixed buffer: beyond the last query it is empty.
    long end = op.start() != null ? Long.MAX_VALUE : start + query.sizes().get(2);
    @Nullable BufferView bias = at.bias() >= 0 ? extras.get(at.bias()) : null;
    AttentionDropout dropout = AttentionDropout.NONE;
    if (op.dropout() > 0) {
      long seed = scalar("the dropout seed", extras.get(at.seed()));
      dropout = new AttentionDropout(op.dropout(), seed, op.dropoutSite());
    }
    return new AttentionProblem(
        query,
        operands.get(1),
        operands.get(2),
        op.mask(),
        extras,
        op.scale(),
        op.softcap(),
        start,
        end,
        op.alibiSlopes(),
        bias,
        dropout);
  }

  private static long scalar(String name, BufferView view) {
    if (view.dtype() != DType.I64 || view.sizes().stream().anyMatch(size -> size != 1)) {
      throw new ShapeException(
          name + " is an i64 scalar, got " + view.dtype().label() + " " + view.sizes());
    }
    return view.buffer()
        .duplicate()
        .order(ByteOrder.nativeOrder())
        .getLong(view.buffer().position());
  }

  private static void expect(Composite op, List<BufferView> results, int count) {
    if (results.size() != count) {
      throw new ShapeException(
          op.name() + " has " + count + " results, got room for " + results.size());
    }
  }
}
