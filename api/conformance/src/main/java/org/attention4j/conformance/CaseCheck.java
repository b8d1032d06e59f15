package org.attention4j.conformance;

import java.util.Map;
import org.attention4j.graph.TraceOptions;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;

/** The values of a case. */
public record CaseCheck(Case test) implements Check {

  @Override
  public String name() {
    return test.name();
  }

  @Override
  public Suite suite() {
    return test.suite();
  }

  @Override
  public Finding run(Bench bench) {
    String refusal = bench.abilities().refusal(test.precision(), Mode.INFERENCE);
    if (!refusal.isEmpty()) {
      return Finding.skipped(refusal);
    }
    Sample sample = test.data().draw(bench.random(test.name()));
    Map<String, Target> targets = targets(sample);
    SessionOptions options = SessionOptions.defaults().withPrecision(test.precision());
    String description;
    Map<String, HostTensor> results;
    try (Session session = bench.engine().open(test.program(), sample.weights(), options)) {
      description = session.description();
      results = session.run(sample.inputs());
    }
    String difference = differences(targets, results);
    if (difference.isEmpty()) {
      return Finding.passed();
    }
    return Finding.failed(
        new FailureReport(test, bench, Mode.INFERENCE)
            .text(name(), description, difference, () -> expandedPasses(bench, sample, targets)));
  }

  private Map<String, Target> targets(Sample sample) {
    if (test.expectation() instanceof Case.Recorded recorded) {
      return recorded.outputs();
    }
    Map<String, HostTensor> oracle = Oracle.outputs(test.program(), sample, DType.F64);
    Map<String, HostTensor> naive = Oracle.outputs(test.program(), sample, test.precision());
    return Oracle.targets(test.expectation(), test.precision(), false, oracle, naive);
  }

  private String differences(Map<String, Target> targets, Map<String, HostTensor> results) {
    return Comparison.of(
        targets, results, test.program().graph(TraceOptions.primitives()).outputTypes());
  }

  private boolean expandedPasses(Bench bench, Sample sample, Map<String, Target> targets) {
    Program expanded = ExpandedModel.of(test.program());
    SessionOptions options = SessionOptions.defaults().withPrecision(test.precision());
    try (Session session = bench.engine().open(expanded, sample.weights(), options)) {
      return differences(targets, session.run(sample.inputs())).isEmpty();
    }
  }
}
