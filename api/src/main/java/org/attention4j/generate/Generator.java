package org.attention4j.generate;

import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;
import org.attention4j.error.ShapeException;
import org.attention4j.error.UsageException;
import org.attention4j.generate.Steps.Feed;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Continues texts token by token on a session, which stays open and is not owned. Several
 * generations may run at once if the session is thread-safe.
 *
 * <p>Texts of a batch do not influence each other: each is what it would be alone, with its own
 * seed.
 */
public final class Generator {
  private final Session session;
  private final Feed feed;
  private final Map<String, HostTensor> source;
  private final @Nullable Drafts drafts;

  private Generator(
      Session session, Feed feed, Map<String, HostTensor> source, @Nullable Drafts drafts) {
    this.session = session;
    this.feed = feed;
    this.source = Map.copyOf(source);
    this.drafts = drafts;
  }

  /**
   * For a decoder: tokens go to {@code input_ids} [batch, time]. If the session reads {@code
   * attention_mask} [batch, past+time] and {@code position_ids} [batch, time], it gets them.
   */
  public static Generator decoder(Session session) {
    return new Generator(session, Feed.DECODER, Map.of(), null);
  }

  /**
   * For an encoder-decoder: tokens go to {@code decoder_input_ids} [batch, time].
   *
   * @param source the encoder's inputs, one row for each prompt: {@code input_ids}, perhaps a mask
   */
  public static Generator translator(Session session, Map<String, HostTensor> source) {
    return new Generator(session, Feed.ENCODER_DECODER, source, null);
  }

  /**
   * The same generator with a draft: several tokens are guessed and checked in one pass. The
   * session must tell the logits of all tokens, not of the last one only. The texts of a batch come
   * one after the other; drawn texts are others than without a draft, with the same probabilities.
   */
  public Generator drafting(Drafts with) {
    return new Generator(session, feed, source, with);
  }

  /**
   * A decoder with the inputs that prompts of different lengths need. Shorter ones are padded on
   * the left; a model whose positions are slots would count the padding in without {@code
   * position_ids}.
   */
  public static Program batched(Program program) {
    return program
        .with(Feed.DECODER.mask(), TensorType.i64("batch", "past+time"))
        .with(Feed.DECODER.positions(), TensorType.i64("batch", "time"));
  }

  /**
   * The same program with {@code logits} [batch, 1, vocabulary] of the last token only, which is
   * what generation reads: the last layer and the head compute nothing for the other tokens of a
   * prompt.
   */
  public static Program lastLogits(Program program) {
    return new Program(new LastLogits(program.model()), program.inputs());
  }

  /** The best or only text after a prompt. */
  public Generation generate(long[] prompt, GenerationOptions options) {
    return generateAll(List.of(prompt), options).get(0);
  }

  /**
   * The text after a prompt, told as it is drawn.
   *
   * @param listener called with each token; false ends the generation
   */
  public Generation generate(long[] prompt, GenerationOptions options, LongPredicate listener) {
    return generateAll(List.of(prompt), options, (sequence, token) -> listener.test(token)).get(0);
  }

  /** The texts after prompts: those of the first prompt come first, the best before others. */
  public List<Generation> generateAll(List<long[]> prompts, GenerationOptions options) {
    if (options.beams().count() == 1 || drafts != null) {
      return draw(prompts, options, (sequence, token) -> true);
    }
    check(prompts, options);
    try (Steps steps = new Steps(session, feed, source, options)) {
      return new BeamSearch(options).run(prompts, steps);
    }
  }

  /**
   * The texts after prompts, told as they are drawn. Text {@code i} is drawn with the seed plus
   * {@code i}.
   *
   * @param prompts at least one token each
   * @throws UsageException if a prompt is empty, or longer than a context that does not slide; if
   *     prompts differ in length and the session reads no mask; with beams, which are known only at
   *     the end
   */
  public List<Generation> generateAll(
      List<long[]> prompts, GenerationOptions options, TokenListener listener) {
    if (options.beams().count() > 1) {
      throw new UsageException("beams cannot be told token by token: the best is known at the end");
    }
    return draw(prompts, options, listener);
  }

  private List<Generation> draw(
      List<long[]> prompts, GenerationOptions options, TokenListener listener) {
    check(prompts, options);
    if (drafts != null) {
      return new Speculation(session, feed, drafts, options, listener).run(prompts, source);
    }
    try (Steps steps = new Steps(session, feed, source, options)) {
      return new Draws(options, listener).run(prompts, steps);
    }
  }

  private void check(List<long[]> prompts, GenerationOptions options) {
    if (prompts.isEmpty()) {
      throw new UsageException("generation needs at least one prompt");
    }
    prompts.forEach(options.ending()::check);
    source.forEach(
        (name, tensor) -> {
          if (tensor.rank() == 0 || tensor.dim(0) != prompts.size()) {
            throw new ShapeException(
                "input '"
                    + name
                    + "' needs a row for each of the "
                    + prompts.size()
                    + " prompts, got "
                    + tensor);
          }
        });
  }
}
