package org.attention4j.generate.grammar;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * A set of texts, given by rules that may call each other and themselves (a context-free grammar),
 * read over the bytes of UTF-8. Immutable and thread-safe.
 */
public final class Grammar {
  private final Node first;

  private Grammar(Node first) {
    this.first = first;
  }

  /**
   * A grammar.
   *
   * @param rules by the names that {@link Expression.Rule} gives them
   * @param start what a text is as a whole
   * @throws org.attention4j.error.UsageException if a rule is missing or stands for itself before
   *     it reads a character, if there is no text, or if the grammar is too large
   */
  public static Grammar of(Map<String, Expression> rules, Expression start) {
    return new Grammar(Network.of(Map.copyOf(rules), start));
  }

  /** A grammar without rules of its own. */
  public static Grammar of(Expression start) {
    return of(Map.of(), start);
  }

  /**
   * The texts that a regular expression matches from beginning to end.
   *
   * @throws org.attention4j.error.UsageException if it is none, or goes beyond {@link
   *     RegularExpression}
   */
  public static Grammar matching(String pattern) {
    return of(RegularExpression.whole(pattern));
  }

  /** Whether a text is one of the grammar's. */
  public boolean matches(String text) {
    State state = after(text);
    return state.complete;
  }

  /** Whether a text is the beginning of one of the grammar's, or a whole one. */
  public boolean begins(String text) {
    return !after(text).isDead();
  }

  private State after(String text) {
    States states = states();
    State state = states.start();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      state = states.next(state, b & 0xff);
    }
    return state;
  }

  /** A reader at its beginning. */
  States states() {
    return new States(first);
  }
}
