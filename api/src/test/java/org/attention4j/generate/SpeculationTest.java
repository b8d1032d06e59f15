package org.attention4j.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.attention4j.error.UsageException;
import org.attention4j.generate.Generation.Drafted;
import org.attention4j.generate.Generation.End;
import org.junit.jupiter.api.Test;

/** Drafts change how many passes a text takes, not what it says or how probable it is. */
class SpeculationTest {
  private static final int VOCABULARY = 5;
  private static final int CONTEXT = 64;
  private static final long[] PROMPT = {1, 3};
  private static final int TEXTS = 10_000;

  private final BigramSession model = new BigramSession(VOCABULARY, 1);
  private final BigramSession other = new BigramSession(VOCABULARY, 2);

  private static GenerationOptions options(int tokens, Sampling sampling) {
    return GenerationOptions.of(tokens, CONTEXT, sampling);
  }

  private List<Drafts> kinds() {
    return List.of(
        Drafts.model(other, CONTEXT, 1),
        Drafts.model(other, CONTEXT, 4),
        Drafts.model(other, 9, 3), // a smaller context than the model's
        Drafts.model(model, CONTEXT, 7),
        Drafts.lookup(3, 4));
  }

  @Test
  void aGreedyTextIsTheSame() {
    Constraints rules = Constraints.none().penalising(1.3).withoutRepeated(3).withAtLeast(5);
    for (Constraints constraints : List.of(Constraints.none(), rules)) {
      for (int tokens : new int[] {0, 1, 2, 17, 100}) {
        GenerationOptions options =
            options(tokens, Sampling.greedy())
                .constrained(constraints)
                .stoppingAt(constraints.equals(rules) ? Set.of(0L) : Set.of());
        Generator plain = Generator.decoder(model);
        Generation alone = plain.generate(PROMPT, options.scoring());
        for (Drafts drafts : kinds()) {
          Generation drafted = plain.drafting(drafts).generate(PROMPT, options.scoring());
          assertEquals(alone.tokens(), drafted.tokens());
          assertEquals(alone.end(), drafted.end());
          assertEquals(alone.score(), drafted.score());
        }
      }
    }
  }

  @Test
  void aTextThatSlidesAndOneThatFillsTheContextAreTheSame() {
    for (GenerationOptions options :
        List.of(
            GenerationOptions.of(30, 12, Sampling.greedy()),
            GenerationOptions.of(30, 12, Sampling.greedy()).sliding())) {
      Generator plain = Generator.decoder(model);
      Generation alone = plain.generate(PROMPT, options);
      for (Drafts drafts : kinds()) {
        Generation drafted = plain.drafting(drafts).generate(PROMPT, options);
        assertEquals(alone.tokens(), drafted.tokens());
        assertEquals(alone.end(), drafted.end());
      }
    }
  }

  @Test
  void theModelItselfAsDraftIsAlwaysRight() {
    GenerationOptions options = options(40, Sampling.at(1, 7).withTopK(4));
    model.passes = 0;
    Generation text =
        Generator.decoder(model)
            .drafting(Drafts.model(new BigramSession(VOCABULARY, 1), CONTEXT, 4))
            .generate(PROMPT, options);
    Drafted drafted = Objects.requireNonNull(text.drafted());
    assertEquals(new Drafted(31, 31, 9), drafted);
    assertEquals(1, drafted.share());
    assertEquals(9, model.passes);
    assertEquals(40, text.tokens().size());
  }

  /** Of three tokens each, against the product of the model's own probabilities. */
  @Test
  void drawnTextsHaveTheModelsProbabilities() {
    List<Sampling> samplings =
        List.of(
            Sampling.at(1, 11),
            Sampling.at(0.7, 12).withTopK(4),
            Sampling.at(1.4, 13).withTopP(0.8));
    for (Sampling sampling : samplings) {
      for (Drafts drafts :
          List.of(
              Drafts.model(other, CONTEXT, 2),
              Drafts.model(other, CONTEXT, 1),
              Drafts.lookup(2, 3))) {
        Constraints rules = Constraints.none().penalising(1.2);
        double statistic = statistic(sampling, rules, drafts);
        // of 124 degrees of freedom at most: 1 in 10,000 is above 190
        assertTrue(statistic < 190, sampling + " with " + drafts.tokens() + ": " + statistic);
      }
    }
  }

