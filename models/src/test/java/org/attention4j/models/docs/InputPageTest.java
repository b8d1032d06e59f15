package org.attention4j.models.docs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The code of docs/pictures-and-sound.md")
class InputPageTest {
  private static final Path IMAGES = Path.of("src/test/resources/images");
  private static final Path WHISPER = Path.of("src/test/resources/transcribe");
  private static final Path SPEECH = Path.of("src/test/resources/sounds/pcm16.wav");

  @Test
  @DisplayName("runs")
  void theExamplesRun() {
    Path model = IMAGES.resolve("classifier");
    assertEquals("dog", InputExamples.classify(model, IMAGES.resolve("rgb.png")));
    assertArrayEquals(
        new long[] {1, 3}, InputExamples.pixels(model, IMAGES.resolve("photo.jpg")).shape());
    assertEquals("mnqqvqqjn", InputExamples.transcribe(WHISPER, SPEECH));
    assertArrayEquals(new long[] {1, 6, 100}, InputExamples.features(WHISPER, SPEECH).shape());
  }

  @Test
  @DisplayName("is what the page shows")
  void thePageShowsTheCompiledCode() throws IOException {
    PageExamples.assertShown("pictures-and-sound.md", InputExamples.class, 4);
  }
}
