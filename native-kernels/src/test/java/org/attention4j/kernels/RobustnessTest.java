package org.attention4j.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.attention4j.error.AttentionException;
import org.attention4j.error.DTypeException;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.op.Mask;
import org.attention4j.spi.BufferView;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Goes past the Java checks, straight to the native functions: the JVM must survive anything. */
@RequiresKernels
@NullUnmarked // passes nulls on purpose
@DisplayName("Wrong calls into JNI are exceptions")
class RobustnessTest {
  private static final long SEED = 0x5EED1;

  private FlashAttention kernel;
  private long handle;

  @BeforeEach
  void open() {
    kernel = FlashAttention.open(InstructionSet.AUTO, 2);
    handle = NativeCalls.createContext(InstructionSet.AUTO.code(), 2);
  }

  @AfterEach
  void close() {
    kernel.close();
    NativeCalls.destroyContext(handle);
  }

  /** A valid call with every feature, as numbers and buffers. */
  private static final class Call {
    final long[] numbers;
    final ByteBuffer[] buffers;
    final boolean backward;

    Call(Random random, boolean backward) {
      this.backward = backward;
      AttentionProblem problem = problem(random);
      CallEncoder encoder = new CallEncoder();
      problem.encode(encoder);
      BufferView out = Views.randomView(random, 2, 4, 5, 12);
      BufferView lse = CallEncoder.withUnitAxis(Views.randomView(random, 2, 4, 5));
      encoder.add(out).add(lse);
      if (backward) {
        encoder.add(Views.randomView(random, 2, 4, 5, 12)).addAbsent();
        encoder.add(Views.zeros(2, 4, 5, 8)).add(Views.zeros(2, 2, 7, 8));
        encoder.add(Views.zeros(2, 2, 7, 12)).add(Views.zeros(1, 4, 5, 7));
      }
      numbers = encoder.numbers();
      buffers = encoder.buffers();
    }

    void run(long handle) {
      if (backward) {
        NativeCalls.backward(handle, numbers, buffers);
      } else {
        NativeCalls.forward(handle, numbers, buffers);
      }
    }
  }

  private static AttentionProblem problem(Random random) {
    Mask mask = Mask.causal().and(new Mask.Operand(0)).or(new Mask.Window(2, 1));
    return AttentionProblem.of(
            Views.randomView(random, 2, 4, 5, 8),
            Views.randomView(random, 2, 2, 7, 8),
            Views.randomView(random, 2, 2, 7, 12))
        .withMask(mask, BufferView.dense(DType.BOOL, ByteBuffer.allocateDirect(14), 2, 7))
        .withBias(Views.randomView(random, 1, 4, 5, 7))
        .withAlibi(List.of(0.5, 0.25, 0.1, 0.05))
        .withSoftcap(5)
        .withDropout(new AttentionDropout(0.1, 3, 4))
        .startingAt(2);
  }

  @Test
  @DisplayName("1000 calls with wrong shapes, sizes, strides, dtypes and nulls")
  void wrongCalls() {
    Random random = new Random(SEED);
    for (int i = 0; i < 1000; i++) {
      Call call = new Call(random, i % 2 == 0);
      String spoiled = spoil(call, random);
      assertThrows(
          AttentionException.class, () -> call.run(handle), "call " + i + " with " + spoiled);
    }
  }

  /** Each of these makes the call wrong, whatever the random numbers are. */
  private static String spoil(Call call, Random random) {
    long[] numbers = call.numbers;
    switch (random.nextInt(8)) {
      case 0 -> {
        int size = random.nextInt(7); // batch, heads, key_heads, queries, keys, key_dim, value_dim
        long old = numbers[size];
        long[] wrong = {-1, old + 1, old * 1000 + 13, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 41};
        numbers[size] = wrong[random.nextInt(wrong.length)];
        return "size " + size + " = " + numbers[size];
      }
      case 1 -> {
        int at = random.nextBoolean() ? 8 : 9; // scale, softcap
        numbers[at] = Double.doubleToRawLongBits(random.nextBoolean() ? Double.NaN : 1e300);
        return "number " + at + " not finite in f32";
      }
      case 2 -> {
        int buffer = random.nextInt(call.buffers.length);
        call.buffers[buffer] = null;
        return "buffer " + buffer + " null";
      }
      case 3 -> {
        int buffer = random.nextInt(call.buffers.length);
        call.buffers[buffer] = ByteBuffer.allocate(1 << 16);
        return "buffer " + buffer + " on the heap";
      }
      case 4 -> {
        int buffer = random.nextInt(call.buffers.length);
        ByteBuffer whole = call.buffers[buffer];
        int bytes = random.nextInt(whole.capacity() - 1) / 4 * 4;
        call.buffers[buffer] = whole.slice(0, bytes);
        return "buffer " + buffer + " cut to " + bytes + " bytes";
      }
      case 5 -> {
        int view = 10 + 6 * random.nextInt(3); // query, key, value: buffer, dtype, strides
        numbers[view] = new long[] {-2, call.buffers.length, Long.MAX_VALUE}[random.nextInt(3)];
        return "view at " + view + " names buffer " + numbers[view];
      }
      case 6 -> {
        int view = 10 + 6 * random.nextInt(3);
        int axis = random.nextInt(4);
        numbers[view + 2 + axis] =
            new long[] {-1, 1L << 20, Long.MAX_VALUE, Long.MIN_VALUE}[random.nextInt(4)];
        return "view at " + view + " with stride " + numbers[view + 2 + axis];
      }
      default -> {
        int view = 10 + 6 * random.nextInt(3);
        numbers[view + 1] = new long[] {-1, 2, 3, 6, 1L << 33}[random.nextInt(5)];
        return "view at " + view + " with dtype " + numbers[view + 1];
      }
    }
  }

