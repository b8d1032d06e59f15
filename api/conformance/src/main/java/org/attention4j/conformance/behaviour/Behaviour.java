package org.attention4j.conformance.behaviour;

import org.attention4j.conformance.Bench;
import org.attention4j.conformance.Check;
import org.attention4j.conformance.Finding;
import org.attention4j.conformance.Suite;
import org.attention4j.spi.Mode;
import org.attention4j.tensor.DType;

/**
 * A check of what an engine does.
 *
 * @param needs what the engine must offer; skipped, with its reason, where it declines
 */
record Behaviour(String name, Suite suite, Mode needs, Probe probe) implements Check {

  /** Looks at an engine. */
  @FunctionalInterface
  interface Probe {
    /** What is wrong, or an empty text. */
    String problem(Bench bench);
  }

  /** Thrown inside a probe that finds that the engine is not meant to do this. */
  static final class Skip extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Skip(String reason) {
      super(reason);
    }
  }

  @Override
  public Finding run(Bench bench) {
    String refusal = bench.abilities().refusal(DType.F32, needs);
    if (!refusal.isEmpty()) {
      return Finding.skipped(refusal);
    }
    String problem;
    try {
      problem = probe.problem(bench);
    } catch (Skip e) {
      return Finding.skipped(String.valueOf(e.getMessage()));
    }
    return problem.isEmpty()
        ? Finding.passed()
        : Finding.failed(
            name
                + " engine="
                + bench.engine().name()
                + "\n  "
                + problem
                + "\n  reproduce: "
                + bench.reproduce(name));
  }
}
