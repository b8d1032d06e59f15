package org.attention4j.engine.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.attention4j.error.EngineException;
import org.junit.jupiter.api.Test;

/** Workers all run, on threads of their own, and nobody goes on before the last has ended. */
class WorkersTest {
  @Test
  void eachRunsOnceOnItsOwnThread() {
    Set<String> seen = ConcurrentHashMap.newKeySet();
    Thread caller = Thread.currentThread();
    try (Workers workers = new Workers("a-name", 3)) {
      workers.each(
          worker -> {
            assertEquals(worker == 0, Thread.currentThread() == caller);
            seen.add(worker + (worker == 0 ? "" : " " + Thread.currentThread().getName()));
          });
    }
    assertEquals(Set.of("0", "1 a-name", "2 a-name"), seen);
  }

  @Test
  void aFailureIsThrownAfterTheOthersHaveEnded() {
    RuntimeException failure = new IllegalStateException("broken");
    CountDownLatch failed = new CountDownLatch(1);
    AtomicBoolean ended = new AtomicBoolean();
    try (Workers workers = new Workers("a-name", 2)) {
      RuntimeException thrown =
          assertThrows(
              IllegalStateException.class,
              () ->
                  workers.each(
                      worker -> {
                        if (worker == 0) {
                          failed.countDown();
                          throw failure;
                        }
                        await(failed);
                        ended.set(true);
                      }));
      assertSame(failure, thrown);
    }
    assertTrue(ended.get());
  }

  @Test
  void anInterruptedCallerStillWaits() {
    CountDownLatch interrupted = new CountDownLatch(1);
    AtomicBoolean ended = new AtomicBoolean();
    try (Workers workers = new Workers("a-name", 2)) {
      assertThrows(
          EngineException.class,
          () ->
              workers.each(
                  worker -> {
                    if (worker == 0) {
                      Thread.currentThread().interrupt();
                      interrupted.countDown();
                    } else {
                      await(interrupted);
                      ended.set(true);
                    }
                  }));
    }
    assertTrue(Thread.interrupted(), "the interruption is kept");
    assertTrue(ended.get());
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
      Thread.sleep(20); // so that a caller that does not wait is found out
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