  @Test
  @DisplayName("1000 descriptions of random numbers and random lengths")
  void noise() {
    Random random = new Random(SEED + 1);
    for (int i = 0; i < 1000; i++) {
      Call call = new Call(random, false);
      long[] numbers = Arrays.copyOf(call.numbers, random.nextInt(call.numbers.length + 20));
      if (numbers.length == call.numbers.length) {
        numbers = new long[0];
      }
      for (int n = random.nextInt(10); n > 0 && numbers.length > 0; n--) {
        numbers[random.nextInt(numbers.length)] =
            random.nextBoolean() ? random.nextLong() : random.nextInt(8);
      }
      long[] wrong = numbers;
      assertThrows(
          AttentionException.class,
          () -> NativeCalls.forward(handle, wrong, call.buffers),
          "call " + i);
    }
  }

  @Test
  @DisplayName("1000 calls with one number changed either run or throw, and stay in their memory")
  void oneNumberChanged() {
    Random random = new Random(SEED + 2);
    int refused = 0;
    for (int i = 0; i < 1000; i++) {
      Call call = new Call(random, i % 2 == 0);
      int at = random.nextInt(call.numbers.length);
      call.numbers[at] = random.nextBoolean() ? random.nextInt(20) - 5 : random.nextLong();
      try {
        call.run(handle);
      } catch (AttentionException e) {
        refused++;
      }
    }
    assertTrue(refused > 100, "only " + refused + " of 1000 were refused");
  }

  @Test
  @DisplayName("nulls, stale and made-up handles")
  void nullsAndHandles() {
    Call call = new Call(new Random(SEED), false);
    call.run(handle); // it is valid
    assertThrows(AttentionException.class, () -> NativeCalls.forward(handle, null, call.buffers));
    assertThrows(AttentionException.class, () -> NativeCalls.forward(handle, call.numbers, null));
    assertThrows(AttentionException.class, () -> NativeCalls.backward(handle, null, null));
    for (long wrong : new long[] {0, -1, 12345, Long.MAX_VALUE}) {
      assertThrows(AttentionException.class, () -> call.run(wrong));
      assertThrows(AttentionException.class, () -> NativeCalls.contextIsa(wrong));
      NativeCalls.destroyContext(wrong); // nothing to do
    }
    assertThrows(UsageException.class, () -> NativeCalls.createContext(1 << 30, 1));
  }

  @Test
  @DisplayName("a closed kernel says so; closing again does nothing")
  void closed() {
    kernel.close();
    kernel.close();
    BufferView x = Views.zeros(1, 1, 2, 4);
    UsageException refused =
        assertThrows(
            UsageException.class,
            () -> kernel.forward(AttentionProblem.of(x, x, x), Views.zeros(1, 1, 2, 4), null));
    assertTrue(String.valueOf(refused.getMessage()).contains("closed"), refused.getMessage());
  }

  @Test
  @DisplayName("the public API names what does not fit")
  void publicApi() {
    BufferView query = Views.zeros(2, 4, 5, 8);
    BufferView key = Views.zeros(2, 3, 7, 8);
    BufferView fitting = Views.zeros(2, 2, 7, 8);
    assertMessage("multiple", () -> AttentionProblem.of(query, key, key));
    assertMessage("head_dim", () -> AttentionProblem.of(query, fitting, Views.zeros(2, 2, 7, 300)));
    BufferView wide = Views.of(HostTensor.zeros(DType.F64, 2, 4, 7, 8));
    assertThrows(DTypeException.class, () -> AttentionProblem.of(query, wide, wide));
    AttentionProblem problem = AttentionProblem.of(query, fitting, fitting);
    assertMessage("output", () -> kernel.forward(problem, Views.zeros(2, 4, 5, 9), null));
    BufferView out = Views.zeros(2, 4, 5, 8);
    assertMessage("log-sum-exp", () -> kernel.forward(problem, out, Views.zeros(2, 4, 6)));
    BufferView readOnly = BufferView.dense(DType.F32, out.buffer().asReadOnlyBuffer(), 2, 4, 5, 8);
    assertMessage("read-only", () -> kernel.forward(problem, readOnly, null));
    BufferView overlapping =
        new BufferView(DType.F32, out.sizes(), List.of(0L, 0L, 8L, 1L), out.buffer());
    AttentionException refused =
        assertThrows(AttentionException.class, () -> kernel.forward(problem, overlapping, null));
    assertTrue(String.valueOf(refused.getMessage()).contains("overlaps"), refused.getMessage());
    assertEquals(List.of(2L, 4L, 5L, 8L), problem.outputSizes());
  }

  private static void assertMessage(String part, Runnable call) {
    ShapeException refused = assertThrows(ShapeException.class, call::run);
    assertTrue(String.valueOf(refused.getMessage()).contains(part), refused.getMessage());
  }
}
