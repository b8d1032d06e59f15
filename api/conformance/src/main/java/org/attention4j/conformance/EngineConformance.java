package org.attention4j.conformance;

import java.util.Set;
import java.util.stream.Stream;
import org.attention4j.spi.Engine;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * The conformance kit as a test class. Whoever writes an engine extends it and names the engine:
 *
 * <pre>{@code
 * final class MyEngineTest extends EngineConformance {
 *   @Override
 *   protected Engine engine() {
 *     return new MyEngine();
 *   }
 * }
 * }</pre>
 *
 * <p>System properties: {@code case} (glob of checks), {@code seed} (hexadecimal), {@code
 * attention4j.golden} and {@code attention4j.onnxNodeTests} (folders of recorded values; small
 * copies are built in).
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class EngineConformance {
  @SuppressWarnings("this-escape") // method references, called when the first check runs
  private final KitRun kit = new KitRun(this::engine, this::gaps, getClass());

  /** For subclasses; the engine is asked for when the first check runs. */
  protected EngineConformance() {}

  /** The engine under test. */
  protected abstract Engine engine();

  /** Failures that are known; each fails once it passes. */
  protected Set<KnownGap> gaps() {
    return Set.of();
  }

  private Stream<DynamicTest> tests(Suite suite) {
    return kit.checks(suite).stream()
        .map(check -> DynamicTest.dynamicTest(check.name(), () -> judge(kit.run(check))));
  }

  private static void judge(Result result) {
    switch (result.status()) {
      case FAILED -> Assertions.fail(result.text());
      case GAP -> Assumptions.abort("known gap: " + result.text());
      case SKIPPED -> Assumptions.abort(result.text());
      case PASSED -> {}
    }
  }

  @AfterAll
  void summary() {
    kit.finish();
  }

  /** Values of primitives and composites. */
  @Nested
  class Ops {
    @TestFactory
    Stream<DynamicTest> ops() {
      return tests(Suite.OPS);
    }
  }

  /** Values of blocks and small models. */
  @Nested
  class Blocks {
    @TestFactory
    Stream<DynamicTest> blocks() {
      return tests(Suite.BLOCKS);
    }
  }

  /** Gradients. */
  @Nested
  class Gradients {
    @TestFactory
    Stream<DynamicTest> gradients() {
      return tests(Suite.GRADIENTS);
    }
  }

  /** Bad input. */
  @Nested
  class Errors {
    @TestFactory
    Stream<DynamicTest> errors() {
      return tests(Suite.ERRORS);
    }
  }

  /** Repeated, resumed and closed. */
  @Nested
  class Lifecycle {
    @TestFactory
    Stream<DynamicTest> lifecycle() {
      return tests(Suite.LIFECYCLE);
    }
  }

  /** Several threads. */
  @Nested
  class Concurrency {
    @TestFactory
    Stream<DynamicTest> concurrency() {
      return tests(Suite.CONCURRENCY);
    }
  }

  /** Exported files. */
  @Nested
  class Export {
    @TestFactory
    Stream<DynamicTest> export() {
      return tests(Suite.EXPORT);
    }
  }

  /** Recorded values of PyTorch. */
  @Nested
  class Golden {
    @TestFactory
    Stream<DynamicTest> golden() {
      return tests(Suite.GOLDEN);
    }
  }

  /** The ONNX project's node tests. */
  @Nested
  class Onnx {
    @TestFactory
    Stream<DynamicTest> onnx() {
      return tests(Suite.ONNX);
    }
  }
}
