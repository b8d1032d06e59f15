package org.attention4j.engine.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.attention4j.op.Attention;
import org.attention4j.op.AttentionCode;
import org.attention4j.op.Mask;
import org.attention4j.spi.KernelOperators;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.TensorType;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The attention kernel against the attention of the PyTorch that DJL brings, on the same NDArrays.
 *
 * <p>JMH runs its methods one after the other, which on a machine that drifts compares two moments;
 * so a measured call is a whole round, in which both take a sample, and what counts is the row of
 * medians that each trial prints: PyTorch's milliseconds, the kernel's, and how many times faster
 * that is. A sample is the mean of enough calls for some milliseconds, after a rest in which the
 * other's threads stop spinning and some calls that are not counted.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3)
@Measurement(iterations = 21)
public class AttentionBenchmark {
  private static final long REST_MILLIS = 12;
  private static final long WARM_NANOS = 20_000_000;
  private static final long SAMPLE_NANOS = 4_000_000;

  private static final int FLOAT32 = 6; // PyTorch's numbers of its types
  private static final int BFLOAT16 = 15;

  /** DJL has no bf16: such arrays are made, and compared, by PyTorch. */
  private static final String METHODS =
      """
      def cast(self, a: List[Tensor]) -> List[Tensor]:
        return [torch.to(a[0], %2$d), torch.to(a[1], %2$d), torch.to(a[2], %2$d), torch.to(a[3], %2$d)]

      def worst(self, a: List[Tensor]) -> List[Tensor]:
        x = torch.to(a[0], %3$d)
        y = torch.to(a[1], %3$d)
        return [torch.div(torch.max(torch.abs(torch.sub(x, y))), torch.max(torch.abs(y)))]

      def kernel_forward(self, a: List[Tensor]) -> List[Tensor]:
        y, lse, = ops.attention4j.attention_forward_3(a[0], a[1], a[2], a[4])
        return [y]

      def kernel_both(self, a: List[Tensor]) -> List[Tensor]:
        y, lse, = ops.attention4j.attention_forward_3(a[0], a[1], a[2], a[4])
        q, k, v, b, = ops.attention4j.attention_backward_6(a[0], a[1], a[2], y, lse, a[3], a[4])
        return [y, q, k, v]

      def pytorch_forward(self, a: List[Tensor]) -> List[Tensor]:
        return [torch.scaled_dot_product_attention(a[0], a[1], a[2], None, 0., %1$s)]

      def pytorch_both(self, a: List[Tensor]) -> List[Tensor]:
        q = torch.requires_grad_(torch.detach(a[0]), True)
        k = torch.requires_grad_(torch.detach(a[1]), True)
        v = torch.requires_grad_(torch.detach(a[2]), True)
        y = torch.scaled_dot_product_attention(q, k, v, None, 0., %1$s)
        g = torch.grad([y], [q, k, v], annotate(List[Optional[Tensor]], [a[3]]))
        return [torch.detach(y), unchecked_cast(Tensor, g[0]), unchecked_cast(Tensor, g[1]), unchecked_cast(Tensor, g[2])]
      """;

  /** Batch, heads, time and head_dim. */
  @Param({"1x12x1024x64", "4x12x512x64", "1x8x4096x64", "64x6x256x64"})
  public String shape = "";

  /** Which keys a query attends to. */
  @Param({"full", "causal"})
  public String mask = "";

  /** The type of query, key and value. */
  @Param({"f32", "bf16"})
  public String dtype = "";

  /** The forward pass alone, or the backward pass as well. */
  @Param({"forward", "both"})
  public String pass = "";

  private final List<Double> kernelTimes = new ArrayList<>();
  private final List<Double> pytorchTimes = new ArrayList<>();
  private NDManager manager;
  private TorchProgram program;
  private NDList arguments;
  private boolean warm;

  /** For JMH; {@link #open} does the work. */
  @SuppressWarnings("NullAway.Init") // JMH calls open() before any benchmark
  public AttentionBenchmark() {}