  /** The draft's own probabilities are far from the model's: the test above can fail. */
  @Test
  void theTestTellsTheDraftFromTheModel() {
    int[] counts = new int[VOCABULARY * VOCABULARY * VOCABULARY];
    Generator generator = Generator.decoder(other);
    for (int seed = 0; seed < 2_000; seed++) {
      count(generator.generate(PROMPT, options(3, Sampling.at(1, seed))), counts);
    }
    assertTrue(chiSquare(counts, 2_000, Sampling.at(1, 0), Constraints.none()) > 1_000);
  }

  private double statistic(Sampling sampling, Constraints rules, Drafts drafts) {
    int[] counts = new int[VOCABULARY * VOCABULARY * VOCABULARY];
    GenerationOptions options = options(3, sampling).constrained(rules).repeated(TEXTS);
    Generator.decoder(model)
        .drafting(drafts)
        .generateAll(List.of(PROMPT), options)
        .forEach(text -> count(text, counts));
    return chiSquare(counts, TEXTS, sampling, rules);
  }

  private static void count(Generation text, int[] counts) {
    long[] ids = text.ids();
    counts[(int) ((ids[0] * VOCABULARY + ids[1]) * VOCABULARY + ids[2])]++;
  }

  /** Sum of (observed - expected)^2 / expected; what cannot come must not have come. */
  private double chiSquare(int[] counts, int texts, Sampling sampling, Constraints rules) {
    TokenSampler sampler = new TokenSampler(sampling);
    Constrainer constrainer = new Constrainer(rules, Set.of());
    double sum = 0;
    for (int a = 0; a < VOCABULARY; a++) {
      for (int b = 0; b < VOCABULARY; b++) {
        for (int c = 0; c < VOCABULARY; c++) {
          long[] text = {PROMPT[0], PROMPT[1], a, b, c};
          double p = texts;
          for (int at = 2; at < 5; at++) {
            double[] logits = model.logits(text[at - 2], text[at - 1]);
            for (int i = 0; i < logits.length; i++) {
              logits[i] = (float) logits[i];
            }
            constrainer.apply(logits, Arrays.copyOf(text, at), 2, 3);
            p *= sampler.probabilities(logits)[(int) text[at]];
          }
          int seen = counts[(a * VOCABULARY + b) * VOCABULARY + c];
          if (p == 0) {
            assertEquals(0, seen);
          } else {
            sum += (seen - p) * (seen - p) / p;
          }
        }
      }
    }
    return sum;
  }

  @Test
  void aLookupTellsWhatFollowedTheLatestLikePlace() {
    long[] text = {1, 2, 3, 4, 1, 2, 5, 6, 7, 1, 2};
    assertEquals(List.of(5L, 6L, 7L), Lookup.after(text, 3, 3));
    assertEquals(List.of(5L), Lookup.after(text, 1, 1));
    assertEquals(List.of(3L, 4L), Lookup.after(new long[] {1, 2, 3, 4, 9, 2}, 4, 2));
    assertEquals(List.of(), Lookup.after(new long[] {1, 2, 3}, 4, 2));
    assertEquals(List.of(8L), Lookup.after(new long[] {8, 8, 8}, 2, 5));
  }

  @Test
  void whatCannotBeIsRefused() {
    Generator drafting =
        Generator.decoder(model).drafting(Drafts.model(new BigramSession(6, 1), CONTEXT, 3));
    GenerationOptions options = options(9, Sampling.greedy());
    assertTrue(
        message(() -> drafting.generate(PROMPT, options)).contains("a vocabulary of 6 tokens"));
    assertTrue(
        message(() -> drafting.generate(PROMPT, options.searching(Beams.of(2), 1)))
            .contains("beams"));
    assertTrue(message(() -> drafting.generate(PROMPT, options.withoutCache())).contains("cache"));
    assertThrows(UsageException.class, () -> Drafts.lookup(0, 3));
    assertThrows(UsageException.class, () -> Drafts.lookup(3, 0));
    assertThrows(UsageException.class, () -> Drafts.model(model, 0, 3));
  }

  private static String message(Runnable run) {
    return String.valueOf(assertThrows(UsageException.class, run::run).getMessage());
  }

  @Test
  void theListenerEndsADraftedText() {
    int[] heard = {0};
    Generation text =
        Generator.decoder(model)
            .drafting(Drafts.model(new BigramSession(VOCABULARY, 1), CONTEXT, 5))
            .generate(PROMPT, options(30, Sampling.greedy()), token -> ++heard[0] < 4);
    assertEquals(End.LISTENER, text.end());
    assertEquals(4, text.tokens().size());
  }
}
