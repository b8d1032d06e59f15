package org.attention4j.generate.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import org.attention4j.error.UsageException;
import org.attention4j.generate.Language;

/**
 * A grammar over the tokens of a vocabulary. A token may come if its bytes go on with a text of the
 * grammar, characters cut in two between tokens included. While a text can still be finished byte
 * by byte within the tokens that are left, only tokens come after which it still can: if the
 * vocabulary has a token for each byte, texts are whole at the end. Thread-safe.
 *
 * <p>Tokens that may come in a state are remembered, so that most steps only copy a mask.
 */
public final class TokenLanguage implements Language {
  private static final int MOST_STATES = 100_000;
  private static final int MOST_MASKS = 4_096;
  private static final int SHOWN = 60;

  private final Grammar grammar;
  private final TokenTexts texts;
  private States states;
  private int masks;

  private TokenLanguage(Grammar grammar, TokenTexts texts) {
    this.grammar = grammar;
    this.texts = texts;
    this.states = grammar.states();
  }

  /** The texts of a grammar in tokens of a vocabulary. */
  public static TokenLanguage of(Grammar grammar, TokenTexts texts) {
    return new TokenLanguage(grammar, texts);
  }

  @Override
  public synchronized void restrict(
      double[] scores, long[] tokens, int prompt, int left, Set<Long> stopTokens) {
    if (states.size() > MOST_STATES || masks > MOST_MASKS) { // begins again: only speed is lost
      states = grammar.states();
      masks = 0;
    }
    State state = after(tokens, prompt);
    if (state.isDead()) {
      throw new UsageException(
          "the text has left its grammar, by tokens that other rules forced: "
              + end(tokens, prompt));
    }
    BitSet allowed = allowed(state, left);
    boolean any = false;
    for (int id = 0; id < scores.length; id++) {
      boolean stop = state.complete && stopTokens.contains((long) id);
      if (!stop && !allowed.get(id)) {
        scores[id] = Double.NEGATIVE_INFINITY;
      }
      any |= scores[id] > Double.NEGATIVE_INFINITY;
    }
    if (!any) {
      throw new UsageException(
          "no token goes on as the grammar wants it after "
              + end(tokens, prompt)
              + ": the vocabulary lacks the character, or another rule forbids it");
    }
  }

  private BitSet allowed(State state, int left) {
    if (state.tokens == null) {
      state.tokens = walk(state, Node.FAR);
      masks++;
    }
    int within = left - 1;
    if (state.farthest <= within) {
      return state.tokens;
    }
    BitSet finishing = walk(state, within);
    if (!finishing.isEmpty() || state.complete) {
      return finishing;
    }
    return state.tokens; // it cannot be finished within the limit, which is said at the end
  }

  /** The tokens after which the text can be whole within some more bytes. */
  private BitSet walk(State from, int within) {
    BitSet allowed = new BitSet(texts.size());
    State[] path = new State[texts.deepest + 1];
    path[0] = from;
    int farthest = 0;
    for (int place = 0; place < texts.labels.length; ) {
      int depth = texts.depths[place];
      State state = states.next(path[depth - 1], texts.labels[place] & 0xff);
      if (state.isDead()) {
        place = texts.skips[place];
        continue;
      }
      path[depth] = state;
      int ending = texts.from[place + 1];
      if (state.distance <= within && texts.from[place] < ending) {
        for (int i = texts.from[place]; i < ending; i++) {
          allowed.set(texts.ids[i]);
        }
        farthest = Math.max(farthest, state.distance);
      }
      place++;
    }
    if (within == Node.FAR) {
      from.farthest = farthest;
    }
    return allowed;
  }

  @Override
  public synchronized boolean isOver(long[] tokens, int prompt, int left) {
    State state = after(tokens, prompt);
    return state.complete
        && (state.places.isEmpty() || (left > 0 && allowed(state, left).isEmpty()));
  }

  /** Whether the new tokens are a whole text of the grammar. */
  public synchronized boolean isWhole(long[] tokens, int prompt) {
    return after(tokens, prompt).complete;
  }

  private State after(long[] tokens, int prompt) {
    State state = states.start();
    for (int i = prompt; i < tokens.length; i++) {
      byte[] bytes = texts.of(tokens[i]);
      if (bytes.length == 0) {
        return State.DEAD;
      }
      for (byte b : bytes) {
        state = states.next(state, b & 0xff);
      }
    }
    return state;
  }

  private String end(long[] tokens, int prompt) {
    List<Byte> bytes = new ArrayList<>();
    for (int i = prompt; i < tokens.length; i++) {
      for (byte b : texts.of(tokens[i])) {
        bytes.add(b);
      }
    }
    byte[] all = new byte[bytes.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = bytes.get(i);
    }
    int from = Math.max(0, all.length - SHOWN);
    return "'"
        + new String(Arrays.copyOfRange(all, from, all.length), StandardCharsets.UTF_8)
        + "'";
  }
}