  /** Makes the operands, and compares both results once. */
  @Setup(Level.Trial)
  public void open() {
    PyTorch.start();
    KernelOperators operators = KernelOperatorsTest.operators();
    if (!operators.available()) {
      throw new IllegalStateException(operators.reason());
    }
    manager = NDManager.newBaseManager("PyTorch");
    boolean causal = mask.equals("causal");
    int type = dtype.equals("f32") ? FLOAT32 : BFLOAT16;
    program = TorchProgram.load(manager, METHODS.formatted(causal ? "True" : "False", type, FLOAT32));
    Shape dims = new Shape(Pattern.compile("x").splitAsStream(shape).mapToLong(Long::parseLong).toArray());
    NDList random = new NDList();
    for (int i = 0; i < 4; i++) {
      random.add(manager.randomNormal(dims));
    }
    // not by infer(): PyTorch refuses gradients of what was made there
    arguments = program.differentiate(manager, "cast", List.of(random));
    arguments.add(code(causal ? Mask.causal() : Mask.all(), (int) dims.get(1), (int) dims.get(3)));
    compare();
  }

  private NDArray code(Mask mask, int heads, int size) {
    Attention op =
        new Attention(
            mask,
            1 / Math.sqrt(size),
            0,
            Dim.of(0),
            List.of(),
            0,
            0,
            Attention.Extras.NONE,
            false);
    TensorType type = TensorType.f32("batch", heads, "time", size);
    List<Long> code = AttentionCode.encode(op, List.of(type, type, type));
    return manager.create(code.stream().mapToLong(n -> n).toArray());
  }

  private void compare() {
    try (NDManager results = manager.newSubManager()) {
      NDList ours = program.infer(results, "kernel_" + pass, List.of(arguments));
      NDList theirs = run("pytorch_", results);
      double allowed = dtype.equals("f32") ? 1e-4 : 5e-2;
      for (int i = 0; i < ours.size(); i++) {
        NDList pair = new NDList(ours.get(i), theirs.get(i));
        float worst = program.infer(results, "worst", List.of(pair)).get(0).getFloat();
        if (!(worst < allowed)) {
          throw new IllegalStateException("result " + i + " differs by " + worst);
        }
      }
    }
  }

  private NDList run(String who, NDManager results) {
    List<NDList> all = List.of(arguments);
    return who.equals("pytorch_") && pass.equals("both")
        ? program.differentiate(results, who + pass, all)
        : program.infer(results, who + pass, all);
  }

  /** Milliseconds of a call. */
  private double sample(String who) throws InterruptedException {
    Thread.sleep(REST_MILLIS);
    try (NDManager results = manager.newSubManager()) {
      long end = System.nanoTime() + WARM_NANOS;
      do {
        run(who, results).close();
      } while (System.nanoTime() < end);
      long start = System.nanoTime();
      int calls = 0;
      do {
        run(who, results).close();
        calls++;
      } while (System.nanoTime() - start < SAMPLE_NANOS);
      return (System.nanoTime() - start) / 1e6 / calls;
    }
  }

  /**
   * One sample of each.
   *
   * @return the kernel's milliseconds
   * @throws InterruptedException if JMH gives up
   */
  @Benchmark
  public double round() throws InterruptedException {
    double theirs = sample("pytorch_");
    double ours = sample("kernel_");
    pytorchTimes.add(theirs);
    kernelTimes.add(ours);
    return ours;
  }

  /** Forgets what was taken while warming up. */
  @Setup(Level.Iteration)
  public void start() {
    if (!warm && pytorchTimes.size() >= 3) {
      pytorchTimes.clear();
      kernelTimes.clear();
      warm = true;
    }
  }

  /** Prints the row and frees native memory. */
  @TearDown(Level.Trial)
  public void close() {
    double theirs = median(pytorchTimes);
    double ours = median(kernelTimes);
    System.out.printf(
        Locale.ROOT,
        "%n| %s | %s | %s | %s | %.3f | %.3f | %.2f |%n",
        shape,
        pass,
        mask,
        dtype,
        theirs,
        ours,
        theirs / ours);
    manager.close();
  }

  private static double median(List<Double> times) {
    List<Double> sorted = new ArrayList<>(times);
    Collections.sort(sorted);
    return sorted.get(sorted.size() / 2);
  }
}
