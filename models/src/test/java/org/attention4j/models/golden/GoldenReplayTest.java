package org.attention4j.models.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.attention4j.models.golden.GoldenRow.Status;
import org.attention4j.models.store.JsonFile;
import org.attention4j.spi.Engines;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("Cases recorded from Hugging Face's transformers")
class GoldenReplayTest {
  private static final String FOLDER = "attention4j.golden";

  /** Model cases of the folder that have a family here. */
  private static final List<String> NAMES =
      List.of(
          "gpt2",
          "llama",
          "llama_linear_rope",
          "mistral",
          "qwen2",
          "gemma",
          "gpt_neox",
          "opt",
          "bert_mlm",
          "distilbert_mlm",
          "sentence_bert",
          "vit");

  @TempDir Path directory;

  private static final Path RECORDED = Path.of("src/test/resources/golden");

  /** On every engine in each build; with the golden files at hand, all are. */
  private static final List<String> EVERYWHERE =
      List.of(
          "gpt2",
          "qwen3",
          "gemma3",
          "falcon_new",
          "mixtral_balanced",
          "cross_encoder",
          "roberta_mlm",
          "sentence_pooled",
          "deit",
          "BertForQuestionAnswering",
          "whisper",
          "clip",
          "decision_transformer");

  private static boolean golden() {
    return !System.getProperty(FOLDER, "").isEmpty();
  }

  static Stream<Arguments> casesAndEngines() {
    return NAMES.stream()
        .flatMap(name -> Stream.of("djl", "onnx", "reference").map(e -> Arguments.of(name, e)));
  }

  @ParameterizedTest
  @MethodSource("casesAndEngines")
  @DisplayName("agree in outputs, hidden states, decoding, gradients and steps")
  void agree(String name, String engine) {
    assumeTrue(golden(), "no golden files: pass -D" + FOLDER + "=DIR");
    assertPasses(Path.of(System.getProperty(FOLDER)).resolve(name), engine);
  }

  static Stream<Arguments> small() throws IOException {
    try (Stream<Path> folders = Files.list(RECORDED)) {
      List<String> names = folders.map(f -> f.getFileName().toString()).sorted().toList();
      return names.stream()
          .flatMap(
              name ->
                  Stream.of("djl", "onnx", "reference")
                      .filter(e -> golden() || e.equals("reference") || EVERYWHERE.contains(name))
                      .map(e -> Arguments.of(name, e)));
    }
  }

  @ParameterizedTest
  @MethodSource("small")
  @DisplayName("of small models, made by the scripts in src/test/fixtures, agree likewise")
  void smallOnesAgree(String name, String engine) {
    assertPasses(RECORDED.resolve(name), engine);
  }

  static void assertPasses(Path folder, String engine) {
    List<GoldenRow> rows = new ArrayList<>();
    GoldenReplay.run(folder, Engines.get(engine), rows::add);
    List<GoldenRow> failed = rows.stream().filter(r -> r.status() == Status.FAILED).toList();
    assertTrue(
        failed.isEmpty(),
        () -> String.join("\n", failed.stream().map(GoldenRow::toString).toList()));
    assertFalse(rows.stream().noneMatch(r -> r.status() == Status.PASSED), "nothing was checked");
  }

  private void copy(String name) throws IOException {
    try (Stream<Path> files = Files.list(RECORDED.resolve(name))) {
      for (Path file : files.toList()) {
        Files.copy(file, directory.resolve(file.getFileName()));
      }
    }
  }

  @Test
  @DisplayName("tell several classes from one by their labels, where the configuration does not")
  void floatingLabels() throws Exception {
    copy("bert_several");
    Path config = directory.resolve("config.json");
    ObjectNode json = JsonFile.read(config);
    json.remove("problem_type");
    Files.delete(config);
    JsonFile.write(config, json);
    assertPasses(directory, "reference");
  }

  @Test
  @DisplayName("may have their numbers to learn in a column")
  void columnOfNumbers() throws Exception {
    copy("cross_encoder");
    Path file = directory.resolve("io.safetensors");
    Map<String, HostTensor> tensors = new LinkedHashMap<>(Weights.load(file).tensors());
    tensors.computeIfPresent("in.train.labels", (name, x) -> x.reshape(x.size(), 1));
    Files.delete(file);
    Weights.of(tensors).save(file);
    assertPasses(directory, "djl");
  }

  @Test
  @DisplayName("may have whole numbers to learn")
  void wholeNumbers() throws Exception {
    copy("cross_encoder");
    Path file = directory.resolve("io.safetensors");
    Map<String, HostTensor> tensors = new LinkedHashMap<>(Weights.load(file).tensors());
    tensors.computeIfPresent("in.train.labels", (name, x) -> HostTensor.zeros(DType.I64, x.size()));
    Files.delete(file);
    Weights.of(tensors).save(file);
    List<GoldenRow> rows = GoldenReplay.run(directory, Engines.get("reference"), row -> {});
    double[] losses =
        rows.stream()
            .filter(row -> row.check().startsWith("loss."))
            .mapToDouble(GoldenRow::difference)
            .toArray();
    assertEquals(4, losses.length); // others than those recorded, but there
    assertTrue(Arrays.stream(losses).allMatch(Double::isFinite));
  }

  @Test
  @DisplayName("of an unknown family fail with the reason")
  void unknownFamily() throws Exception {
    Path folder = Files.createDirectories(directory.resolve("mamba"));
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"mamba\"}");
    Weights.empty().save(folder.resolve("io.safetensors"));
    List<GoldenRow> rows = GoldenReplay.run(directory, Engines.get("reference"), row -> {});
    assertEquals(1, rows.size());
    assertEquals(Status.FAILED, rows.get(0).status());
    assertTrue(rows.get(0).text().contains("mamba"), rows.get(0).text());
  }
}
