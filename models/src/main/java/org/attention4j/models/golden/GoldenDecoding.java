package org.attention4j.models.golden;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.attention4j.error.UsageException;
import org.attention4j.models.golden.GoldenRow.Status;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.PretrainedSession;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Engine;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.HostTensor;

/**
 * Greedy decoding from the start of recorded sequences, as they were recorded: padded on the left
 * with a cache, otherwise by recomputation of the whole sequence at each step, too.
 */
final class GoldenDecoding {
  private static final String DECODER_IDS = "decoder_input_ids";
  private static final int PROMPT = 6;

  private final GoldenCase recorded;
  private final Checkpoint checkpoint;
  private final Engine engine;

  GoldenDecoding(GoldenCase recorded, Checkpoint checkpoint, Engine engine) {
    this.recorded = recorded;
    this.checkpoint = checkpoint;
    this.engine = engine;
  }

  /**
   * The tokens, and the logits that chose them; a wrong token is replaced by the recorded one.
   *
   * @param cached whether keys and values are kept; otherwise each step runs the whole sequence
   */
  List<GoldenRow> rows(String kind, boolean cached) {
    HostTensor sequences = recorded.output(kind + "sequences");
    HostTensor wanted = recorded.output(kind + "step_logits");
    int steps = (int) wanted.dim(1);
    int prompt = (int) sequences.dim(1) - steps;
    Map<String, HostTensor> inputs = inputs(kind, sequences, prompt);
    HostTensor logits = HostTensor.zeros(wanted.dtype(), wanted.shape());
    List<String> wrong = new ArrayList<>();
    try (PretrainedSession session =
            checkpoint.session(engine, SessionOptions.defaults(), inputs.keySet(), Set.of());
        Decoding decoding = session.session().decode()) {
      for (int step = 0; step < steps; step++) {
        Map<String, HostTensor> outputs = cached ? decoding.next(inputs) : session.run(inputs);
        HostTensor last = Objects.requireNonNull(outputs.get("logits"), "no logits");
        keep(last, logits, step);
        wrongTokens(logits, sequences, step, prompt, wrong);
        int from = cached ? prompt + step : 0;
        inputs = following(inputs, kind, columns(sequences, from, prompt + step + 1));
      }
    }
    double allowed = recorded.allowed("outputs", kind + "step_logits", wanted);
    String name = recorded.name();
    String label = cached ? kind + "cached." : kind;
    Status status = wrong.isEmpty() ? Status.PASSED : Status.FAILED;
    return List.of(
        new GoldenRow(
            name,
            engine.name(),
            label + "sequences",
            status,
            wrong.size(),
            0,
            String.join("; ", wrong)),
        Comparison.row(
            name, engine.name(), label + "step_logits", wanted, logits, allowed, i -> true));
  }

  private boolean translates() {
    return checkpoint.model().tokensInput().equals(DECODER_IDS);
  }

  private Map<String, HostTensor> inputs(String kind, HostTensor sequences, int prompt) {
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    if (translates()) {
      inputs.putAll(recorded.inputs(""));
      inputs.putAll(recorded.inputs("gen_start."));
      return inputs;
    }
    if (kind.equals("gen.")) {
      if (prompt != PROMPT) {
        throw new UsageException("the recorded prompt has " + prompt + " tokens, not " + PROMPT);
      }
      inputs.put("input_ids", columns(sequences, 0, prompt));
      return inputs;
    }
    inputs.putAll(recorded.inputs(kind));
    inputs.put("position_ids", positions(Objects.requireNonNull(inputs.get("attention_mask"))));
    return inputs;
  }

  /** Counted from the first real token. */
  private static HostTensor positions(HostTensor mask) {
    HostTensor positions = HostTensor.zeros(mask.dtype(), mask.shape());
    long time = mask.dim(1);
    for (long row = 0; row < mask.dim(0); row++) {
      long tokens = 0;
      for (long i = row * time; i < (row + 1) * time; i++) {
        tokens += mask.getLong(i);
        positions.set(i, Math.max(0, tokens - 1));
      }
    }
    return positions;
  }

  private Map<String, HostTensor> following(
      Map<String, HostTensor> inputs, String kind, HostTensor tokens) {
    Map<String, HostTensor> next = new LinkedHashMap<>(inputs);
    next.put(checkpoint.model().tokensInput(), tokens);
    if (kind.equals("gen_left.") && !translates()) {
      HostTensor mask = longer(Objects.requireNonNull(inputs.get("attention_mask")));
      next.put("attention_mask", mask);
      HostTensor positions = positions(mask);
      next.put(
          "position_ids", columns(positions, (int) positions.dim(1) - 1, (int) positions.dim(1)));
    }
    return next;
  }

  private static HostTensor longer(HostTensor mask) {
    long rows = mask.dim(0);
    long time = mask.dim(1);
    HostTensor more = HostTensor.zeros(mask.dtype(), rows, time + 1);
    for (long row = 0; row < rows; row++) {
      for (long i = 0; i <= time; i++) {
        more.set(row * (time + 1) + i, i == time ? 1 : mask.getLong(row * time + i));
      }
    }
    return more;
  }

  private static HostTensor columns(HostTensor x, int from, int to) {
    HostTensor cut = HostTensor.zeros(x.dtype(), x.dim(0), to - from);
    for (long row = 0; row < x.dim(0); row++) {
      for (int i = from; i < to; i++) {
        cut.set(row * (to - from) + i - from, x.getLong(row * x.dim(1) + i));
      }
    }
    return cut;
  }

  /** The last position's logits of each row go to a step's place. */
  private static void keep(HostTensor from, HostTensor to, int step) {
    long vocabulary = to.dim(2);
    for (long row = 0; row < to.dim(0); row++) {
      for (long i = 0; i < vocabulary; i++) {
        double value = from.getDouble(((row + 1) * from.dim(1) - 1) * vocabulary + i);
        to.set((row * to.dim(1) + step) * vocabulary + i, value);
      }
    }
  }

  private static void wrongTokens(
      HostTensor logits, HostTensor sequences, int step, int prompt, List<String> wrong) {
    long vocabulary = logits.dim(2);
    for (long row = 0; row < logits.dim(0); row++) {
      long start = (row * logits.dim(1) + step) * vocabulary;
      long best = 0;
      for (long i = 1; i < vocabulary; i++) {
        if (logits.getDouble(start + i) > logits.getDouble(start + best)) {
          best = i;
        }
      }
      long expected = sequences.getLong(row * sequences.dim(1) + prompt + step);
      if (best != expected) {
        wrong.add("row " + row + " step " + step + ": expected " + expected + ", got " + best);
      }
    }
  }
}
