package org.attention4j.kernels;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.attention4j.op.Mask;
import org.attention4j.spi.BufferView;
import org.attention4j.tensor.DType;
import org.jspecify.annotations.NullUnmarked;

/**
 * A call of the native functions with random sizes, types, layouts and features, and memory full of
 * random bits. Valid until it is spoiled.
 */
@NullUnmarked // puts nulls among the buffers
final class RandomCall {
  private static final List<DType> FLOATING = List.of(DType.F32, DType.BF16, DType.F16);
  private static final List<DType> MASKS =
      List.of(DType.BOOL, DType.I32, DType.I64, DType.U8, DType.I8);

  private final Random random;
  private final GuardedMemory memory;
  private final boolean backward;
  private long[] numbers;
  private ByteBuffer[] buffers;

  RandomCall(Random random, GuardedMemory memory) {
    this.random = random;
    this.memory = memory;
    this.backward = random.nextBoolean();
    memory.clear();
    CallEncoder encoder = new CallEncoder();
    encode(encoder);
    numbers = encoder.numbers();
    buffers = encoder.buffers();
  }

  private void encode(CallEncoder encoder) {
    long batch = random.nextInt(3);
    long keyHeads = 1L + random.nextInt(2);
    long heads = keyHeads * (1 + random.nextInt(3));
    long queries = time();
    long keys = time();
    long keyDim = 1L + random.nextInt(20);
    long valueDim = 1L + random.nextInt(20);
    DType type = pick(FLOATING);
    AttentionProblem problem =
        AttentionProblem.of(
            view(type, batch, heads, queries, keyDim),
            view(type, batch, keyHeads, keys, keyDim),
            view(type, batch, keyHeads, keys, valueDim));
    problem = withExtras(problem, batch, heads, queries, keys);
    problem.encode(encoder);
    if (backward) {
      optional(encoder, view(type, batch, heads, queries, valueDim));
      optional(encoder, view(DType.F32, batch, heads, queries, 1));
      optional(encoder, view(type, batch, heads, queries, valueDim));
      optional(encoder, view(DType.F32, batch, heads, queries, 1));
      optional(encoder, view(type, batch, heads, queries, keyDim));
      optional(encoder, view(type, batch, keyHeads, keys, keyDim));
      optional(encoder, view(type, batch, keyHeads, keys, valueDim));
      BufferView bias = problem.bias();
      if (bias == null) {
        encoder.addAbsent();
      } else {
        long[] sizes = bias.sizes().stream().mapToLong(Long::longValue).toArray();
        optional(encoder, view(type, sizes));
      }
    } else {
      encoder.add(view(type, batch, heads, queries, valueDim));
      optional(encoder, view(DType.F32, batch, heads, queries, 1));
    }
  }

  private AttentionProblem withExtras(
      AttentionProblem problem, long batch, long heads, long queries, long keys) {
    AttentionProblem result = problem.startingAt(random.nextInt(40) - 10);
    if (random.nextInt(3) == 0) {
      result = result.withSoftcap(random.nextDouble() * 10 + 0.1);
    }
    if (random.nextInt(3) == 0) {
      result = result.withScale(random.nextGaussian());
    }
    if (random.nextInt(3) == 0) {
      result = result.endingAt(random.nextInt(40));
    }
    if (random.nextInt(3) == 0) {
      result =
          result.withDropout(
              new AttentionDropout(random.nextDouble(), random.nextLong(), random.nextInt(9)));
    }
    if (random.nextInt(3) == 0) {
      result = result.withAlibi(random.doubles(heads).boxed().toList());
    }
    if (random.nextInt(3) == 0) {
      result = result.withBias(view(pick(FLOATING), broadcast(batch, heads, queries, keys)));
    }
    BufferView padding = view(pick(MASKS), batch, keys);
    BufferView pairs = view(pick(MASKS), broadcast(batch, heads, queries, keys));
    return random.nextInt(3) == 0 ? result : result.withMask(mask(3), padding, pairs);
  }

  private Mask mask(int levels) {
    return switch (random.nextInt(levels > 0 ? 7 : 5)) {
      case 0 -> Mask.causal();
      case 1 -> Mask.all();
      case 2 -> new Mask.Window(1 + random.nextInt(9), random.nextInt(9));
      case 3 -> new Mask.Operand(0);
      case 4 -> new Mask.Operand(1);
      case 5 -> mask(levels - 1).and(mask(levels - 1));
      default -> mask(levels - 1).or(mask(levels - 1));
    };
  }

