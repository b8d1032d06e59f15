package org.attention4j.kernels;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import org.attention4j.error.AttentionException;
import org.attention4j.op.Mask;
import org.attention4j.spi.BufferView;
import org.attention4j.tensor.DType;
import org.jspecify.annotations.NullUnmarked;

/**
 * Random calls over the JNI border from several threads at once, on contexts that other threads
 * close meanwhile. Whatever a call is given, it works or throws an {@link AttentionException}, and
 * stays within its memory.
 *
 * <p>{@code java BorderFuzz SECONDS SEED}, with the tests' class path
 */
@NullUnmarked // passes nulls on purpose
final class BorderFuzz {
  private static final int WORKERS = 3;
  private static final int CONTEXTS = 4;
  private static final List<DType> TYPES = List.of(DType.values());

  private final long seed;
  private final long end;
  private final AtomicLongArray handles = new AtomicLongArray(CONTEXTS);
  private final AtomicLong worked = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();

  private BorderFuzz(long seconds, long seed) {
    this.seed = seed;
    this.end = System.nanoTime() + seconds * 1_000_000_000L;
  }

  public static void main(String[] arguments) throws InterruptedException {
    long seconds = Long.parseLong(arguments[0]);
    BorderFuzz fuzz = new BorderFuzz(seconds, Long.parseLong(arguments[1]));
    boolean clean = NativeLibrary.get().available() && fuzz.run(seconds);
    System.out.println(NativeLibrary.get().details());
    System.out.println(
        (clean ? "clean" : "failed")
            + " after "
            + fuzz.worked
            + " calls that worked and "
            + fuzz.refused
            + " refused ones, seed "
            + fuzz.seed);
    Runtime.getRuntime().halt(clean ? 0 : 1);
  }

  private boolean run(long seconds) throws InterruptedException {
    for (int i = 0; i < CONTEXTS; i++) {
      handles.set(i, open(i));
    }
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < WORKERS; i++) {
      int worker = i;
      Thread thread = new Thread(() -> work(new Random(seed * 31 + worker)), "worker " + i);
      thread.setDaemon(true);
      thread.start();
      workers.add(thread);
    }
    for (Thread thread : workers) {
      thread.join((seconds + 60) * 1000);
      if (thread.isAlive()) {
        System.out.println(
            thread.getName() + " hangs at " + Arrays.toString(thread.getStackTrace()));
        return false;
      }
    }
    return failure.get() == null;
  }

  private long open(int context) {
    List<InstructionSet> all = Kernels.instructionSets();
    InstructionSet isa = all.get(context % all.size());
    return NativeCalls.createContext(isa.code(), 1 + context % 3);
  }

  private void work(Random random) {
    GuardedMemory memory = new GuardedMemory(1 << 23);
    while (System.nanoTime() < end && failure.get() == null) {
      long state = random.nextLong();
      Random own = new Random(state);
      try {
        switch (own.nextInt(16)) {
          case 0 -> contexts(own);
          case 1, 2 -> api(own);
          default -> call(own, memory);
        }
        if (!memory.intact()) {
          throw new AssertionError("a call wrote between its buffers");
        }
      } catch (Throwable e) {
        if (failure.compareAndSet(null, e)) {
          System.out.println("step with seed " + state);
          e.printStackTrace(System.out);
        }
      }
    }
  }

  /** A valid call must work, unless its context was closed; a spoiled one may do either. */
  private void call(Random random, GuardedMemory memory) {
    RandomCall call = new RandomCall(random, memory);
    boolean spoiled = random.nextInt(4) > 0;
    if (spoiled) {
      call.spoil();
    }
    if (call.isLong()) {
      return;
    }
    int context = random.nextInt(CONTEXTS);
    try {
      call.run(handles.get(context));
      worked.incrementAndGet();
    } catch (AttentionException e) {
      refused.incrementAndGet();
      if (!spoiled && !String.valueOf(e.getMessage()).contains("closed")) {
        throw new AssertionError("refused: " + call, e);
      }
    } catch (Throwable e) {
      throw new AssertionError("not an AttentionException: " + call, e);
    }
  }

  /** Opens, closes and asks about contexts; also those that were never opened. */
  private void contexts(Random random) {
    int context = random.nextInt(CONTEXTS);
    refusable(() -> NativeCalls.contextIsa(handles.get(context)));
    refusable(() -> NativeCalls.contextThreads(random.nextLong()));
    refusable(() -> NativeCalls.destroyContext(random.nextLong()));
    refusable(() -> NativeCalls.isaAvailable(random.nextInt()));
    refusable(() -> NativeCalls.createContext(3 + random.nextInt(1000), 1));
    refusable(() -> NativeCalls.createContext(0, -1 - random.nextInt(1000)));
    if (random.nextInt(8) == 0) {
      long old = handles.getAndSet(context, open(context));
      NativeCalls.destroyContext(old);
      NativeCalls.destroyContext(old);
    }
  }

  /** The public classes with sizes, types, strides and buffers that do not belong together. */
  private void api(Random random) {
    refusable(
        () -> {
          try (FlashAttention kernel = FlashAttention.open(InstructionSet.AUTO, 1)) {
            AttentionProblem problem =
                AttentionProblem.of(oddView(random), oddView(random), oddView(random));
            if (random.nextBoolean()) {
              problem = problem.withMask(new Mask.Operand(random.nextInt(2)), oddView(random));
            }
            if (random.nextBoolean()) {
              problem = problem.withBias(oddView(random));
            }
            if (random.nextInt(4) == 0) {
              closeEarly(kernel);
            }
            kernel.forward(problem, oddView(random), random.nextBoolean() ? oddView(random) : null);
            kernel.backward(
                problem,
                new AttentionGradients(
                    oddView(random),
                    null,
                    oddView(random),
                    null,
                    oddView(random),
                    null,
                    null,
                    null));
          }
        });
  }

  private static void closeEarly(FlashAttention kernel) {
    kernel.close();
  }

  private static BufferView oddView(Random random) {
    int rank = random.nextInt(6) == 0 ? random.nextInt(6) : 4;
    Long[] sizes = new Long[rank];
    Long[] strides = new Long[rank];
    for (int axis = 0; axis < rank; axis++) {
      sizes[axis] = 1L + random.nextInt(2);
      strides[axis] = (long) random.nextInt(5);
      if (random.nextInt(40) == 0) {
        sizes[axis] = (long) random.nextInt(5) - 2;
      }
      if (random.nextInt(40) == 0) {
        strides[axis] = random.nextLong();
      }
    }
    ByteBuffer buffer =
        random.nextInt(20) == 0 ? ByteBuffer.allocate(500) : ByteBuffer.allocateDirect(500);
    if (random.nextInt(20) == 0) {
      buffer = buffer.asReadOnlyBuffer();
    }
    DType type = random.nextInt(3) == 0 ? TYPES.get(random.nextInt(TYPES.size())) : DType.F32;
    return new BufferView(type, List.of(sizes), List.of(strides), buffer);
  }

  private void refusable(Runnable action) {
    try {
      action.run();
      worked.incrementAndGet();
    } catch (AttentionException e) {
      refused.incrementAndGet();
    }
  }
}
