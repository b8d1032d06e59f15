package org.attention4j.generate;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.error.UsageException;
import org.attention4j.generate.Steps.Feed;
import org.attention4j.spi.Session;
import org.attention4j.tensor.HostTensor;
import org.jspecify.annotations.Nullable;

/**
 * Where guesses at the next tokens come from, which the model then checks in one pass (speculative
 * decoding: Leviathan et al. 2023, Chen et al. 2023). The guesses change how fast a text comes, not
 * what it says: greedy texts are the same, and drawn ones have the same probabilities. Thread-safe
 * if the draft's session is.
 */
public final class Drafts {
  private final int tokens;
  private final int longest;
  private final @Nullable Session session;
  private final int context;

  private Drafts(int tokens, int longest, @Nullable Session session, int context) {
    if (tokens < 1) {
      throw new UsageException("a draft has at least 1 token, not " + tokens);
    }
    this.tokens = tokens;
    this.longest = longest;
    this.session = session;
    this.context = context;
  }

  /**
   * Guesses of a smaller model of the same vocabulary, drawn as the text is: with its temperature,
   * cuts and rules.
   *
   * @param session of the smaller model, which stays open and is not owned; {@link
   *     Generator#lastLogits} is enough
   * @param context longest sequence that it takes
   * @param tokens guessed at a time
   */
  public static Drafts model(Session session, int context, int tokens) {
    if (context < 1) {
      throw new UsageException("the context is at least 1 token, not " + context);
    }
    return new Drafts(tokens, 0, session, context);
  }

  /**
   * Guesses from the text itself, without a model: what followed the latest place with the same
   * last tokens (prompt lookup, Saxena 2023). Good where texts repeat their prompts, such as
   * summaries and changes of code.
   *
   * @param longest tokens that are compared at most; fewer are tried next
   * @param tokens guessed at a time
   */
  public static Drafts lookup(int longest, int tokens) {
    if (longest < 1) {
      throw new UsageException("a lookup compares at least 1 token, not " + longest);
    }
    return new Drafts(tokens, longest, null, 0);
  }

  /** Tokens guessed at a time. */
  public int tokens() {
    return tokens;
  }

  /**
   * Guesses for one text.
   *
   * @param source inputs of an encoder, one row
   * @param number is added to the seed
   */
  Drafter begin(Feed feed, Map<String, HostTensor> source, GenerationOptions options, int number) {
    if (session == null) {
      return new LookupDrafter(longest);
    }
    Ending ending = options.ending();
    GenerationOptions own =
        options.ending(
            new Ending(
                ending.maxNewTokens(),
                ending.stopTokens(),
                ending.rule(),
                context,
                Ending.WhenFull.STOP));
    Session opened = Objects.requireNonNull(session);
    return new ModelDrafter(new Steps(opened, feed, source, own), own, number);
  }

  /** What a lookup finds. */
  private record LookupDrafter(int longest) implements Drafter {
    @Override
    public Draft propose(long[] text, int prompt, int limit, int count) {
      List<Long> found = Lookup.after(text, longest, count);
      return found.isEmpty() ? Draft.NONE : Draft.certain(found);
    }
  }
}
