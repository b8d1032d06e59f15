package org.attention4j.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Constraints, temperature and cuts together leave the probabilities that transformers' {@code
 * generate} draws from; recorded by models/src/test/fixtures/combinations.py.
 */
final class CombinationsTest {
  private static final Set<Long> STOPS = Set.of(11L, 12L);
  private static final Set<String> CONSTRAINTS =
      Set.of(
          "repetition_penalty",
          "no_repeat_ngram_size",
          "min_new_tokens",
          "bad_words_ids",
          "suppress_tokens");
  private static final int LENGTH = 48;

  static Stream<String> recorded() throws IOException {
    String name = "/generate/combinations.tsv";
    try (InputStream in =
        Objects.requireNonNull(CombinationsTest.class.getResourceAsStream(name))) {
      String all = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return all.lines().skip(1).toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void whatMayBeDrawnIsWhatTransformersMayDraw(String line) {
    List<String> fields = List.of(line.split("\t", -1));
    Constraints constraints = Constraints.none();
    Sampling sampling = Sampling.at(1, 0);
    for (String setting : fields.get(0).split(" ", -1)) {
      String[] parts = setting.split("=", -1);
      if (!setting.isEmpty()) {
        constraints = with(constraints, parts[0], parts[1]);
        sampling = with(sampling, parts[0], parts[1]);
      }
    }
    int prompt = Integer.parseInt(fields.get(1));
    long[] tokens =
        Arrays.stream(fields.get(2).split(" ", -1)).mapToLong(Long::parseLong).toArray();
    double[] scores = numbers(fields.get(3));
    new Constrainer(constraints, STOPS).apply(scores, tokens, prompt, LENGTH - prompt);
    double[] got = new TokenSampler(sampling).probabilities(scores);
    double[] expected = numbers(fields.get(4));
    assertArrayEquals(expected, got, 1e-8, line);
    for (int i = 0; i < got.length; i++) {
      assertEquals(expected[i] == 0, got[i] == 0, "token " + i + " is kept or cut: " + line);
    }
  }

  private static Constraints with(Constraints rules, String name, String value) {
    return switch (name) {
      case "repetition_penalty" -> rules.penalising(Double.parseDouble(value));
      case "no_repeat_ngram_size" -> rules.withoutRepeated(Integer.parseInt(value));
      case "min_new_tokens" -> rules.withAtLeast(Integer.parseInt(value));
      case "bad_words_ids" ->
          rules.forbidding(
              Arrays.stream(value.split(";", -1)).map(CombinationsTest::tokens).toList());
      case "suppress_tokens" ->
          rules.suppressing(
              Arrays.stream(value.split(";", -1)).map(Long::valueOf).collect(Collectors.toSet()),
              Set.of());
      default -> rules;
    };
  }

  private static Sampling with(Sampling sampling, String name, String value) {
    return CONSTRAINTS.contains(name)
        ? sampling
        : WarperTest.with(sampling, name, Double.parseDouble(value));
  }

  private static List<Long> tokens(String text) {
    return Arrays.stream(text.split(",", -1)).map(Long::valueOf).toList();
  }

  private static double[] numbers(String text) {
    return Arrays.stream(text.split(" ", -1)).mapToDouble(Double::parseDouble).toArray();
  }
}
