package org.attention4j.conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.graph.TraceOptions;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;

/**
 * A model decoded through the KV cache, in steps of several tokens and of one, gives the logits of
 * the whole sequence at once.
 *
 * @param growing the input whose tokens come step by step
 */
public record DecodingCheck(Case test, String growing) implements Check {
  private static final String LOGITS = "logits";

  @Override
  public String name() {
    return test.name() + "/decoding";
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
    Map<String, HostTensor> oracle = Oracle.outputs(test.program(), sample, DType.F64);
    Map<String, HostTensor> naive = Oracle.outputs(test.program(), sample, test.precision());
    Map<String, Target> targets =
        Oracle.targets(test.expectation(), test.precision(), false, oracle, naive);
    targets.keySet().retainAll(List.of(LOGITS));
    SessionOptions options = SessionOptions.defaults().withPrecision(test.precision());
    try (Session session = bench.engine().open(test.program(), sample.weights(), options)) {
      String difference = differences(targets, decode(session, sample));
      if (difference.isEmpty()) {
        return Finding.passed();
      }
      return Finding.failed(
          new FailureReport(test, bench, Mode.INFERENCE)
              .text(
                  name(),
                  session.description(),
                  difference,
                  () -> expandedPasses(bench, sample, targets)));
    }
  }

  private String differences(Map<String, Target> targets, HostTensor logits) {
    return Comparison.of(
        targets,
        Map.of(LOGITS, logits),
        test.program().graph(TraceOptions.primitives()).outputTypes());
  }

  private boolean expandedPasses(Bench bench, Sample sample, Map<String, Target> targets) {
    Program expanded = ExpandedModel.of(test.program());
    SessionOptions options = SessionOptions.defaults().withPrecision(test.precision());
    try (Session session = bench.engine().open(expanded, sample.weights(), options)) {
      return differences(targets, decode(session, sample)).isEmpty();
    }
  }

  /** Half of the tokens at once, then one by one. */
  private HostTensor decode(Session session, Sample sample) {
    long length = Objects.requireNonNull(sample.inputs().get(growing)).dim(1);
    List<HostTensor> parts = new ArrayList<>();
    try (Decoding decoding = session.decode()) {
      for (long from = 0; from < length; ) {
        long to = from == 0 ? (length + 1) / 2 : from + 1;
        Map<String, HostTensor> outputs = decoding.next(step(sample, from, to));
        parts.add(Objects.requireNonNull(outputs.get(LOGITS), "no logits"));
        from = to;
      }
    }
    return Rows.join(parts);
  }

  /** The inputs of one step: those over time are cut, a mask reaches back to the first token. */
  private Map<String, HostTensor> step(Sample sample, long from, long to) {
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    sample
        .inputs()
        .forEach(
            (name, value) -> {
              TensorType type = Objects.requireNonNull(test.program().inputs().get(name));
              Dim axis = type.dim(1);
              HostTensor part = value;
              if (axis.symbols().contains("past")) {
                part = Rows.of(value, 0, to);
              } else if (axis.equals(Dim.symbol("time"))) {
                part = Rows.of(value, from, to);
              }
              inputs.put(name, part);
            });
    return inputs;
  }
}
