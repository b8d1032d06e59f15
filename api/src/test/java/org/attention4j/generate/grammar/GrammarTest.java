package org.attention4j.generate.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import org.attention4j.error.UsageException;
import org.attention4j.generate.grammar.Expression.Rule;
import org.junit.jupiter.api.Test;

/** Grammars read the texts that they mean, and no others. */
class GrammarTest {
  private static final String ALPHABET = "ab01 -é€😀\n.";

  private static String text(Random random) {
    int[] letters = ALPHABET.codePoints().toArray();
    StringBuilder text = new StringBuilder();
    for (int n = random.nextInt(7); n > 0; n--) {
      text.appendCodePoint(letters[random.nextInt(letters.length)]);
    }
    return text.toString();
  }

  /** Where the syntaxes are the same, Java's own matcher is the oracle. */
  @Test
  void patternsMatchWhatJavaMatches() {
    Random random = new Random(1);
    for (String pattern :
        List.of(
            "a*b",
            "(a|b0)*?",
            "[a-b]{2,4}",
            "(?:ab?){2}",
            "a{2,}",
            "(a*)*b?",
            "((a|b){1,2}0?){0,3}",
            ".*é.*",
            "[^a\\d]+",
            "\\w+\\s?\\d{0,2}",
            "\\W|\\D\\S",
            "[é-€]+",
            "[^é]*",
            "\\p{L}+",
            "\\P{L}*",
            "\\u00e9|\\x61",
            "😀{1,3}|[😀a]b",
            "",
            "a||b",
            "[-a]+[.]?")) {
      Grammar grammar = Grammar.matching(pattern);
      Grammar within = Grammar.of(RegularExpression.within(pattern));
      Pattern java = Pattern.compile(pattern);
      for (int i = 0; i < 600; i++) {
        String text = text(random);
        assertEquals(java.matcher(text).matches(), grammar.matches(text), pattern + ": " + text);
        assertEquals(java.matcher(text).find(), within.matches(text), pattern + " in " + text);
      }
    }
  }

  @Test
  void anchorsHoldAtTheEndsOnly() {
    Grammar begins = Grammar.of(RegularExpression.within("^a|b$"));
    assertTrue(begins.matches("a..") && begins.matches("..b"));
    assertFalse(begins.matches(".a.") || begins.matches("b."));
    assertTrue(Grammar.matching("^a$").matches("a"));
  }

  @Test
  void bytesOfACharacterAreReadOneByOne() {
    Grammar grammar = Grammar.matching("[^a-z]{2}");
    byte[] euro = "€".getBytes(StandardCharsets.UTF_8);
    States states = grammar.states();
    State state = states.start();
    assertEquals(2, state.distance);
    for (byte b : euro) {
      state = states.next(state, b & 0xff);
      assertFalse(state.isDead());
    }
    assertEquals(1, state.distance);
    assertTrue(states.next(state, 0x80).isDead()); // no character begins so
    State lead = states.next(state, 0xed); // surrogates are no characters
    assertTrue(states.next(lead, 0xa0).isDead());
    assertFalse(states.next(lead, 0x9f).isDead());
  }

  /** Balanced brackets: no regular language. */
  @Test
  void rulesMayCallThemselves() {
    Expression list =
        Expression.sequence(
            Expression.text("["),
            Expression.repeat(new Rule("list"), 0, Expression.UNBOUNDED),
            Expression.text("]"));
    Grammar grammar = Grammar.of(Map.of("list", list), new Rule("list"));
    assertTrue(grammar.matches("[[][[[]]]]"));
    assertFalse(grammar.matches("[[][[[]]]"));
    assertTrue(grammar.begins("[[][[[]]]"));
    assertFalse(grammar.begins("[]]"));
    String deep = "[".repeat(5_000);
    assertTrue(grammar.begins(deep));
    assertTrue(grammar.matches(deep + "]".repeat(5_000)));
  }

  @Test
  void largeRepetitionsStaySmall() {
    Grammar grammar = Grammar.matching("((a{500}b?){500}c?){500}");
    assertTrue(grammar.begins("a".repeat(3_000)));
    assertFalse(grammar.begins("a".repeat(499) + "b"));
    Grammar digits = Grammar.matching("\\d{2,5000}");
    assertTrue(digits.matches("1".repeat(5_000)));
    assertFalse(digits.begins("1".repeat(5_001)));
  }

  @Test
  void whatIsNoGrammarIsRefusedByItsPlace() {
    Map<String, String> refused =
        Map.ofEntries(
            Map.entry("(a", "character 3"),
            Map.entry("a)", "')' without '('"),
            Map.entry("a**", "repetition of a repetition"),
            Map.entry("*", "repetition of nothing"),
            Map.entry("(?=a)", "looks around"),
            Map.entry("(?i)a", "a flag"),
            Map.entry("(a)\\1", "the escape \\1"),
            Map.entry("a\\b", "the escape \\b"),
            Map.entry("a++", "possessive"),
            Map.entry("[b-a]", "before its first"),
            Map.entry("[a", "not finished"),
            Map.entry("a{3,2}", "from 3 to 2"),
            Map.entry("a{999999999999}", "above 100000"),
            Map.entry("((a{1000}){1000}){1000}", "short enough"),
            Map.entry("a^b", "'^' inside"),
            Map.entry("\\p{Klingon}", "the category 'Klingon'"),
            Map.entry("(".repeat(100_000), "deeper than 200"),
            Map.entry("[^\\u0000-\\u{10ffff}]", "no text at all"));
    refused.forEach(
        (pattern, part) -> {
          UsageException e =
              assertThrows(UsageException.class, () -> Grammar.matching(pattern), pattern);
          assertTrue(String.valueOf(e.getMessage()).contains(part), e.getMessage());
        });
    Expression self = Expression.choice(new Rule("a"), Expression.text("x"));
    Expression behind = Expression.sequence(Expression.optional(Expression.text("y")), self);
    Expression endless = Expression.sequence(Expression.text("x"), new Rule("a"));
    assertTrue(refusal(self).contains("stands for itself"));
    assertTrue(refusal(behind).contains("stands for itself"));
    assertTrue(refusal(endless).contains("no text at all"));
    assertTrue(refusal(new Rule("b")).contains("no rule 'b'"));
  }

  private static String refusal(Expression body) {
    return String.valueOf(
        assertThrows(UsageException.class, () -> Grammar.of(Map.of("a", body), new Rule("a")))
            .getMessage());
  }
}
