package org.attention4j.conformance.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.attention4j.error.UsageException;
import org.attention4j.generate.Generation;
import org.attention4j.generate.Generation.End;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.generate.Generator;
import org.attention4j.generate.Sampling;
import org.attention4j.spi.Session;
import org.junit.jupiter.api.Test;

/** Generation on the reference engine. */
final class GeneratorTest {
  private static final int CONTEXT = 16;
  private static final long[] PROMPT = {3, 1, 4, 1};

  private static GenerationOptions options(int count, Sampling sampling) {
    return GenerationOptions.of(count, CONTEXT, sampling);
  }

  @Test
  void withAndWithoutCacheTheTextIsTheSame() {
    try (Session session = Runs.open(TinyGpt.standard())) {
      Generator generator = Generator.decoder(session);
      for (Sampling sampling :
          List.of(Sampling.greedy(), Sampling.at(1, 5), Sampling.at(2, 6).withTopK(4))) {
        GenerationOptions options = options(12, sampling);
        Generation cached = generator.generate(PROMPT, options);
        assertEquals(cached, generator.generate(PROMPT, options.withoutCache()));
        assertEquals(12, cached.tokens().size());
        assertEquals(End.LENGTH, cached.end());
      }
    }
  }

  @Test
  void tokensAreToldAsTheyAreDrawnAndTheListenerMayEndIt() {
    try (Session session = Runs.open(TinyGpt.standard())) {
      List<Long> heard = new ArrayList<>();
      Generation generation =
          Generator.decoder(session)
              .generate(
                  PROMPT,
                  options(10, Sampling.at(1, 8)),
                  token -> {
                    heard.add(token);
                    return heard.size() < 4;
                  });
      assertEquals(heard, generation.tokens());
      assertEquals(4, heard.size());
      assertEquals(End.LISTENER, generation.end());
    }
  }

  @Test
  void aStopTokenEndsTheTextAndIsPartOfIt() {
    try (Session session = Runs.open(TinyGpt.standard())) {
      Generator generator = Generator.decoder(session);
      GenerationOptions free = options(12, Sampling.at(1, 9));
      List<Long> tokens = generator.generate(PROMPT, free).tokens();
      long stop = tokens.get(5);
      int first = tokens.indexOf(stop);
      Generation stopped = generator.generate(PROMPT, free.stoppingAt(Set.of(stop)));
      assertEquals(tokens.subList(0, first + 1), stopped.tokens());
      assertEquals(End.STOP_TOKEN, stopped.end());
    }
  }

  @Test
  void theContextIsNeverExceeded() {
    try (Session session = Runs.open(TinyGpt.standard())) {
      Generator generator = Generator.decoder(session);
      Generation full = generator.generate(PROMPT, options(100, Sampling.greedy()));
      assertEquals(End.CONTEXT, full.end());
      assertEquals(CONTEXT + 1, PROMPT.length + full.tokens().size()); // the last is never fed
      long[] tooLong = new long[CONTEXT + 1];
      assertThrows(
          UsageException.class, () -> generator.generate(tooLong, options(1, Sampling.greedy())));
    }
  }

  @Test
  void aSlidingContextDrawsFromTheLastTokens() {
    try (Session session = Runs.open(TinyGpt.standard())) {
      Generator generator = Generator.decoder(session);
      Generation slid = generator.generate(PROMPT, options(20, Sampling.greedy()).sliding());
      assertEquals(20, slid.tokens().size());
      List<Long> all = new ArrayList<>(slid.prompt());
      all.addAll(slid.tokens());
      for (int end = CONTEXT + 1; end < all.size(); end++) {
        long[] window =
            all.subList(end - CONTEXT, end).stream().mapToLong(Long::longValue).toArray();
        Generation one = generator.generate(window, options(1, Sampling.greedy()));
        assertEquals(all.get(end), one.tokens().get(0));
      }
    }
  }

  @Test
  void aTranslationIsTheSameWithAndWithoutCache() {
    try (Session session = Runs.open(TinyTranslator.standard())) {
      Generator generator =
          Generator.translator(session, Map.of("input_ids", Runs.ids(11, 4, 1, 5)));
      GenerationOptions options = options(8, Sampling.at(1, 2));
      Generation cached = generator.generate(new long[] {0}, options);
      assertEquals(cached, generator.generate(new long[] {0}, options.withoutCache()));
      assertTrue(cached.tokens().stream().distinct().count() > 1);
    }
  }

  @Test
  void anEmptyPromptIsRefused() {
    try (Session session = Runs.open(TinyGpt.standard())) {
      Generator generator = Generator.decoder(session);
      assertThrows(
          UsageException.class,
          () -> generator.generate(new long[0], options(1, Sampling.greedy())));
    }
  }
}
