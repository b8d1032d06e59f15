package org.attention4j.generate;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import org.attention4j.generate.Ending.WhenFull;
import org.attention4j.generate.Generation.Drafted;
import org.attention4j.generate.Generation.End;
import org.jspecify.annotations.Nullable;

/** A text that is drawn token by token with random numbers of its own, and why it ended. */
final class DrawnText {
  private final int number;
  private final GenerationOptions options;
  private final Constrainer constrainer;
  private final TokenListener listener;
  private final TokenSampler sampler;
  private final int prompt;
  private long[] tokens;
  private double logProbability; // of all that was drawn
  private @Nullable End end;

  /**
   * A text with nothing drawn yet.
   *
   * @param number is added to the seed
   */
  DrawnText(int number, long[] prompt, GenerationOptions options, TokenListener listener) {
    this.number = number;
    this.options = options;
    this.constrainer = new Constrainer(options.constraints(), options.ending().stopTokens());
    this.listener = listener;
    Sampling sampling = options.sampling();
    this.sampler = new TokenSampler(sampling.withSeed(sampling.seed() + number));
    this.prompt = prompt.length;
    this.tokens = prompt;
  }

  /** Prompt and new tokens; not to be changed. */
  long[] tokens() {
    return tokens;
  }

  boolean ended() {
    return end != null;
  }

  TokenSampler sampler() {
    return sampler;
  }

  /** New tokens at most from here. */
  int room() {
    return options.ending().limit(prompt) - (tokens.length - prompt);
  }

  /** Applies the rules on the next token to its logits, in place. */
  void constrain(double[] logits) {
    constrainer.apply(logits, tokens, prompt, options.ending().limit(prompt));
  }

  /** Draws the next token from logits, which are changed. */
  void draw(double[] logits) {
    constrain(logits);
    append(sampler.next(logits), logits);
  }

  /**
   * One more token.
   *
   * @param scores that it was drawn from
   */
  void append(int token, double[] scores) {
    if (options.scored()) {
      logProbability += sampler.logProbability(scores, token);
    }
    int before = tokens.length;
    tokens = Arrays.copyOf(tokens, before + 1);
    tokens[before] = token;
    end = end(token, before);
  }

  private @Nullable End end(int token, int before) {
    Ending ending = options.ending();
    if (!listener.drawn(number, token)) {
      return End.LISTENER;
    }
    if (ending.stopTokens().contains((long) token)) {
      return End.STOP_TOKEN;
    }
    if (ending.rule().ends(tokens, prompt)) {
      return End.STOP_RULE;
    }
    Language language = options.constraints().language();
    if (language != null && language.isOver(tokens, prompt, room())) {
      return End.WHOLE;
    }
    if (before >= ending.context() && ending.whenFull() == WhenFull.STOP) {
      return End.CONTEXT;
    }
    return before + 1 - prompt >= ending.maxNewTokens() ? End.LENGTH : null;
  }

  /**
   * The text as it is.
   *
   * @param drafted what a draft had to do with it; null without one
   */
  Generation told(@Nullable Drafted drafted) {
    List<Long> all = Arrays.stream(tokens).boxed().toList();
    int drawn = tokens.length - prompt;
    return new Generation(
        all.subList(0, prompt),
        all.subList(prompt, all.size()),
        end == null ? End.LENGTH : end,
        options.scored() && drawn > 0
            ? OptionalDouble.of(logProbability / drawn)
            : OptionalDouble.empty(),
        drafted);
  }
}
