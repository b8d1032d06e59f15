package org.attention4j.models.report;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.attention4j.error.EngineException;
import org.attention4j.models.run.Evaluation;
import org.attention4j.models.run.Quickstart;
import org.attention4j.models.run.WordVectors;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.HostTensor;

/** The page that a quick start leaves. */
public final class QuickstartReport {
  private static final String SENTENCE = "la niña acaricia a ese gato .";
  private static final List<String> STYLES = List.of("first", "second", "third", "fourth");

  private final Quickstart.Result result;
  private final HtmlPage page = new HtmlPage("attention4j: quick start", "en");

  /** About one run. */
  public QuickstartReport(Quickstart.Result result) {
    this.result = result;
  }

  /**
   * Writes the page.
   *
   * @throws org.attention4j.error.StorageException if it cannot be written
   */
  public void write(Path file) {
    page.lead(
        "One transformer, defined once in Java: trained on PyTorch, exported to ONNX, run on every"
            + " engine of this machine, and compared with plain Java in float64.");
    training();
    parity();
    text();
    WordVectors vectors = result.vectors();
    if (vectors != null) {
      words(vectors);
      attention(vectors);
    }
    page.write(file);
  }

  private static String format(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }

  private void training() {
    List<Evaluation> curve = result.training().curve();
    List<Double> steps = curve.stream().map(e -> (double) e.step()).toList();
    page.heading("Training")
        .figure(
            LineChart.of(
                "Loss over steps",
                "steps",
                "loss, nats",
                List.of(
                    new LineChart.Curve(
                        "training",
                        "first",
                        steps,
                        curve.stream().map(Evaluation::training).toList()),
                    new LineChart.Curve(
                        "validation",
                        "second",
                        steps,
                        curve.stream().map(Evaluation::validation).toList()))),
            format(
                "Cross-entropy in nats per character. %,d parameters, %.1f ms a step, %,.0f"
                    + " characters a second; whole validation part: %.3f.",
                result.training().weights().parameterCount(),
                result.training().millisecondsPerStep(),
                result.training().tokensPerSecond(),
                result.training().wholeValidation()));
  }

  private void parity() {
    List<List<String>> rows = new ArrayList<>();
    for (Quickstart.Row row : result.rows()) {
      rows.add(
          List.of(
              row.engine() + " (" + row.description() + ")",
              format("%.1e", row.difference()),
              row.difference() <= Quickstart.TOLERANCE ? "pass" : "FAIL"));
    }
    rows.add(
        List.of(
            "the ONNX file, in " + result.export().target(),
            format("%.1e", result.export().worst()),
            result.export().passed() ? "pass" : "FAIL"));
    page.heading("All engines compute the same")
        .paragraph(
            format(
                "Largest difference of any logit from the reference engine in float64, over several"
                    + " batch and time sizes; at most %.0e passes.",
                Quickstart.TOLERANCE))
        .table(List.of("engine", "difference", ""), rows);
    result
        .unavailable()
        .forEach((name, reason) -> page.paragraph(name + " cannot run here: " + reason));
  }

  private void text() {
    page.heading("Greedy text")
        .paragraph(
            result.textsAgree()
                ? "Every engine continues the prompt with the same characters:"
                : "The engines do NOT agree:");
    if (result.textsAgree()) {
      page.preformatted(result.settings().prompt() + result.rows().get(0).continuation());
    } else {
      for (Quickstart.Row row : result.rows()) {
        page.preformatted(row.engine() + ": " + row.continuation());
      }
    }
  }

  private void words(WordVectors vectors) {
    List<List<String>> rows = new ArrayList<>();
    vectors
        .after()
        .forEach(
            (pair, cosine) ->
                rows.add(
                    List.of(
                        pair,
                        format("%.2f", vectors.before().getOrDefault(pair, Double.NaN)),
                        format("%.2f", cosine))));
    page.heading("Meaning from prediction alone")
        .paragraph(
            "A second small GPT learned to predict words. Words that stand in the same places got"
                + " vectors that point the same way; nobody told it which are alike.")
        .table(List.of("cosine", "before training", "after"), rows);
    List<ScatterPlot.Point> points = new ArrayList<>();
    Map<String, List<String>> groups = new TreeMap<>(WordVectors.GROUPS);
    List<String> all = groups.values().stream().flatMap(List::stream).toList();
    double[][] places = vectors.embeddings().project(all);
    int group = 0;
    int index = 0;
    for (List<String> words : groups.values()) {
      for (String word : words) {
        points.add(
            new ScatterPlot.Point(word, STYLES.get(group), places[index][0], places[index][1]));
        index++;
      }
      group++;
    }
    page.figure(
        ScatterPlot.of("Word vectors", points),
        "The vectors of "
            + String.join(", ", groups.keySet())
            + " on the two axes along which they differ most.");
  }

  private void attention(WordVectors vectors) {
    Tokenizer tokenizer = vectors.plan().tokenizer();
    long[] ids = tokenizer.encode(SENTENCE);
    SessionOptions options = SessionOptions.defaults().observing(path -> path.endsWith(".weights"));
    List<String> labels = new ArrayList<>();
    for (long id : ids) {
      labels.add(tokenizer.label(id));
    }
    Program program = Program.of(vectors.plan().model());
    List<String> maps = new ArrayList<>();
    List<String> captions = new ArrayList<>();
    try (Session session = Engines.get("reference").open(program, vectors.weights(), options)) {
      Map<String, HostTensor> outputs =
          session.run(Map.of("input_ids", HostTensor.of(ids, 1, ids.length)));
      for (int layer = 0; layer < 2; layer++) {
        String name = "observed.transformer.h." + layer + ".attn.weights";
        HostTensor weights = outputs.get(name);
        if (weights == null) {
          throw new EngineException("the session gave no output " + name);
        }
        for (int head = 0; head < 2; head++) {
          String title = "layer " + layer + ", head " + head;
          maps.add(HeatMap.of(title, labels, head(weights, head)));
          captions.add(title);
        }
      }
    }
    page.heading("Where it looks")
        .paragraph(
            "Attention of the word model over one sentence: each row shows how much a word looks at"
                + " itself and the words before it; the stronger the colour, the more.")
        .figures(maps, captions);
  }

  /** One head of weights [1, heads, queries, keys]. */
  private static double[][] head(HostTensor weights, int head) {
    int time = (int) weights.dim(2);
    double[][] map = new double[time][time];
    for (int i = 0; i < time; i++) {
      for (int j = 0; j < time; j++) {
        map[i][j] = weights.getDouble(((long) head * time + i) * time + j);
      }
    }
    return map;
  }
}
