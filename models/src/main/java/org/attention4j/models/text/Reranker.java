package org.attention4j.models.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import org.attention4j.error.UsageException;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.SessionOptions;

/**
 * Orders documents by how well they answer a query, with a cross-encoder, as sentence-transformers
 * does: a score is the sigmoid of the one logit, unless {@code config.json} names another function.
 * As thread-safe as the engine's session.
 *
 * <pre>{@code
 * try (Reranker reranker = Reranker.open(Path.of("bge-reranker-v2-m3"), "djl")) {
 *   Reranker.Ranked best = reranker.rank("Who sleeps?", documents).get(0);
 * }
 * }</pre>
 */
public final class Reranker implements AutoCloseable {
  private final EncoderSession session;
  private final boolean sigmoid;

  /**
   * A document in its place.
   *
   * @param index among the documents that were given
   */
  public record Ranked(int index, double score, String document) {}

  private Reranker(EncoderSession session, boolean sigmoid) {
    this.session = session;
    this.sigmoid = sigmoid;
  }

  /** Opens a directory on the CPU in f32; see {@link #open(Path, Engine, SessionOptions)}. */
  public static Reranker open(Path directory, String engine) {
    return open(directory, Engines.get(engine), SessionOptions.defaults());
  }

  /**
   * Opens a directory.
   *
   * @throws UsageException if the model does not classify texts, or has more than one label
   * @throws org.attention4j.error.StorageException if a file is missing
   * @throws org.attention4j.error.FileFormatException if a file is damaged
   * @throws org.attention4j.error.EngineException if the engine cannot serve
   */
  public static Reranker open(Path directory, Engine engine, SessionOptions options) {
    return EncoderSession.open(
        directory,
        Task.SEQUENCE_CLASSIFICATION,
        engine,
        options,
        session -> on(directory, session));
  }

  private static Reranker on(Path directory, EncoderSession session) {
    int labels = session.config().count("id2label", 2);
    if (labels != 1) {
      throw new UsageException(
          directory + " tells " + labels + " labels apart; a reranker has one, the score");
    }
    return new Reranker(session, usesSigmoid(directory, session.config().json()));
  }

  /** As newer and older directories write it; without either the sigmoid. */
  private static boolean usesSigmoid(Path directory, ObjectNode config) {
    JsonNode newer = config.path("sentence_transformers").path("activation_fn");
    String name =
        newer.isTextual()
            ? newer.textValue()
            : config.path("sbert_ce_default_activation_function").asText("Sigmoid");
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "Sigmoid" -> true;
      case "Identity" -> false;
      default ->
          throw new UsageException(
              directory + ": scores through " + name + "; only Sigmoid and Identity are served");
    };
  }

  /** The documents, the best first. */
  public List<Ranked> rank(String query, List<String> documents) {
    return rank(query, documents, EncoderSession.BATCH);
  }

  /**
   * The documents, the best first.
   *
   * @param batch documents at a time, at most
   */
  public List<Ranked> rank(String query, List<String> documents, int batch) {
    double[] scores =
        score(documents.stream().map(text -> TextPair.of(query, text)).toList(), batch);
    return Probabilities.order(scores, scores.length).stream()
        .map(index -> new Ranked(index, scores[index], documents.get(index)))
        .toList();
  }

  /** The scores of pairs of a query and a document, in their order. */
  public double[] score(List<TextPair> pairs, int batch) {
    double[] scores = new double[pairs.size()];
    session.run(
        pairs,
        batch,
        "logits",
        (index, tokens, row) -> scores[index] = sigmoid ? Probabilities.sigmoid(row[0]) : row[0]);
    return scores;
  }

  /** How many pairs were cut so far because they were too long. */
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
