package org.attention4j.models.text;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.attention4j.error.UsageException;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.token.JsonTokenizer;
import org.attention4j.models.token.PairEncoding;
import org.attention4j.models.token.Tokenizers;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.SessionOptions;

/**
 * Finds the answer to a question in a text. Scores are what transformers' pipeline gives: the
 * probability of the first token times that of the last one, within the text; answers of the same
 * letters add up. A text that is too long is read in passages that overlap. As thread-safe as the
 * engine's session.
 *
 * <pre>{@code
 * try (QuestionAnswerer answerer = QuestionAnswerer.open(directory, "onnx")) {
 *   String answer = answerer.answer("Where do I live?", "My name is Ada, I live in Rome.").text();
 * }
 * }</pre>
 */
public final class QuestionAnswerer implements AutoCloseable {
  private static final List<String> OUTPUTS = List.of("start_logits", "end_logits");

  /**
   * A part of the text.
   *
   * @param text empty where the text holds no answer
   * @param score from 0 to 1; more where several passages agree
   * @param start its first code point
   * @param end the code point behind it
   */
  public record Answer(String text, double score, int start, int end) {}

  /**
   * What to look for.
   *
   * @param top how many answers at most
   * @param longest tokens of an answer at most
   * @param none whether "there is none" is an answer, too: an empty one
   * @param batch passages at a time, at most
   */
  public record Search(int top, int longest, boolean none, int batch) {
    public Search {
      if (top < 1 || longest < 1 || batch < 1) {
        throw new UsageException(
            "at least 1 answer of 1 token is wanted, from 1 passage at a time, not %d of %d from %d"
                .formatted(top, longest, batch));
      }
    }

    /** One answer of up to 15 tokens, as in transformers' pipeline. */
    public static Search usual() {
      return new Search(1, 15, false, EncoderSession.BATCH);
    }

    /** That many answers. */
    public Search top(int count) {
      return new Search(count, longest, none, batch);
    }
  }

  private final EncoderSession session;
  private final JsonTokenizer tokenizer;
  private final int limit;
  private final OptionalLong first;

  private QuestionAnswerer(
      EncoderSession session, JsonTokenizer tokenizer, int limit, OptionalLong first) {
    this.session = session;
    this.tokenizer = tokenizer;
    this.limit = limit;
    this.first = first;
  }

  /** Opens a directory on the CPU in f32; see {@link #open(Path, Engine, SessionOptions)}. */
  public static QuestionAnswerer open(Path directory, String engine) {
    return open(directory, Engines.get(engine), SessionOptions.defaults());
  }

  /**
   * Opens a directory.
   *
   * @throws UsageException if the model does not answer questions
   * @throws org.attention4j.error.StorageException if a file is missing
   * @throws org.attention4j.error.FileFormatException if a file is damaged
   * @throws org.attention4j.error.EngineException if the engine cannot serve
   */
  public static QuestionAnswerer open(Path directory, Engine engine, SessionOptions options) {
    return EncoderSession.open(
        directory, Task.QUESTION_ANSWERING, engine, options, session -> on(directory, session));
  }

  /**
   * The same for a checkpoint that is open, with the tokenizer of its directory.
   *
   * @throws UsageException if the model does not answer questions
   */
  public static QuestionAnswerer open(
      Checkpoint checkpoint, Engine engine, SessionOptions options) {
    Task task = checkpoint.model().task();
    if (task != Task.QUESTION_ANSWERING) {
      throw new UsageException(
          checkpoint.path() + ": a model for " + task.label() + " does not answer questions");
    }
    return EncoderSession.open(
        checkpoint, engine, options, session -> on(checkpoint.path(), session));
  }

  private static QuestionAnswerer on(Path directory, EncoderSession session) {
    JsonTokenizer whole = Tokenizers.subwords(directory);
    int limit = Math.min(Passages.USUAL, session.limit());
    return new QuestionAnswerer(session, whole, limit, classToken(session));
  }

  /** The token that may stand for "no answer", and shares the probability. */
  private static OptionalLong classToken(EncoderSession session) {
    Optional<String> named = session.specials().token("cls_token");
    if (named.isPresent()) {
      return session.tokenizer().special(named.get());
    }
    return session.specials().tokens().isEmpty()
        ? session.tokenizer().special("[CLS]")
        : OptionalLong.empty();
  }

  /**
   * The best answer.
   *
   * @throws UsageException see {@link #answers}
   */
  public Answer answer(String question, String text) {
    return answers(question, text, Search.usual()).get(0);
  }

  /**
   * The best answers, the best first; at least one.
   *
   * @throws UsageException if the question or the text is blank, or the question too long
   */
  public List<Answer> answers(String question, String text, Search search) {
    if (question.isBlank() || text.isBlank()) {
      throw new UsageException((question.isBlank() ? "the question" : "the context") + " is empty");
    }
    List<PairEncoding> passages = Passages.cut(tokenizer.pair(question, text), limit);
    Spans[] spans = new Spans[passages.size()];
    session.runTokens(
        passages.stream().map(PairEncoding::tokens).toList(),
        search.batch,
        OUTPUTS,
        (i, tokens, row) -> {
          float[] starts = Arrays.copyOfRange(row, 0, row.length / 2);
          float[] ends = Arrays.copyOfRange(row, row.length / 2, row.length);
          spans[i] = Spans.of(passages.get(i), starts, ends, first);
        });
    List<Answer> answers = new ArrayList<>();
    for (Spans passage : spans) {
      for (Spans.Scored span : passage.best(2 * search.top + 10, search.longest)) {
        add(answers, text, span);
      }
    }
    if (search.none || answers.isEmpty()) {
      double none = Arrays.stream(spans).mapToDouble(Spans::none).min().orElse(0);
      answers.add(new Answer("", none, 0, 0));
    }
    return answers.stream()
        .sorted(Comparator.comparingDouble(answer -> -answer.score()))
        .limit(search.top)
        .toList();
  }

  /** Spans in different passages, or within the same words, may be one answer. */
  private static void add(List<Answer> answers, String text, Spans.Scored span) {
    int from = text.offsetByCodePoints(0, span.start());
    String part = text.substring(from, text.offsetByCodePoints(from, span.end() - span.start()));
    for (int i = 0; i < answers.size(); i++) {
      Answer same = answers.get(i);
      if (same.text().equalsIgnoreCase(part)) {
        double sum = same.score() + span.score();
        answers.set(i, new Answer(same.text(), sum, same.start(), same.end()));
        return;
      }
    }
    answers.add(new Answer(part, span.score(), span.start(), span.end()));
  }

  /** What computes. */
  public String description() {
    return session.description();
  }

  @Override
  public void close() {
    session.close();
    tokenizer.close();
  }
}
