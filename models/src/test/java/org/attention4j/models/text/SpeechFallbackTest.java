package org.attention4j.models.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
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
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Speech that is not trusted")
class SpeechFallbackTest {
  private static final Path MODELS = Path.of("src/test/resources/transcribe_long");
  private static final Path SOUND = Path.of("src/test/resources/sounds/pcm16.wav");
  private static final OptionalDouble NONE = OptionalDouble.empty();

  @TempDir Path directory;

  /** A copy of a model whose file has other entries as well. */
  private Path changed(String name, ObjectNode entries) throws IOException {
    try (Stream<Path> files = Files.list(MODELS.resolve(name))) {
      for (Path file : files.toList()) {
        Files.copy(file, directory.resolve(file.getFileName()));
      }
    }
    Path file = directory.resolve(GenerationConfig.FILE);
    ObjectNode json = JsonFile.read(file);
    json.setAll(entries);
    JsonFile.write(file, json);
    return directory;
  }

  private static Sound sound(int length) {
    return Sound.of(16000, LongSpeechTest.samples(length));
  }

  private static OptionalDouble number(JsonNode settings, String name) {
    return settings.has(name) ? OptionalDouble.of(settings.path(name).asDouble()) : NONE;
  }

  private static SpeechFallback fallback(JsonNode settings) {
    List<Double> temperatures = new ArrayList<>();
    settings.path("temperature").forEach(t -> temperatures.add(t.asDouble()));
    return new SpeechFallback(
        temperatures.isEmpty() ? List.of(0.0) : temperatures,
        number(settings, "compression_ratio_threshold"),
        number(settings, "logprob_threshold"),
        number(settings, "no_speech_threshold"),
        settings.path("condition_on_prev_tokens").asBoolean(),
        0);
  }

  @ParameterizedTest
  @CsvSource({"seed2, reference", "seed3, onnx"})
  @DisplayName("is tried again, left out or told as previous text, as transformers does")
  void asRecorded(String name, String engine) throws IOException {
    Path model = changed(name, JsonFile.object().put("top_k", 1));
    Set<String> met = new TreeSet<>();
    try (Transcriber transcriber =
        Transcriber.open(model, Engines.get(engine), SessionOptions.defaults())) {
      for (JsonNode answer : JsonFile.read(model.resolve("fallback.json")).path("answers")) {
        SpeechFallback fallback = fallback(answer.path("settings"));
        String language = answer.path("language").asText();
        Wish wish = new Wish(language, answer.path("task").asText(), 0, true, fallback);
        Transcript found = transcriber.transcribe(sound(answer.path("samples").asInt()), wish);
        String what = answer.path("settings") + " " + language + ": " + found.segments();
        List<JsonNode> last = lastAttempts(answer.path("attempts"));
        assertEquals(last.size(), found.pieces().size(), what);
        for (int i = 0; i < last.size(); i++) {
          JsonNode expected = last.get(i).path("tokens");
          assertEquals(
              expected.toString(), JsonFile.tree(found.pieces().get(i).tokens()).toString(), what);
          if (last.get(i).has("mean")) {
            double mean = found.pieces().get(i).score().orElseThrow();
            assertEquals(last.get(i).path("mean").asDouble(), mean, 1e-4, what);
          }
          boolean silent =
              fallback.noSpeech().isPresent()
                  && fallback.unlikely(last.get(i).path("mean").asDouble())
                  && last.get(i).path("silence").asDouble() > fallback.noSpeech().getAsDouble();
          met.add(silent ? "silence" : last.get(i).path("temperature").asText());
        }
        JsonNode segments = answer.path("segments");
        assertEquals(segments.size(), found.segments().size(), what);
        for (int i = 0; i < segments.size(); i++) {
          Transcript.Segment segment = found.segments().get(i);
          assertEquals(
              segments.path(i).path("tokens").toString(),
              JsonFile.tree(segment.tokens()).toString(),
              what);
          assertEquals(segments.path(i).path("start").asDouble(), segment.start(), 1e-9);
          assertEquals(segments.path(i).path("end").asDouble(), segment.end(), 1e-9);
        }
      }
    }
    assertTrue(met.containsAll(Set.of("0.0", "0.3", "0.6", "silence")), met.toString());
  }

  /** Of each window: one whose temperature is not below that of the next begins a new one. */
  private static List<JsonNode> lastAttempts(JsonNode attempts) {
    List<JsonNode> last = new ArrayList<>();
    for (int i = 0; i < attempts.size(); i++) {
      double temperature = attempts.path(i).path("temperature").asDouble();
      boolean more = i + 1 < attempts.size();
      if (!more || attempts.path(i + 1).path("temperature").asDouble() <= temperature) {
        last.add(attempts.path(i));
      }
    }
    return last;
  }

