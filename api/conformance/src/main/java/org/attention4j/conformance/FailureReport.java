package org.attention4j.conformance;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.attention4j.graph.TraceOptions;
import org.attention4j.spi.Mode;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.TensorType;

/** The text of a failing case: everything needed to find the fault. */
record FailureReport(Case test, Bench bench, Mode mode) {

  /**
   * The report.
   *
   * @param description of the session: engine, device, kernel, instruction set
   * @param expandedPasses runs the case again with every composite expanded
   */
  String text(String name, String description, String difference, BooleanSupplier expandedPasses) {
    StringBuilder text = new StringBuilder();
    text.append(name).append(' ').append(shapes());
    text.append(" engine=").append(bench.engine().name()).append(" (").append(description);
    text.append(")\n").append(difference);
    Set<String> claimed = claimed();
    if (!claimed.isEmpty()) {
      text.append("  ").append(verdict(claimed, expandedPasses)).append('\n');
    }
    return text.append("  reproduce: ").append(bench.reproduce(name)).toString();
  }

  private String shapes() {
    List<String> shapes = new ArrayList<>();
    test.program().inputs().forEach((input, type) -> shapes.add(input + " " + type));
    return shapes.toString();
  }

  /** Names of the composites that the engine runs whole. */
  private Set<String> claimed() {
    Set<String> names = new LinkedHashSet<>();
    test.program().graph(TraceOptions.primitives().keeping((op, in) -> note(names, op, in)));
    return names;
  }

  private boolean note(Set<String> names, Composite op, List<TensorType> in) {
    boolean granted = bench.engine().supports(op, in, mode).granted();
    if (granted) {
      names.add(op.name());
    }
    return granted;
  }

  private static String verdict(Set<String> claimed, BooleanSupplier expandedPasses) {
    String ops = String.join(", ", claimed);
    try {
      return expandedPasses.getAsBoolean()
          ? "expanded on the same engine: passes -> the fused " + ops + " is at fault"
          : "expanded on the same engine: fails too -> not only the fused " + ops;
    } catch (RuntimeException e) {
      return "expanded on the same engine: " + e;
    }
  }
}
