package org.attention4j.conformance.behaviour;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.attention4j.conformance.Bench;
import org.attention4j.conformance.Check;
import org.attention4j.conformance.Suite;
import org.attention4j.error.UsageException;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Mode;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;

/** Sessions over their life: repeated, at several sizes, beside each other, decoding, closed. */
public final class SessionChecks {
  private static final double CLOSE = 1e-4;

  private SessionChecks() {}

  /** All of them. */
  public static List<Check> all() {
    List<Check> checks = new ArrayList<>();
    checks.add(check("repeated-runs-are-equal", SessionChecks::repeated));
    checks.add(check("results-belong-to-the-caller", SessionChecks::ownResults));
    checks.add(check("inputs-stay-as-they-are", SessionChecks::inputsStay));
    checks.add(check("several-sizes", SessionChecks::sizes));
    checks.add(check("sessions-are-independent", SessionChecks::independent));
    checks.add(check("close-twice", SessionChecks::closeTwice));
    checks.add(check("two-decodings", SessionChecks::twoDecodings));
    checks.add(check("rows-of-a-decoding", SessionChecks::selectedRows));
    checks.add(check("tokens-taken-back", SessionChecks::truncated));
    return checks;
  }

  private static Check check(String name, Behaviour.Probe probe) {
    return new Behaviour("lifecycle/" + name, Suite.LIFECYCLE, Mode.INFERENCE, probe);
  }

  private static Session gpt(Bench bench) {
    Program program = Fixture.gpt();
    return Fixture.open(bench.engine(), program, Fixture.weights(program, bench.seed()));
  }

  private static String repeated(Bench bench) {
    Map<String, HostTensor> prompt = Fixture.prompt(new Random(bench.seed()), 2, 7);
    try (Session session = gpt(bench)) {
      Map<String, HostTensor> first = session.run(prompt);
      for (int i = 0; i < 5; i++) {
        String problem = Fixture.unequal(first, session.run(prompt));
        if (!problem.isEmpty()) {
          return "run " + (i + 2) + " of the same inputs: " + problem;
        }
      }
      return "";
    }
  }

  private static String ownResults(Bench bench) {
    Random random = new Random(bench.seed());
    try (Session session = gpt(bench)) {
      HostTensor first =
          Objects.requireNonNull(session.run(Fixture.prompt(random, 2, 5)).get("logits"));
      HostTensor copy = first.copy();
      session.run(Fixture.prompt(random, 2, 5));
      return first.equalsExactly(copy) ? "" : "a later run changed the results of an earlier one";
    }
  }

  private static String inputsStay(Bench bench) {
    HostTensor ids = Fixture.ids(new Random(bench.seed()), 2, 5);
    HostTensor copy = ids.copy();
    try (Session session = gpt(bench)) {
      session.run(Map.of("input_ids", ids));
      return ids.equalsExactly(copy) ? "" : "a run changed its inputs";
    }
  }

  private static String sizes(Bench bench) {
    Program program = Fixture.gpt();
    Weights weights = Fixture.weights(program, bench.seed());
    try (Session session = Fixture.open(bench.engine(), program, weights)) {
      for (long[] size : new long[][] {{1, 1}, {3, 16}, {2, 5}, {1, 13}, {4, 1}, {0, 4}, {2, 5}}) {
        Map<String, HostTensor> prompt = Fixture.prompt(new Random(bench.seed()), size[0], size[1]);
        String far =
            Fixture.far(Fixture.truth(program, weights, prompt), session.run(prompt), CLOSE);
        if (!far.isEmpty()) {
          return "batch " + size[0] + ", time " + size[1] + ": " + far;
        }
      }
      return "";
    }
  }

  private static String independent(Bench bench) {
    Program program = Fixture.gpt();
    Weights one = Fixture.weights(program, bench.seed());
    Weights two = Fixture.weights(program, bench.seed() + 1);
    Map<String, HostTensor> prompt = Fixture.prompt(new Random(bench.seed()), 2, 5);
    try (Session first = Fixture.open(bench.engine(), program, one)) {
      Session second = Fixture.open(bench.engine(), program, two);
      String far = Fixture.far(Fixture.truth(program, two, prompt), second.run(prompt), CLOSE);
      second.close();
      return far.isEmpty()
          ? Fixture.far(Fixture.truth(program, one, prompt), first.run(prompt), CLOSE)
          : far;
    }
  }

  private static String closeTwice(Bench bench) {
    Session session = gpt(bench);
    session.run(Fixture.prompt(new Random(1), 1, 2));
    session.close();
    session.close();
    return "";
  }

  private static HostTensor logits(Map<String, HostTensor> outputs) {
    return Objects.requireNonNull(outputs.get("logits"));
  }

  /** Columns of ids [batch, time]. */
  private static HostTensor columns(HostTensor ids, int from, int to) {
    HostTensor cut = HostTensor.zeros(ids.dtype(), ids.dim(0), to - from);
    for (long row = 0; row < ids.dim(0); row++) {
      for (int i = from; i < to; i++) {
        cut.set(row * (to - from) + i - from, ids.getLong(row * ids.dim(1) + i));
      }
    }
    return cut;
  }

  /** Rows of logits [batch, time, vocabulary]. */
  private static HostTensor rows(HostTensor logits, int from, int to) {
    long width = logits.dim(2);
    HostTensor cut = HostTensor.zeros(logits.dtype(), logits.dim(0), to - from, width);
    long at = 0;
    for (long row = 0; row < logits.dim(0); row++) {
      for (long i = from * width; i < to * width; i++) {
        cut.set(at++, logits.getDouble(row * logits.dim(1) * width + i));
      }
    }
    return cut;
  }

