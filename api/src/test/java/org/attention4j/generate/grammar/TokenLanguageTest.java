package org.attention4j.generate.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.attention4j.error.UsageException;
import org.attention4j.generate.grammar.Expression.Rule;
import org.junit.jupiter.api.Test;

/** Tokens that may come are those with which a text of the grammar goes on. */
class TokenLanguageTest {
  private static final Set<Long> STOP = Set.of(0L);

  /** The stop token, all bytes, and random pieces of a text, cut anywhere. */
  private static List<byte[]> vocabulary(String text, int pieces, long seed) {
    List<byte[]> tokens = new ArrayList<>(List.of(new byte[0]));
    for (int b = 0; b < 256; b++) {
      tokens.add(new byte[] {(byte) b});
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    Random random = new Random(seed);
    for (int i = 0; i < pieces; i++) {
      int from = random.nextInt(bytes.length);
      int to = Math.min(bytes.length, from + 1 + random.nextInt(6));
      tokens.add(Arrays.copyOfRange(bytes, from, to));
    }
    return tokens;
  }

  private static String text(List<byte[]> vocabulary, long[] tokens) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (long token : tokens) {
      all.writeBytes(vocabulary.get((int) token));
    }
    return all.toString(StandardCharsets.UTF_8);
  }

  /** The mask of the tree of tokens is that of every token tried alone. */
  @Test
  void theTreeFindsWhatEachTokenAloneFinds() {
    List<byte[]> vocabulary = vocabulary("{\"año\": [12, 3€4]} año {{ }} \"\"", 300, 1);
    TokenTexts texts = TokenTexts.of(vocabulary);
    Grammar grammar = Grammar.matching("\\{\"[^\"]{1,5}\": (\\[\\d+(, \\d+€?)*\\]|\"\")\\}");
    Random random = new Random(2);
    for (int run = 0; run < 20; run++) {
      TokenLanguage language = TokenLanguage.of(grammar, texts);
      long[] tokens = {};
      while (!language.isOver(tokens, 0, 100) && tokens.length < 30) {
        double[] scores = new double[vocabulary.size()];
        language.restrict(scores, tokens, 0, 1 << 20, STOP);
        List<Integer> open = new ArrayList<>();
        for (int id = 0; id < scores.length; id++) {
          boolean may = scores[id] == 0;
          if (may) {
            open.add(id);
          }
          boolean expected =
              id == 0 ? language.isWhole(tokens, 0) : goesOn(grammar, vocabulary, tokens, id);
          assertEquals(expected, may, "token " + id + " after " + text(vocabulary, tokens));
        }
        tokens = Arrays.copyOf(tokens, tokens.length + 1);
        tokens[tokens.length - 1] = open.get(random.nextInt(open.size()));
      }
    }
  }

  private static boolean goesOn(Grammar grammar, List<byte[]> vocabulary, long[] tokens, int id) {
    States states = grammar.states();
    State state = states.start();
    for (long token : tokens) {
      for (byte b : vocabulary.get((int) token)) {
        state = states.next(state, b & 0xff);
      }
    }
    for (byte b : vocabulary.get(id)) {
      state = states.next(state, b & 0xff);
    }
    return !state.isDead();
  }

  /** With a token for each byte a text is whole at the end, however random and short. */
  @Test
  void textsAreWholeWithinTheLimit() {
    Expression string = RegularExpression.whole("\"[^\"\\\\]*\"");
    Expression value = Expression.choice(string, new Rule("list"));
    Expression more =
        Expression.repeat(
            Expression.sequence(Expression.text(", "), value), 0, Expression.UNBOUNDED);
    Expression list =
        Expression.sequence(
            Expression.text("["),
            Expression.optional(Expression.sequence(value, more)),
            Expression.text("]"));
    Grammar grammar = Grammar.of(Map.of("list", list), new Rule("list"));
    List<byte[]> vocabulary = vocabulary("[\"é€😀\", [[[\"a\", \"\"]]], [[", 400, 3);
    TokenLanguage language = TokenLanguage.of(grammar, TokenTexts.of(vocabulary));
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      int limit = 2 + random.nextInt(60);
      long[] tokens = {};
      while (tokens.length < limit && !language.isOver(tokens, 0, limit - tokens.length)) {
        double[] scores = IntStream.range(0, 657).mapToDouble(i -> random.nextGaussian()).toArray();
        language.restrict(scores, tokens, 0, limit - tokens.length, Set.of());
        int best = 0;
        for (int i = 1; i < scores.length; i++) {
          best = scores[i] > scores[best] ? i : best;
        }
        tokens = Arrays.copyOf(tokens, tokens.length + 1);
        tokens[tokens.length - 1] = best;
      }
      String text = text(vocabulary, tokens);
      assertTrue(grammar.matches(text), limit + ": " + text);
    }
  }

  @Test
  void promptsDoNotCountAndStopTokensComeWhereATextIsWhole() {
    List<byte[]> vocabulary = vocabulary("ab", 1, 4);
    TokenLanguage language = TokenLanguage.of(Grammar.matching("a+b?"), TokenTexts.of(vocabulary));
    long a = 'a' + 1;
    long b = 'b' + 1;
    double[] scores = new double[vocabulary.size()];
    language.restrict(scores, new long[] {7, 0, 9}, 3, 9, STOP);
    assertEquals(Double.NEGATIVE_INFINITY, scores[0]);
    scores = new double[vocabulary.size()];
    language.restrict(scores, new long[] {7, a}, 1, 9, STOP);
    assertEquals(0, scores[0]);
    assertFalse(language.isOver(new long[] {a}, 0, 9));
    assertTrue(language.isOver(new long[] {a, b}, 0, 9));
    assertThrows(
        UsageException.class, () -> language.restrict(new double[257], new long[] {b}, 0, 9, STOP));
    TokenLanguage mute =
        TokenLanguage.of(Grammar.matching("x"), TokenTexts.of(List.of(new byte[] {'a'})));
    assertThrows(
        UsageException.class, () -> mute.restrict(new double[1], new long[0], 0, 9, Set.of()));
  }
}
