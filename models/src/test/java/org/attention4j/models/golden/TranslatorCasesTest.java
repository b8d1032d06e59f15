package org.attention4j.models.golden;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("Encoder-decoders recorded with transformers agree")
class TranslatorCasesTest {
  private static final Path RECORDED = Path.of("src/test/resources/translators");
  private static final String FOLDER = System.getProperty("attention4j.golden", "");

  static Stream<Arguments> cases() {
    Stream<Path> small =
        Stream.of(
                "t5",
                "t5_gated",
                "bart",
                "bart_apart",
                "marian",
                "marian_apart",
                "pegasus",
                "pegasus_half")
            .map(RECORDED::resolve);
    Stream<Path> given =
        FOLDER.isEmpty() ? Stream.empty() : Stream.of("t5", "bart").map(Path.of(FOLDER)::resolve);
    List<String> engines = List.of("reference", "djl", "onnx");
    return Stream.concat(given, small)
        .flatMap(path -> engines.stream().map(engine -> Arguments.of(path, engine)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  @DisplayName("in outputs, hidden states, all attentions, decoding, losses, gradients and steps")
  void agree(Path folder, String engine) {
    GoldenReplayTest.assertPasses(folder, engine);
  }
}