  private static String twoDecodings(Bench bench) {
    Program program = Fixture.gpt();
    Weights weights = Fixture.weights(program, bench.seed());
    HostTensor one = Fixture.ids(new Random(1), 1, 6);
    HostTensor two = Fixture.ids(new Random(2), 1, 6);
    HostTensor truthOne = logits(Fixture.truth(program, weights, Map.of("input_ids", one)));
    HostTensor truthTwo = logits(Fixture.truth(program, weights, Map.of("input_ids", two)));
    try (Session session = Fixture.open(bench.engine(), program, weights);
        Decoding first = session.decode();
        Decoding second = session.decode()) {
      for (int i = 0; i < 6; i++) {
        HostTensor a = logits(first.next(Map.of("input_ids", columns(one, i, i + 1))));
        HostTensor b = logits(second.next(Map.of("input_ids", columns(two, i, i + 1))));
        String far =
            Fixture.far(
                Map.of("first", rows(truthOne, i, i + 1), "second", rows(truthTwo, i, i + 1)),
                Map.of("first", a, "second", b),
                CLOSE);
        if (!far.isEmpty()) {
          return "token " + i + " of two decodings in turn: " + far;
        }
      }
      return "";
    }
  }

  /** Rows repeat, change places and are left out between steps, as beams and ends want it. */
  private static String selectedRows(Bench bench) {
    Program program = Fixture.gpt();
    Weights weights = Fixture.weights(program, bench.seed());
    HostTensor ids = Fixture.ids(new Random(bench.seed()), 3, 6);
    HostTensor truth = logits(Fixture.truth(program, weights, Map.of("input_ids", ids)));
    long[][] wanted = {{2, 0, 1, 0}, {2, 0}}; // the second of the first's rows: 1 and 2 again
    long[][] meant = {{2, 0, 1, 0}, {1, 2}};
    try (Session session = Fixture.open(bench.engine(), program, weights);
        Decoding decoding = session.decode()) {
      decoding.next(Map.of("input_ids", columns(ids, 0, 4)));
      for (int i = 0; i < wanted.length; i++) {
        decoding.select(wanted[i]);
        HostTensor fresh = columns(batch(ids, meant[i]), 4 + i, 5 + i);
        HostTensor got = logits(decoding.next(Map.of("input_ids", fresh)));
        HostTensor expected = rows(batch(truth, meant[i]), 4 + i, 5 + i);
        String far = Fixture.far(Map.of("logits", expected), Map.of("logits", got), CLOSE);
        if (!far.isEmpty()) {
          return "after selection " + (i + 1) + ": " + far;
        }
      }
      return refusesRows(decoding);
    }
  }

  private static String refusesRows(Decoding decoding) {
    for (long[] rows : new long[][] {{}, {-1}, {0, 2}}) {
      try {
        decoding.select(rows);
      } catch (UsageException e) {
        continue;
      }
      return "rows " + Arrays.toString(rows) + " of a batch of 2 were selected";
    }
    return "";
  }

  /** Tokens that were tried are taken back, and others come in their place, as drafts want it. */
  private static String truncated(Bench bench) {
    Program program = Fixture.gpt();
    Weights weights = Fixture.weights(program, bench.seed());
    Random random = new Random(bench.seed());
    for (int batch = 1; batch <= 2; batch++) {
      HostTensor ids = Fixture.ids(random, batch, 9);
      HostTensor wrong = Fixture.ids(random, batch, 4);
      HostTensor truth = logits(Fixture.truth(program, weights, Map.of("input_ids", ids)));
      try (Session session = Fixture.open(bench.engine(), program, weights);
          Decoding decoding = session.decode()) {
        if (!refusesLength(decoding, 1)) {
          return "tokens were taken back before the first step";
        }
        decoding.next(Map.of("input_ids", columns(ids, 0, 5)));
        int[] kept = {5, 3, 3};
        int[] until = {7, 4, 9};
        for (int i = 0; i < kept.length; i++) {
          decoding.next(Map.of("input_ids", wrong));
          decoding.truncate(kept[i]);
          if (decoding.length() != kept[i]) {
            return "a cache of " + kept[i] + " slots says it has " + decoding.length();
          }
          HostTensor fresh = columns(ids, kept[i], until[i]);
          HostTensor got = logits(decoding.next(Map.of("input_ids", fresh)));
          HostTensor expected = rows(truth, kept[i], until[i]);
          String far = Fixture.far(Map.of("logits", expected), Map.of("logits", got), CLOSE);
          if (!far.isEmpty()) {
            return "batch " + batch + ", after " + kept[i] + " slots stayed: " + far;
          }
        }
        if (!refusesLength(decoding, 0) || !refusesLength(decoding, 10)) {
          return "a cache of 9 slots kept 0 or 10 of them";
        }
      }
    }
    return "";
  }

  private static boolean refusesLength(Decoding decoding, long length) {
    try {
      decoding.truncate(length);
      return false;
    } catch (UsageException e) {
      return true;
    }
  }

  /** Rows of axis 0. */
  private static HostTensor batch(HostTensor tensor, long... rows) {
    long[] shape = tensor.shape();
    shape[0] = rows.length;
    long width = tensor.size() / tensor.dim(0);
    HostTensor picked = HostTensor.zeros(tensor.dtype(), shape);
    for (long i = 0; i < picked.size(); i++) {
      long from = rows[(int) (i / width)] * width + i % width;
      if (tensor.dtype().isFloating()) {
        picked.set(i, tensor.getDouble(from));
      } else {
        picked.set(i, tensor.getLong(from));
      }
    }
    return picked;
  }
}
