package org.attention4j.conformance.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.attention4j.conformance.Case;
import org.attention4j.conformance.Catalogue;
import org.attention4j.graph.TraceOptions;
import org.attention4j.op.Backward;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Mode;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.TensorType;

/** Which composites each engine runs whole, asked on the operands of the kit's own cases. */
public final class SupportPage {

  /** Cases in which a composite occurs, and those in which the engine takes it. */
  private record Share(int asked, int whole) {
    static final Share NONE = new Share(0, 0);

    Share plus(boolean taken) {
      return new Share(asked + 1, whole + (taken ? 1 : 0));
    }

    @Override
    public String toString() {
      return whole == 0 ? "expanded" : whole == asked ? "whole" : whole + " of " + asked;
    }
  }

  private record Use(Composite op, List<TensorType> operands) {}

  private SupportPage() {}

  /** The page as Markdown. */
  public static String of(List<Engine> engines) {
    StringBuilder page = new StringBuilder();
    page.append("# Support\n\n");
    page.append("Generated from the engines' own answers on the conformance kit's cases.\n");
    page.append(
        "`whole`: the engine runs the composite itself; `expanded`: as primitives, which\n");
    page.append("every engine runs; `3 of 7`: whole in so many of the kit's cases. After the\n");
    page.append("stroke: in training. What passes is printed by the command `conformance`.\n\n");
    page.append("| composite |");
    engines.forEach(e -> page.append(' ').append(e.name()).append(" |"));
    page.append("\n|---|").append("---|".repeat(engines.size())).append('\n');
    uses()
        .forEach(
            (name, list) -> {
              page.append("| ").append(name).append(" |");
              engines.forEach(e -> page.append(' ').append(cell(e, list)).append(" |"));
              page.append('\n');
            });
    return page.toString();
  }

  private static String cell(Engine engine, List<Use> uses) {
    Share inference = Share.NONE;
    Share training = Share.NONE;
    for (Use use : uses) {
      inference = inference.plus(engine.supports(use.op, use.operands, Mode.INFERENCE).granted());
      training = training.plus(engine.supports(use.op, use.operands, Mode.TRAINING).granted());
    }
    return inference + " / " + training;
  }

  private static Map<String, List<Use>> uses() {
    Map<String, List<Use>> uses = new TreeMap<>();
    for (Case test : Catalogue.ops()) {
      test.program()
          .graph(
              TraceOptions.primitives()
                  .keeping(
                      (op, operands) -> {
                        if (!(op instanceof Backward)) {
                          uses.computeIfAbsent(op.name(), n -> new ArrayList<>())
                              .add(new Use(op, operands));
                        }
                        return false;
                      }));
    }
    return uses;
  }
}
