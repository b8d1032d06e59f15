package org.attention4j.models.text;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.attention4j.error.UsageException;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.token.Encoding;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.SessionOptions;

/**
 * Finds what a model names in texts: people, places, parts of speech. Classes are those of the
 * tokens; neighbours of one class are told as one, as transformers' pipeline does it with its
 * strategy "simple": {@code B-} begins another one, {@code O} is left out. As thread-safe as the
 * engine's session.
 *
 * <pre>{@code
 * try (TokenClassifier classifier = TokenClassifier.open(directory, "djl")) {
 *   List<TokenClassifier.Entity> found = classifier.find(List.of("Ada lives in London.")).get(0);
 * }
 * }</pre>
 */
public final class TokenClassifier implements AutoCloseable {
  private static final String OUTSIDE = "O";

  /**
   * What was found.
   *
   * @param label without {@code B-} and {@code I-}
   * @param text as it stands there
   * @param start its first code point
   * @param end the code point behind it
   * @param score mean of the tokens' probabilities
   */
  public record Entity(String label, String text, int start, int end, double score) {}

  private final EncoderSession session;
  private final List<String> labels;

  private TokenClassifier(EncoderSession session, List<String> labels) {
    this.session = session;
    this.labels = labels;
  }

  /** Opens a directory on the CPU in f32; see {@link #open(Path, Engine, SessionOptions)}. */
  public static TokenClassifier open(Path directory, String engine) {
    return open(directory, Engines.get(engine), SessionOptions.defaults());
  }

  /**
   * Opens a directory.
   *
   * @throws UsageException if the model does not classify tokens
   * @throws org.attention4j.error.StorageException if a file is missing
   * @throws org.attention4j.error.FileFormatException if a file is damaged
   * @throws org.attention4j.error.EngineException if the engine cannot serve
   */
  public static TokenClassifier open(Path directory, Engine engine, SessionOptions options) {
    return EncoderSession.open(
        directory,
        Task.TOKEN_CLASSIFICATION,
        engine,
        options,
        session -> new TokenClassifier(session, Labels.read(session.config())));
  }

  /** What is in each text, in its order. */
  public List<List<Entity>> find(List<String> texts) {
    return find(texts, EncoderSession.BATCH);
  }

  /**
   * What is in each text, in its order.
   *
   * @param batch texts at a time, at most
   * @throws UsageException if a text has no token, or the batch is below 1
   */
  public List<List<Entity>> find(List<String> texts, int batch) {
    List<List<Entity>> results =
        new ArrayList<>(texts.stream().map(t -> List.<Entity>of()).toList());
    session.run(
        texts.stream().map(TextPair::of).toList(),
        batch,
        "logits",
        (i, tokens, row) -> results.set(i, entities(texts.get(i), tokens(tokens, row))));
    return results;
  }

  /** One token: its class, its score, and where it stands. */
  private record Token(String label, double score, Encoding.Span span) {
    boolean begins() {
      return label.startsWith("B-");
    }

    String kind() {
      return begins() || label.startsWith("I-") ? label.substring(2) : label;
    }
  }

  /** [time, labels] to the tokens that are in the text. */
  private List<Token> tokens(Encoding encoding, float[] logits) {
    List<Token> tokens = new ArrayList<>();
    int count = labels.size();
    for (int i = 0; i < encoding.ids().size(); i++) {
      if (!encoding.special().get(i)) {
        double[] p = Probabilities.softmax(Arrays.copyOfRange(logits, i * count, (i + 1) * count));
        int best = Probabilities.order(p, 1).get(0);
        tokens.add(new Token(labels.get(best), p[best], encoding.offsets().get(i)));
      }
    }
    return tokens;
  }

  private static List<Entity> entities(String text, List<Token> tokens) {
    List<Entity> found = new ArrayList<>();
    int from = 0;
    while (from < tokens.size()) {
      int to = from + 1;
      while (to < tokens.size()
          && tokens.get(to).kind().equals(tokens.get(to - 1).kind())
          && !tokens.get(to).begins()) {
        to++;
      }
      if (!tokens.get(from).label().equals(OUTSIDE)) {
        found.add(entity(text, tokens.subList(from, to)));
      }
      from = to;
    }
    return found;
  }

  private static Entity entity(String text, List<Token> tokens) {
    int start = tokens.get(0).span().start();
    int end = tokens.get(tokens.size() - 1).span().end();
    double score = tokens.stream().mapToDouble(Token::score).average().orElse(0);
    int first = text.offsetByCodePoints(0, start);
    String part = text.substring(first, text.offsetByCodePoints(first, end - start));
    return new Entity(tokens.get(0).kind(), part, start, end, score);
  }

  /** The classes of tokens, by number. */
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
