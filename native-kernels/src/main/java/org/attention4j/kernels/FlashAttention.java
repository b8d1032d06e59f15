package org.attention4j.kernels;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.List;
import org.attention4j.error.EngineException;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.spi.BufferView;
import org.jspecify.annotations.Nullable;

/**
 * FlashAttention on the CPU (Dao et al. 2022; Dao 2023): exact attention whose memory is linear in
 * the context. One instance holds an instruction set and a pool of threads.
 *
 * <pre>{@code
 * try (FlashAttention kernel = FlashAttention.open()) {
 *   kernel.forward(AttentionProblem.of(query, key, value).withMask(Mask.causal()), output, null);
 * }
 * }</pre>
 *
 * <p>Thread-safe: one call at a time uses the pool, others run on their callers' threads. Results
 * are the same for any number of threads. Results must not share memory with operands.
 */
public final class FlashAttention implements AutoCloseable {
  /**
   * System property: {@code scalar}, {@code avx2}, {@code avx512}, {@code avx512-bf16} or {@code
   * auto}, the default.
   */
  public static final String ISA_PROPERTY = "attention4j.kernel.isa";

  /** System property: number of threads; 0, the default, for one a processor. */
  public static final String THREADS_PROPERTY = "attention4j.kernel.threads";

  private static final Cleaner CLEANER = Cleaner.create();

  private final long handle;
  private final Cleaner.Cleanable cleanable;

  private FlashAttention(long handle) {
    this.handle = handle;
    this.cleanable = CLEANER.register(this, () -> NativeCalls.destroyContext(handle));
  }

  /**
   * As the system properties say.
   *
   * @throws EngineException if the kernels or the instruction set are not available, with the
   *     reason
   * @throws UsageException if a property cannot be read
   */
  public static FlashAttention open() {
    InstructionSet isa = InstructionSet.parse(System.getProperty(ISA_PROPERTY, "auto"));
    String threads = System.getProperty(THREADS_PROPERTY, "0");
    try {
      return open(isa, Integer.parseInt(threads));
    } catch (NumberFormatException e) {
      throw new UsageException(THREADS_PROPERTY + " is a number, got '" + threads + "'", e);
    }
  }

  /**
   * With this instruction set; never another one.
   *
   * @param threads the caller's included, 0 for one a processor
   * @throws EngineException if the kernels or the instruction set are not available, with the
   *     reason
   */
  public static FlashAttention open(InstructionSet isa, int threads) {
    NativeLibrary library = NativeLibrary.get();
    if (!library.available()) {
      throw EngineException.unavailable(
          "kernel", FlashAttentionProvider.NAME, List.of(library.reason()), List.of());
    }
    return new FlashAttention(NativeCalls.createContext(isa.code(), threads));
  }

  /** What it runs on; never {@link InstructionSet#AUTO}. */
  public InstructionSet instructionSet() {
    return InstructionSet.of(NativeCalls.contextIsa(handle));
  }

  /** The caller's thread included. */
  public int threads() {
    return NativeCalls.contextThreads(handle);
  }

  /**
   * Computes attention.
   *
   * @param output result [batch, heads, queries, value_dim], f32, bf16 or f16; f32 is best for
   *     {@link #backward}, whatever the operands are
   * @param logSumExp result [batch, heads, queries], f32, bf16 or f16; null if not wanted
   * @throws ShapeException if a result's sizes are not the problem's
   * @throws org.attention4j.error.AttentionException if the problem is invalid in another way
   */
  public void forward(AttentionProblem problem, BufferView output, @Nullable BufferView logSumExp) {
    CallEncoder call = new CallEncoder();
    problem.encode(call);
    call.addResult(sized("output", output, problem.outputSizes()));
    if (logSumExp == null) {
      call.addAbsent();
    } else {
      sized("log-sum-exp", logSumExp, problem.logSumExpSizes());
      call.addResult(CallEncoder.withUnitAxis(logSumExp));
    }
    try {
      NativeCalls.forward(handle, call.numbers(), call.buffers());
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /**
   * Computes gradients of {@link #forward}.
   *
   * @throws ShapeException if a view's sizes are not the problem's
   * @throws org.attention4j.error.AttentionException if the problem is invalid in another way
   */
  public void backward(AttentionProblem problem, AttentionGradients gradients) {
    CallEncoder call = new CallEncoder();
    problem.encode(call);
    List<Long> rows = problem.logSumExpSizes();
    operand("output", gradients.output(), problem.outputSizes(), call);
    operand("log-sum-exp", gradients.logSumExp(), rows, call);
    operand("output cotangent", gradients.outputCotangent(), problem.outputSizes(), call);
    operand("log-sum-exp cotangent", gradients.logSumExpCotangent(), rows, call);
    result("query gradient", gradients.query(), problem.query().sizes(), call);
    result("key gradient", gradients.key(), problem.key().sizes(), call);
    result("value gradient", gradients.value(), problem.value().sizes(), call);
    BufferView bias = problem.bias();
    result("bias gradient", gradients.bias(), bias == null ? List.of() : bias.sizes(), call);
    try {
      NativeCalls.backward(handle, call.numbers(), call.buffers());
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** Ends the threads; a call that still runs finishes first. Later calls fail. */
  @Override
  public void close() {
    cleanable.clean();
  }

  private static void operand(
      String name, @Nullable BufferView view, List<Long> sizes, CallEncoder call) {
    if (view == null) {
      call.addAbsent();
      return;
    }
    sized(name, view, sizes);
    call.add(sizes.size() == 3 ? CallEncoder.withUnitAxis(view) : view);
  }

  private static void result(
      String name, @Nullable BufferView view, List<Long> sizes, CallEncoder call) {
    if (view == null) {
      call.addAbsent();
    } else {
      call.addResult(sized(name, view, sizes));
    }
  }

  private static BufferView sized(String name, BufferView view, List<Long> sizes) {
    if (!view.sizes().equals(sizes)) {
      throw new ShapeException("the " + name + " has sizes " + view.sizes() + ", not " + sizes);
    }
    return view;
  }
}
