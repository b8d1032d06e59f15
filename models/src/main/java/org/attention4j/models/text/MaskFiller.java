package org.attention4j.models.text;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.attention4j.error.UsageException;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.token.Encoding;
import org.attention4j.models.token.JsonTokenizer;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.SessionOptions;

/**
 * Guesses the tokens behind masks. {@code <mask>} and {@code [MASK]} in a text both mean the
 * model's own mask. As thread-safe as the engine's session.
 *
 * <pre>{@code
 * try (MaskFiller filler = MaskFiller.open(Path.of("roberta-base"), "onnx")) {
 *   String capital = filler.fill("The capital of France is <mask>.", 5).get(0).get(0).text();
 * }
 * }</pre>
 */
public final class MaskFiller implements AutoCloseable {

  /**
   * A guess.
   *
   * @param text of the token
   * @param sequence the whole text with it
   */
  public record Guess(long token, String text, double score, String sequence) {}

  private static final List<String> SPELLINGS = List.of("<mask>", "[MASK]");

  private final EncoderSession session;
  private final String mask;
  private final long id;

  private MaskFiller(EncoderSession session, String mask, long id) {
    this.session = session;
    this.mask = mask;
    this.id = id;
  }

  /** Opens a directory on the CPU in f32; see {@link #open(Path, Engine, SessionOptions)}. */
  public static MaskFiller open(Path directory, String engine) {
    return open(directory, Engines.get(engine), SessionOptions.defaults());
  }

  /**
   * Opens a directory.
   *
   * @throws UsageException if the model does not guess tokens, or its tokenizer has no mask
   * @throws org.attention4j.error.StorageException if a file is missing
   * @throws org.attention4j.error.FileFormatException if a file is damaged
   * @throws org.attention4j.error.EngineException if the engine cannot serve
   */
  public static MaskFiller open(Path directory, Engine engine, SessionOptions options) {
    return EncoderSession.open(
        directory, Task.MASKED_LM, engine, options, session -> on(directory, session));
  }

  private static MaskFiller on(Path directory, EncoderSession session) {
    JsonTokenizer tokenizer = session.tokenizer();
    String role = session.specials().token("mask_token").orElse("<mask>");
    long id =
        tokenizer
            .special(role)
            .orElseThrow(
                () -> new UsageException("the tokenizer of " + directory + " has no mask"));
    return new MaskFiller(session, tokenizer.label(id), id);
  }

  /**
   * The likeliest tokens of each mask, in the order of the masks.
   *
   * @param top how many for each
   * @throws UsageException if the text has no mask, or is longer than the model reads
   */
  public List<List<Guess>> fill(String text, int top) {
    if (top < 1) {
      throw new UsageException("at least 1 guess is asked for, not " + top);
    }
    String masked = text;
    for (String spelling : SPELLINGS) {
      masked = masked.replace(spelling, mask);
    }
    Encoding encoding = session.encode(TextPair.of(masked));
    if (encoding.truncated()) {
      throw new UsageException(
          "the text has more than the " + encoding.ids().size() + " tokens that the model reads");
    }
    if (!encoding.ids().contains(id)) {
      throw new UsageException("the text has no mask; write " + mask + " where a word is missing");
    }
    List<List<Guess>> guesses = new ArrayList<>();
    session.runTokens(
        List.of(encoding),
        1,
        List.of("logits"),
        (i, tokens, row) -> guesses.addAll(guesses(tokens, row, top)));
    return guesses;
  }

  /** [time, vocabulary] to guesses. */
  private List<List<Guess>> guesses(Encoding encoding, float[] logits, int top) {
    List<List<Guess>> guesses = new ArrayList<>();
    int size = logits.length / encoding.ids().size();
    for (int i = 0; i < encoding.ids().size(); i++) {
      if (encoding.ids().get(i) == id) {
        int place = i;
        double[] p = Probabilities.softmax(Arrays.copyOfRange(logits, i * size, (i + 1) * size));
        guesses.add(
            Probabilities.order(p, top).stream()
                .map(token -> guess(encoding, place, token, p[token]))
                .toList());
      }
    }
    return guesses;
  }

  private Guess guess(Encoding encoding, int place, long token, double score) {
    JsonTokenizer tokenizer = session.tokenizer();
    if (token >= tokenizer.size()) { // tables are often padded to a round size
      return new Guess(token, "", score, "");
    }
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < encoding.ids().size(); i++) {
      if (!encoding.special().get(i)) {
        ids.add(i == place ? token : encoding.ids().get(i));
      }
    }
    long[] whole = ids.stream().mapToLong(i -> i).toArray();
    return new Guess(
        token, tokenizer.decodeWithSpecials(token), score, tokenizer.decodeWithSpecials(whole));
  }

  /** How the model writes a mask. */
  public String mask() {
    return mask;
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
