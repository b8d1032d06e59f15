package org.attention4j.models.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.generate.Generation;
import org.attention4j.models.cli.Main;
import org.attention4j.models.input.Sound;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.text.Transcriber.Wish;
import org.attention4j.spi.Engines;
import org.attention4j.spi.SessionOptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Speech is written down")
class TranscriberTest {
  private static final Path MODEL = Path.of("src/test/resources/transcribe");
  private static final Path SOUND = Path.of("src/test/resources/sounds/pcm16.wav");

  @TempDir Path directory;

  private static Transcriber open(Path folder, String engine) {
    return Transcriber.open(folder, Engines.get(engine), SessionOptions.defaults());
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "djl", "onnx"})
  @DisplayName("as transformers' generate does, recorded by src/test/fixtures/transcribe.py")
  void asRecorded(String engine) {
    Sound sound = Sound.read(SOUND);
    try (Transcriber transcriber = open(MODEL, engine)) {
      for (JsonNode answer : JsonFile.read(MODEL.resolve("answers.json")).path("answers")) {
        String language = answer.path("language").asText(null);
        Wish wish = new Wish(language, answer.path("task").asText(null), 0);
        Transcript transcript = transcriber.transcribe(sound, wish);
        Generation piece = transcript.pieces().get(0);
        assertEquals(answer.path("prompt").toString(), JsonFile.tree(piece.prompt()).toString());
        boolean stopped = piece.end() == Generation.End.STOP_TOKEN; // which transformers leaves out
        List<Long> tokens = piece.tokens().subList(0, piece.tokens().size() - (stopped ? 1 : 0));
        assertEquals(answer.path("tokens").toString(), JsonFile.tree(tokens).toString());
        assertEquals(answer.path("text").asText(), transcript.text());
      }
    }
  }

  @Test
  @DisplayName("piece by piece where it is long, and at any rate")
  void longSound() {
    float[] samples = new float[40000]; // 2.5 s of 16 kHz; the model reads 1 s at once
    float[] spoken = Sound.read(SOUND).samples();
    for (int i = 0; i < samples.length; i++) {
      samples[i] = spoken[i % spoken.length];
    }
    Sound sound = Sound.of(16000, samples);
    try (Transcriber transcriber = open(MODEL, "reference")) {
      Wish wish = new Wish("en", null, 5);
      Transcript whole = transcriber.transcribe(sound, wish);
      assertEquals(3, whole.pieces().size());
      Transcript last = transcriber.transcribe(sound.part(32000, 40000), wish);
      assertEquals(last.pieces().get(0), whole.pieces().get(2));
      assertEquals(5, whole.pieces().get(0).tokens().size());
      assertEquals(3, transcriber.transcribe(sound.at(22050), wish).pieces().size());
    }
  }

  @Test
  @DisplayName("or refused: an unknown language or task, no sound, a model of texts")
  void refused() {
    Sound sound = Sound.read(SOUND);
    try (Transcriber transcriber = open(MODEL, "reference")) {
      UsageException language =
          assertThrows(
              UsageException.class, () -> transcriber.transcribe(sound, new Wish("xx", null, 0)));
      assertTrue(language.toString().contains("'xx', only [en, es]"), language.toString());
      assertThrows(
          UsageException.class, () -> transcriber.transcribe(sound, new Wish("en", "sing", 0)));
      assertThrows(
          UsageException.class, () -> transcriber.transcribe(Sound.of(16000), Wish.usual()));
    }
    Path text = Path.of("src/test/resources/golden/gpt2");
    UsageException model = assertThrows(UsageException.class, () -> open(text, "reference"));
    assertTrue(model.toString().contains("gpt2"), model.toString());
  }

  private Path changed(String name, String entry, Object value) throws IOException {
    try (Stream<Path> files = Files.list(MODEL)) {
      for (Path file : files.toList()) {
        Files.copy(file, directory.resolve(file.getFileName()));
      }
    }
    ObjectNode json = JsonFile.read(MODEL.resolve(name));
    json.set(entry, JsonFile.tree(value));
    Files.writeString(directory.resolve(name), json.toString());
    return directory;
  }

  @Test
  @DisplayName("in one language where the model knows no other")
  void oneLanguage() throws IOException {
    Path folder = changed("generation_config.json", "is_multilingual", false);
    try (Transcriber transcriber = open(folder, "reference")) {
      Sound sound = Sound.read(SOUND);
      UsageException e =
          assertThrows(
              UsageException.class, () -> transcriber.transcribe(sound, new Wish("en", null, 0)));
      assertTrue(e.toString().contains("one language"), e.toString());
    }
  }

  @Test
  @DisplayName("only where the files of a model fit each other")
  void misfit() throws IOException {
    Path folder = changed("preprocessor_config.json", "feature_size", 7);
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> open(folder, "reference"));
    assertTrue(e.toString().contains("7 x 100"), e.toString());
  }

  @Test
  @DisplayName("with time stamps by a model that has some; gaps in forced tokens are refused")
  void generationConfig() throws IOException {
    Path stamps = changed("generation_config.json", "return_timestamps", true);
    try (Transcriber transcriber = open(stamps, "reference")) {
      Sound sound = Sound.read(SOUND);
      UsageException e =
          assertThrows(UsageException.class, () -> transcriber.transcribe(sound, Wish.usual()));
      assertTrue(e.toString().contains("no time stamps"), e.toString());
    }
    ObjectNode json = JsonFile.read(MODEL.resolve("generation_config.json"));
    json.set("forced_decoder_ids", JsonFile.tree(List.of(List.of(2, 3))));
    Files.writeString(directory.resolve("generation_config.json"), json.toString());
    try (Transcriber transcriber = open(directory, "reference")) {
      Sound sound = Sound.read(SOUND);
      assertThrows(FileFormatException.class, () -> transcriber.transcribe(sound, Wish.usual()));
    }
  }

  @Test
  @DisplayName("by the command line, in text and in JSON")
  void commandLine() {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] arguments = {
      "transcribe",
      "--from",
      MODEL.toString(),
      "--audio",
      SOUND.toString(),
      "--language",
      "en",
      "--engine",
      "reference"
    };
    int code = Main.execute(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    assertEquals(0, code, err.toString());
    JsonNode answers = JsonFile.read(MODEL.resolve("answers.json")).path("answers");
    assertEquals(answers.path(0).path("text").asText(), out.toString().strip());
    assertTrue(err.toString().contains("<|en|>"), err.toString());
  }
}