  private long time() {
    return random.nextInt(8) == 0 ? 60 + random.nextInt(10) : random.nextInt(10);
  }

  private long[] broadcast(long... sizes) {
    return Arrays.stream(sizes).map(size -> random.nextInt(3) == 0 ? 1 : size).toArray();
  }

  private <T> T pick(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  /** Random bits in rows that may be longer than their elements. */
  private BufferView view(DType type, long... sizes) {
    int last = sizes.length - 1;
    long[] padded = sizes.clone();
    padded[last] += random.nextInt(3);
    long elements = Arrays.stream(padded).reduce(1, (a, b) -> a * b);
    byte[] bits = new byte[(int) elements * type.bytes()];
    random.nextBytes(bits);
    ByteBuffer buffer = memory.take(bits.length);
    buffer.duplicate().put(bits);
    List<Long> strides = BufferView.dense(type, buffer, padded).strides();
    return new BufferView(type, Arrays.stream(sizes).boxed().toList(), strides, buffer);
  }

  private void optional(CallEncoder encoder, BufferView view) {
    if (random.nextInt(4) == 0) {
      encoder.addAbsent();
    } else {
      encoder.add(view);
    }
  }

  /** Changes some numbers or buffers at random; the call may still be valid. */
  void spoil() {
    for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
      if (random.nextInt(3) == 0) {
        spoilBuffers();
      } else {
        spoilNumbers();
      }
    }
  }

  private void spoilNumbers() {
    if (numbers == null || numbers.length == 0) {
      return;
    }
    int at = random.nextInt(random.nextBoolean() ? numbers.length : Math.min(40, numbers.length));
    switch (random.nextInt(12)) {
      case 0 -> numbers = Arrays.copyOf(numbers, random.nextInt(numbers.length + 20));
      case 1 -> numbers = random.nextInt(10) == 0 ? null : numbers;
      case 2, 3 -> numbers[at] = random.nextLong();
      case 4, 5 -> numbers[at] = Long.rotateLeft(1, random.nextInt(64)) - random.nextInt(2);
      case 6 -> numbers[at] = Double.doubleToRawLongBits(random.nextGaussian() * 1e39);
      case 7 -> numbers[at] = -numbers[at];
      case 8 -> numbers[at] = numbers[random.nextInt(numbers.length)];
      default -> numbers[at] = random.nextInt(20) - 5L;
    }
  }

  private void spoilBuffers() {
    if (buffers == null || buffers.length == 0) {
      return;
    }
    int at = random.nextInt(buffers.length);
    ByteBuffer old = buffers[at];
    switch (random.nextInt(9)) {
      case 0 -> buffers[at] = null;
      case 1 -> buffers[at] = ByteBuffer.allocate(random.nextInt(5000));
      case 2 -> buffers[at] = ByteBuffer.allocateDirect(0);
      case 3 -> buffers = Arrays.copyOf(buffers, random.nextInt(buffers.length + 3));
      case 4 -> buffers = random.nextInt(10) == 0 ? null : buffers;
      case 5 -> Collections.swap(Arrays.asList(buffers), at, 0);
      case 6 -> buffers[at] = old == null ? null : old.slice(0, random.nextInt(old.capacity() + 1));
      case 7 -> buffers[at] = old == null || old.capacity() == 0 ? old : from(old, 1);
      default -> buffers[at] = old == null ? null : old.asReadOnlyBuffer();
    }
  }

  private static ByteBuffer from(ByteBuffer buffer, int start) {
    return buffer.slice(start, buffer.capacity() - start);
  }

  /** Whether it asks for more pairs than a test has time for: huge sizes with strides of 0. */
  boolean isLong() {
    if (numbers == null || numbers.length < 5) {
      return false;
    }
    double pairs = 1;
    for (int size : new int[] {0, 1, 3, 4}) { // batch, heads, queries, keys
      pairs *= Math.max(1, numbers[size]);
    }
    return pairs > 1 << 20;
  }

  void run(long handle) {
    if (backward) {
      NativeCalls.backward(handle, numbers, buffers);
    } else {
      NativeCalls.forward(handle, numbers, buffers);
    }
  }

  @Override
  public String toString() {
    List<String> lent = new ArrayList<>();
    for (ByteBuffer buffer : buffers == null ? new ByteBuffer[0] : buffers) {
      lent.add(String.valueOf(buffer));
    }
    return (backward ? "backward " : "forward ") + Arrays.toString(numbers) + " " + lent;
  }
}
