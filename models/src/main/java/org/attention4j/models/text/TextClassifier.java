package org.attention4j.models.text;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.attention4j.error.UsageException;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.SessionOptions;

/**
 * Tells which class a text, or a pair of texts, belongs to. Scores are what transformers' pipeline
 * gives: the softmax of the logits; the sigmoid of each if {@code problem_type} says that several
 * may hold, or there is one label; the logits themselves for a regression. As thread-safe as the
 * engine's session.
 *
 * <pre>{@code
 * try (TextClassifier classifier = TextClassifier.open(directory, "onnx")) {
 *   String label = classifier.classify(List.of("What a film!")).get(0).get(0).label();
 * }
 * }</pre>
 */
public final class TextClassifier implements AutoCloseable {

  /** A class and its score. */
  public record Scored(String label, double score) {}

  private enum Function {
    SOFTMAX,
    SIGMOID,
    NONE
  }

  private final EncoderSession session;
  private final List<String> labels;
  private final Function function;

  private TextClassifier(EncoderSession session, List<String> labels, Function function) {
    this.session = session;
    this.labels = labels;
    this.function = function;
  }

  /** Opens a directory on the CPU in f32; see {@link #open(Path, Engine, SessionOptions)}. */
  public static TextClassifier open(Path directory, String engine) {
    return open(directory, Engines.get(engine), SessionOptions.defaults());
  }

  /**
   * Opens a directory.
   *
   * @throws UsageException if the model does not classify texts
   * @throws org.attention4j.error.StorageException if a file is missing
   * @throws org.attention4j.error.FileFormatException if a file is damaged
   * @throws org.attention4j.error.EngineException if the engine cannot serve
   */
  public static TextClassifier open(Path directory, Engine engine, SessionOptions options) {
    return EncoderSession.open(
        directory, Task.SEQUENCE_CLASSIFICATION, engine, options, TextClassifier::of);
  }

  private static TextClassifier of(EncoderSession session) {
    List<String> labels = Labels.read(session.config());
    return new TextClassifier(session, labels, function(session.config(), labels.size()));
  }

  private static Function function(Config config, int labels) {
    String usual = labels == 1 ? "multi_label_classification" : "single_label_classification";
    String type = config.text("problem_type", usual);
    return switch (type) {
      case "regression" -> Function.NONE;
      case "multi_label_classification" -> Function.SIGMOID;
      case "single_label_classification" -> labels == 1 ? Function.SIGMOID : Function.SOFTMAX;
      default ->
          throw config.wrong(
              "problem_type",
              "regression, single_label_classification or multi_label_classification",
              type);
    };
  }

  /** All classes of each text, the likeliest first. */
  public List<List<Scored>> classify(List<String> texts) {
    return classifyPairs(texts.stream().map(TextPair::of).toList(), EncoderSession.BATCH);
  }

  /**
   * All classes of each text or pair, the likeliest first.
   *
   * @param batch texts at a time, at most
   * @throws UsageException if a text has no token, or the batch is below 1
   */
  public List<List<Scored>> classifyPairs(List<TextPair> texts, int batch) {
    List<List<Scored>> results =
        new ArrayList<>(texts.stream().map(t -> List.<Scored>of()).toList());
    session.run(texts, batch, "logits", (i, tokens, row) -> results.set(i, scored(row)));
    return results;
  }

  private List<Scored> scored(float[] logits) {
    double[] scores =
        switch (function) {
          case SOFTMAX -> Probabilities.softmax(logits);
          case SIGMOID -> doubles(logits, true);
          case NONE -> doubles(logits, false);
        };
    return Probabilities.order(scores, scores.length).stream()
        .map(i -> new Scored(labels.get(i), scores[i]))
        .toList();
  }

  private static double[] doubles(float[] logits, boolean sigmoid) {
    double[] scores = new double[logits.length];
    Arrays.setAll(scores, i -> sigmoid ? Probabilities.sigmoid(logits[i]) : logits[i]);
    return scores;
  }

  /** The classes, by number. */
  public List<String> labels() {
    return labels;
  }

  /** How many texts were cut so far because they were too long. */
  public long truncated() {
    return session.truncated();
  }

  /** What computes. */
  public String description() {
    return session.description();
  }

  @Override
  public void close() {
    session.close();
  }
}
