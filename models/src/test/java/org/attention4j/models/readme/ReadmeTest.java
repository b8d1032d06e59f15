package org.attention4j.models.readme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.attention4j.nn.Model;
import org.attention4j.spi.Engines;
import org.attention4j.spi.ExportOptions;
import org.attention4j.spi.ExportReport;
import org.attention4j.spi.Exporter;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.AdamW;
import org.attention4j.train.NextToken;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The code in the README")
class ReadmeTest {
  private static final Path SOURCES = Path.of("src/test/java/org/attention4j/models/readme");
  private static final String MARK = "// README\n";
  private static final int VOCABULARY = 20;

  @TempDir Path directory;

  /** Counting upwards, which a model of this size learns in a moment. */
  private static Map<String, HostTensor> batch(Random random, int rows, int time) {
    long[] ids = new long[rows * time];
    long[] next = new long[rows * time];
    for (int row = 0; row < rows; row++) {
      int start = random.nextInt(VOCABULARY);
      for (int t = 0; t < time; t++) {
        ids[row * time + t] = Math.floorMod(start + t, VOCABULARY);
        next[row * time + t] = Math.floorMod(start + t + 1, VOCABULARY);
      }
    }
    return Map.of(
        "input_ids", HostTensor.of(ids, rows, time), "targets", HostTensor.of(next, rows, time));
  }

  private static Map<String, HostTensor> prompt(int rows, int time) {
    HostTensor ids = batch(new Random(rows), rows, time).get("input_ids");
    return Map.of("input_ids", ids);
  }

  @Test
  @DisplayName("trains, exports a file that agrees, and gives the same logits on every engine")
  void runs() {
    List<Map<String, HostTensor>> batches = new ArrayList<>();
    Random random = new Random(7);
    for (int n = 0; n < 60; n++) {
      batches.add(batch(random, 8, 16));
    }
    List<Double> losses = new ArrayList<>();
    List<Map<String, HostTensor>> examples = List.of(prompt(1, 5), prompt(3, 9));
    Map<String, HostTensor> prompt = prompt(2, 7);
    Map<String, HostTensor> logits = new LinkedHashMap<>();

    // README
    Model gpt = new TinyGpt(VOCABULARY, 16, 32, 4, 2);

    Program lessons = Program.of(new NextToken(gpt)); // adds the input "targets" and the loss
    Weights weights = Parameters.init(lessons, 42);
    TrainerOptions options = TrainerOptions.of(AdamW.lr(3e-3)).clip(1.0);
    try (Trainer trainer = Engines.get("djl").train(lessons, weights, options)) {
      for (Map<String, HostTensor> batch : batches) {
        losses.add(trainer.step(batch).loss());
      }
      weights = trainer.weights();
    }
    weights.save(directory.resolve("model.safetensors"));

    Program program = Program.of(gpt);
    ExportReport report =
        Exporter.get("onnx").export(program, weights, directory, ExportOptions.of("djl", examples));

    for (String name : Engines.names()) {
      try (Session s = Engines.get(name).open(program, weights, SessionOptions.defaults())) {
        logits.put(name, s.run(prompt).get("logits"));
      }
    }
    // README

    assertTrue(losses.get(59) < losses.get(0) / 2, losses.toString());
    assertTrue(report.passed(), report.toString());
    assertTrue(logits.keySet().containsAll(List.of("djl", "onnx", "reference")), logits::toString);
    HostTensor expected = logits.get("reference");
    logits.forEach(
        (name, values) -> {
          for (int i = 0; i < expected.size(); i++) {
            assertEquals(expected.getDouble(i), values.getDouble(i), 1e-4, name + " at " + i);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"README.md", "README.es.md"})
  @DisplayName("is the code of this test")
  void isThisCode(String readme) throws IOException {
    String text = Files.readString(Path.of("..", readme));
    for (String file : List.of("TinyGpt.java", "ReadmeTest.java")) {
      String code = marked(SOURCES.resolve(file));
      assertTrue(text.contains(code), () -> readme + " does not hold this code:\n" + code);
    }
  }

  /** What stands between the marks, or from the only mark to the end, without indentation. */
  private static String marked(Path source) throws IOException {
    String text = Files.readString(source);
    int begin = text.indexOf(MARK) + MARK.length();
    int end = text.indexOf(MARK, begin);
    assertTrue(begin >= MARK.length(), source + " has no mark");
    return (end < 0 ? text.substring(begin) : text.substring(begin, end)).stripIndent().strip();
  }
}
