package org.attention4j.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Temperature and cuts leave the probabilities that transformers' leave; recorded by
 * models/src/test/fixtures/generation.py.
 */
final class WarperTest {

  static Stream<String> recorded() throws IOException {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(
                    WarperTest.class.getResourceAsStream("/generate/samplings.tsv")),
                StandardCharsets.UTF_8))) {
      return reader.lines().skip(1).toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void probabilitiesAreThoseOfTransformers(String line) {
    List<String> fields = List.of(line.split("\t", -1));
    Sampling sampling = Sampling.at(1, 0);
    for (String setting : fields.get(0).split(" ", -1)) {
      String[] parts = setting.split("=", -1);
      sampling = with(sampling, parts[0], Double.parseDouble(parts[1]));
    }
    double[] scores = numbers(fields.get(2));
    new Warper(sampling, Integer.parseInt(fields.get(1))).warp(scores);
    double[] expected = numbers(fields.get(3));
    double[] got = Scores.probabilities(scores);
    assertArrayEquals(expected, got, 1e-8, line);
    for (int i = 0; i < got.length; i++) {
      assertEquals(expected[i] == 0, got[i] == 0, "token " + i + " is kept or cut: " + line);
    }
  }

  static Sampling with(Sampling s, String name, double value) {
    return switch (name) {
      case "temperature" ->
          new Sampling(
              value, s.topK(), s.topP(), s.minP(), s.typicalP(), s.epsilon(), s.eta(), s.seed());
      case "top_k" -> s.withTopK((int) value);
      case "top_p" -> s.withTopP(value);
      case "min_p" -> s.withMinP(value);
      case "typical_p" -> s.withTypicalP(value);
      case "epsilon_cutoff" -> s.withEpsilon(value);
      case "eta_cutoff" -> s.withEta(value);
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static double[] numbers(String text) {
    return Arrays.stream(text.split(" ", -1)).mapToDouble(Double::parseDouble).toArray();
  }
}