  @Test
  @DisplayName("is known by how well its tokens compress, which is transformers' ratio")
  void ratio() {
    int count = 0;
    for (String name : List.of("seed2", "seed3")) {
      int vocabulary =
          JsonFile.read(MODELS.resolve(name + "/config.json")).path("vocab_size").asInt();
      JsonNode answers = JsonFile.read(MODELS.resolve(name + "/fallback.json")).path("answers");
      for (JsonNode attempt :
          answers.findValues("attempts").stream().flatMap(SpeechFallbackTest::each).toList()) {
        List<Long> tokens = each(attempt.path("tokens")).map(JsonNode::asLong).toList();
        assertEquals(
            attempt.path("ratio").asDouble(), SpeechFallback.ratio(tokens, vocabulary), 1e-12);
        count++;
      }
    }
    assertTrue(count > 60, count + " attempts");
    // Python: len(b) / len(zlib.compress(b)) of 40 tokens of two bytes each, 50257 twenty times,
    // then 7
    List<Long> large = new ArrayList<>(Collections.nCopies(20, 50257L));
    large.addAll(Collections.nCopies(20, 7L));
    assertEquals(LARGE, SpeechFallback.ratio(large, 51865), 1e-12);
  }

  private static final double LARGE = 80.0 / 17;

  private static Stream<JsonNode> each(JsonNode array) {
    List<JsonNode> all = new ArrayList<>();
    array.forEach(all::add);
    return all.stream();
  }

  @Test
  @DisplayName("is judged by the thresholds of the model's files where none are wished for")
  void files() throws IOException {
    ObjectNode entries =
        JsonFile.object()
            .put("logprob_threshold", -0.01)
            .put("no_speech_threshold", 0.0)
            .put("condition_on_prev_tokens", true);
    Path model = changed("seed2", entries);
    try (Transcriber transcriber =
        Transcriber.open(model, Engines.get("reference"), SessionOptions.defaults())) {
      Transcript nothing = transcriber.transcribe(sound(30000), new Wish("en", null, 0, true));
      assertEquals("", nothing.text());
      assertEquals(2, nothing.pieces().size());
      SpeechFallback mine =
          new SpeechFallback(
              List.of(0.0), NONE, OptionalDouble.of(-100), OptionalDouble.of(1), false, 0);
      Wish wish = new Wish("en", null, 0, true, mine);
      assertNotEquals("", transcriber.transcribe(sound(30000), wish).text());
    }
  }

  @Test
  @DisplayName("is drawn again alike for the same seed")
  void seeds() {
    SpeechFallback drawn =
        new SpeechFallback(List.of(0.0, 1.0), NONE, OptionalDouble.of(0), NONE, true, 7);
    try (Transcriber transcriber =
        Transcriber.open(
            MODELS.resolve("seed2"), Engines.get("reference"), SessionOptions.defaults())) {
      Wish wish = new Wish("en", null, 0, true, drawn);
      Transcript once = transcriber.transcribe(sound(58000), wish);
      assertEquals(once, transcriber.transcribe(sound(58000), wish));
      Wish greedy = new Wish("en", null, 0, true);
      assertNotEquals(once.text(), transcriber.transcribe(sound(58000), greedy).text());
    }
  }

  @Test
  @DisplayName("needs thresholds that make sense")
  void refused() throws IOException {
    assertThrows(
        UsageException.class, () -> new SpeechFallback(List.of(), NONE, NONE, NONE, false, 0));
    assertThrows(
        UsageException.class, () -> new SpeechFallback(List.of(-1.0), NONE, NONE, NONE, false, 0));
    SpeechFallback silence =
        new SpeechFallback(List.of(0.0), NONE, NONE, OptionalDouble.of(0.6), false, 0);
    Wish wish = new Wish("en", null, 0, true, silence);
    Path model = changed("seed2", JsonFile.object().put("compression_ratio_threshold", "high"));
    try (Transcriber good =
            Transcriber.open(
                MODELS.resolve("seed2"), Engines.get("reference"), SessionOptions.defaults());
        Transcriber bad =
            Transcriber.open(model, Engines.get("reference"), SessionOptions.defaults())) {
      UsageException e =
          assertThrows(UsageException.class, () -> good.transcribe(sound(9000), wish));
      assertTrue(String.valueOf(e.getMessage()).contains("log-probabilities"), e.toString());
      assertThrows(
          FileFormatException.class, () -> bad.transcribe(sound(9000), new Wish("en", null, 0)));
    }
  }

  @Test
  @DisplayName("by the command line")
  void commandLine() {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String line =
        "transcribe --timestamps --engine reference --language en --previous-text"
            + " --temperatures 0,0.6 --logprob-threshold -0.01 --no-speech-threshold 0 --from "
            + MODELS.resolve("seed2")
            + " --audio "
            + SOUND;
    int code =
        Main.execute(new PrintWriter(out, true), new PrintWriter(err, true), line.split(" "));
    assertEquals(0, code, err.toString());
    assertEquals("", out.toString().strip(), "all of it is taken for silence");
  }
}
