package org.attention4j.conformance;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;

/**
 * A computation and what counts as right, as data. {@link CaseCheck} runs it forward, {@link
 * GradientCheck} backward.
 *
 * @param name unique, ending in the precision: {@code attention/causal/f32}
 * @param suite ops or blocks, or that of the recorded values
 * @param program what is computed
 * @param data draws the numbers
 * @param precision of the session
 * @param varied floating inputs whose gradient is checked beside that of the parameters
 * @param differentiable whether gradients are checked
 * @param lossOutputs outputs that gradients are taken of; empty for all floating ones
 * @param expectation what is right
 */
public record Case(
    String name,
    Suite suite,
    Program program,
    Data data,
    DType precision,
    Set<String> varied,
    boolean differentiable,
    List<String> lossOutputs,
    Expectation expectation) {

  public Case {
    varied = Set.copyOf(varied);
    lossOutputs = List.copyOf(lossOutputs);
  }

  /** Draws the numbers of a case. */
  @FunctionalInterface
  public interface Data {
    Sample draw(Random random);
  }

  /** What is right. */
  public sealed interface Expectation {}

  /**
   * The reference engine in float64, within {@link Tolerance}.
   *
   * @param forward factor of the tolerance of values, usually 1
   * @param backward factor of that of gradients
   * @param reason why it is not 1
   */
  public record Oracle(double forward, double backward, String reason) implements Expectation {
    /** The tolerance as it is. */
    public static final Oracle STRICT = new Oracle(1, 1, "");

    public Oracle {
      if ((forward != 1 || backward != 1) && reason.isBlank()) {
        throw new IllegalArgumentException("a case that loosens its tolerance gives the reason");
      }
    }
  }

  /** The reference engine, bit by bit: movement, integers, booleans. */
  public record Exactly() implements Expectation {}

  /** Recorded outputs, and gradients by input name or parameter path. */
  public record Recorded(Map<String, Target> outputs, Map<String, Target> gradients)
      implements Expectation {
    public Recorded {
      outputs = Map.copyOf(outputs);
      gradients = Map.copyOf(gradients);
    }
  }
}
