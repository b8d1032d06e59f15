package org.attention4j.models.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.attention4j.generate.TimeStamps;
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

@DisplayName("Long speech")
class LongSpeechTest {
  private static final Path MODELS = Path.of("src/test/resources/transcribe_long");
  private static final Path SOUND = Path.of("src/test/resources/sounds/pcm16.wav");
  private static final float[] LOUDNESS = {1, 0.25f, 0.5f};

  @TempDir Path directory;

  /** As the recording program makes it. */
  static float[] samples(int length) {
    float[] once = Sound.read(SOUND).samples();
    float[] samples = new float[length];
    for (int i = 0; i < length; i++) {
      samples[i] = once[i % once.length] * LOUDNESS[i / once.length % 3];
    }
    return samples;
  }

  private static JsonNode answers(Path model) {
    return JsonFile.read(model.resolve("answers.json")).path("answers");
  }

  @ParameterizedTest
  @CsvSource({"seed2, reference", "seed3, reference", "seed3, djl", "seed3, onnx"})
  @DisplayName(
      "goes on where its time stamps say, as src/test/fixtures/transcribe_long.py recorded")
  void asRecorded(String name, String engine) {
    Path model = MODELS.resolve(name);
    int windows = 0;
    try (Transcriber transcriber =
        Transcriber.open(model, Engines.get(engine), SessionOptions.defaults())) {
      for (JsonNode answer : answers(model)) {
        Sound sound = Sound.of(16000, samples(answer.path("samples").asInt()));
        String language = answer.path("language").asText(null);
        Wish wish = new Wish(language, answer.path("task").asText(null), 0, true);
        Transcript transcript = transcriber.transcribe(sound, wish);
        windows = Math.max(windows, transcript.pieces().size());
        JsonNode segments = answer.path("segments");
        assertEquals(segments.size(), transcript.segments().size(), answer.toString());
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < segments.size(); i++) {
          Transcript.Segment found = transcript.segments().get(i);
          JsonNode expected = segments.path(i);
          assertEquals(
              expected.path("tokens").toString(), JsonFile.tree(found.tokens()).toString());
          assertEquals(expected.path("start").asDouble(), found.start(), 1e-9);
          assertEquals(expected.path("end").asDouble(), found.end(), 1e-9);
          assertEquals(expected.path("text").asText(), found.text());
          text.append(found.text());
        }
        assertEquals(text.toString().strip(), transcript.text());
      }
    }
    assertTrue(windows >= 4, "the sound must be long");
  }

  @Test
  @DisplayName("needs no wish for time stamps")
  void byItself() {
    Path model = MODELS.resolve("seed3");
    try (Transcriber transcriber =
        Transcriber.open(model, Engines.get("reference"), SessionOptions.defaults())) {
      Sound sound = Sound.of(16000, samples(58000));
      Transcript stamped = transcriber.transcribe(sound, new Wish("en", "transcribe", 0, true));
      assertEquals(stamped, transcriber.transcribe(sound, new Wish("en", "transcribe", 0)));
      Sound little = Sound.of(16000, samples(9000));
      Transcript plain = transcriber.transcribe(little, new Wish("en", null, 0));
      assertTrue(plain.segments().isEmpty() && plain.pieces().size() == 1, plain.toString());
    }
  }

  @Test
  @DisplayName("of a window ends after the last pair of time stamps, or with the window")
  void windows() {
    TimeStamps stamps = new TimeStamps(100, 50, -1);
    SpeechWindow pair = SpeechWindow.of(List.of(100L, 1L, 110L, 110L, 2L), stamps, 300);
    assertEquals(20, pair.frames());
    assertEquals(List.of(new SpeechWindow.Cut(0, 20, List.of(100L, 1L, 110L, 110L))), pair.cuts());
    SpeechWindow single = SpeechWindow.of(List.of(100L, 1L, 110L, 111L, 2L, 120L), stamps, 300);
    assertEquals(300, single.frames());
    assertEquals(new SpeechWindow.Cut(22, 40, List.of(111L, 2L, 120L)), single.cuts().get(1));
    SpeechWindow none = SpeechWindow.of(List.of(100L, 1L), stamps, 301);
    assertEquals(
        new SpeechWindow(List.of(new SpeechWindow.Cut(0, 300, List.of(100L, 1L))), 301), none);
    assertEquals(300, SpeechWindow.of(List.of(), stamps, 300).frames());
    assertEquals(300, SpeechWindow.of(List.of(100L, 100L), stamps, 300).frames(), "it must go on");
  }

  @Test
  @DisplayName("is printed with its times by the command line")
  void commandLine() throws Exception {
    float[] samples = samples(58000);
    ByteBuffer wav = ByteBuffer.allocate(44 + 4 * samples.length).order(ByteOrder.LITTLE_ENDIAN);
    wav.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(36 + 4 * samples.length);
    wav.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
    wav.putShort((short) 3).putShort((short) 1).putInt(16000).putInt(64000);
    wav.putShort((short) 4).putShort((short) 32);
    wav.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(4 * samples.length);
    for (float sample : samples) {
      wav.putFloat(sample);
    }
    Path file = directory.resolve("long.wav");
    Files.write(file, wav.array());
    Path model = MODELS.resolve("seed3");
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] arguments = {
      "transcribe",
      "--from",
      model.toString(),
      "--audio",
      file.toString(),
      "--language",
      "en",
      "--task",
      "transcribe",
      "--timestamps",
      "--engine",
      "reference"
    };
    int code = Main.execute(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    assertEquals(0, code, err.toString());
    JsonNode first = answers(model).path(0).path("segments");
    List<String> lines = out.toString().lines().toList();
    assertEquals(first.size(), lines.size());
    assertEquals("0.38\t0.40\t" + first.path(0).path("text").asText(), lines.get(0));
  }
}
