package org.attention4j.models.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.attention4j.models.data.SpanishSentences;
import org.attention4j.spi.Engines;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The quick start keeps its promises. */
class QuickstartTest {
  @TempDir Path directory;

  private JsonNode quickstart(Object... more) {
    assumeTrue(
        Engines.names().containsAll(List.of("djl", "onnx")), "needs PyTorch and ONNX Runtime");
    Object[] arguments = new Object[more.length + 4];
    System.arraycopy(new Object[] {"quickstart", "--json", "--out", directory}, 0, arguments, 0, 4);
    System.arraycopy(more, 0, arguments, 4, more.length);
    return CommandLineTest.run(arguments).expect(0).json();
  }

  @Test
  void everyEngineAgreesOnAModelOfOnesOwnText() throws IOException {
    Path corpus = directory.resolve("corpus.txt");
    Files.writeString(corpus, SpanishSentences.text(60, 2));
    JsonNode json = quickstart("--corpus", corpus, "--steps", 30);
    assertEquals(Engines.names().size(), json.path("engines").size());
    for (JsonNode engine : json.path("engines")) {
      assertTrue(engine.path("max_abs_difference").asDouble() <= 1e-4, engine.toString());
    }
    assertTrue(json.path("texts_agree").asBoolean());
    String page = Files.readString(directory.resolve("report.html"));
    assertTrue(page.contains("<svg") && page.contains("validation"), "no picture");
    assertTrue(!page.contains("src=") && !page.contains("href="), "the page needs other files");
  }
}
