package org.attention4j.models.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.error.WeightsException;
import org.attention4j.graph.Graph;
import org.attention4j.graph.Summary;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.models.run.Examples;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.store.ModelFiles;
import org.attention4j.op.Activation;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Families have the published sizes and survive their directory. */
class FamiliesTest {
  @TempDir Path directory;

  static List<Family> families() {
    return List.of(
        new Gpt(11, 8, 8, 2, 2, true, Activation.Kind.GELU_TANH, 0.1),
        Gpt.nano(11, 8, 8, 2, 2, 0),
        new Bert(11, 8, 8, 2, 2, 16, 0.1, 0),
        new Bert(11, 8, 8, 2, 2, 16, 0.1, 3),
        new Seq2Seq(11, 8, 8, 2, 2, 16, 0.1, 0.1),
        new Llama(11, 8, 8, 4, 2, 2, 16, 10000, 1e-5, true),
        new Llama(11, 8, 8, 4, 2, 2, 16, 10000, 1e-5, false));
  }

  @ParameterizedTest
  @MethodSource("families")
  void aDirectoryGivesBackModelAndWeights(Family model) {
    Weights weights = Parameters.init(Program.of(model.trainable()), 3);
    new ModelDirectory(directory, model, weights, null).save();
    ModelDirectory opened = ModelDirectory.open(directory);
    assertEquals(
        JsonFile.text(model.config().json()), JsonFile.text(opened.model().config().json()));
    assertEquals(
        Graph.trace(model).parameterTypes().keySet(),
        Graph.trace(opened.model()).parameterTypes().keySet());
    assertEquals(logits(model, weights), logits(opened.model(), opened.weights()));
    assertEquals(weights.names(), opened.weights().names());
    weights
        .tensors()
        .forEach((path, tensor) -> assertTrue(tensor.equalsExactly(opened.weights().get(path))));
  }

  private static List<Double> logits(Family model, Weights weights) {
    SessionOptions options = SessionOptions.defaults().withPrecision(DType.F64);
    try (Session session = Engines.get("reference").open(Program.of(model), weights, options)) {
      HostTensor logits = session.run(Examples.of(model, 2, 3, 1)).get("logits");
      assertNotNull(logits);
      return DoubleStream.of(logits.toDoubleArray()).boxed().toList();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "gpt2, 124439808",
    "gpt2-medium, 354823168",
    "gpt2-large, 774030080",
    "gpt2-xl, 1557611200",
    "bert-base, 109514298",
    "tinyllama, 1100048384",
    "llama2-7b, 6738415616",
    "llama3-8b, 8030261248"
  })
  void publishedModelsHaveTheirPublishedNumberOfParameters(String name, long parameters) {
    Graph graph = Graph.trace(KnownModels.get(name));
    long counted =
        graph.parameterTypes().values().stream().mapToLong(t -> t.count().longSize()).sum();
    assertEquals(parameters, counted);
  }

  @Test
  void aSummaryCountsWhatTheGraphHolds() {
    Graph graph = Graph.trace(KnownModels.get("gpt2"));
    Summary summary = Summary.of(graph, Map.of("batch", 1L, "time", 1024L), DType.F32);
    assertEquals(124_439_808, summary.total().parameters());
    // 2 operations a weight and token in matrices, plus scores and their products with values
    long matrices = 2L * 1024 * (12L * 12 * 768 * 768 + 50257L * 768);
    long attention = 12L * 4 * 1024 * 1024 * 768;
    assertEquals(matrices + attention, summary.total().productFlops());
  }

  private void write(String json) throws IOException {
    Files.writeString(directory.resolve("config.json"), json);
  }

  @Test
  void anUnknownFamilyIsNamedWithThoseThatAreKnown() throws IOException {
    write("{\"model_type\": \"mamba\"}");
    UsageException e = assertThrows(UsageException.class, () -> ModelDirectory.open(directory));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains("mamba") && message.contains("gpt2"), message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "{}",
        "{\"model_type\": 7}",
        "{\"model_type\": \"gpt2\", \"vocab_size\": -1}",
        "{\"model_type\": \"gpt2\", \"vocab_size\": 2.5}",
        "{\"model_type\": \"gpt2\", \"quantization_config\": {\"bits\": 4}}",
        "{\"model_type\": \"llama\", \"rope_scaling\": {\"type\": \"yarn\"}}",
        "{\"model_type\": \"bert\", \"hidden_act\": \"swish9\"}"
      })
  void aDamagedOrUnsupportedConfigurationIsRefused(String json) throws IOException {
    write(json);
    assertThrows(FileFormatException.class, () -> ModelDirectory.open(directory));
  }

  @Test
  void weightsOfAnotherModelAreRefusedByName() {
    Gpt one = Gpt.nano(11, 8, 8, 2, 2, 0);
    Gpt other = Gpt.nano(11, 8, 16, 2, 2, 0);
    Weights weights = Parameters.init(Program.of(other), 3);
    new ModelDirectory(directory, one, weights, null).save();
    WeightsException e = assertThrows(WeightsException.class, () -> ModelDirectory.open(directory));
    assertTrue(String.valueOf(e.getMessage()).contains("transformer.wte.weight"), e.getMessage());
  }

  @Test
  void aDirectoryThatIsNotThereOrHasNoWeightsIsRefused() {
    assertThrows(StorageException.class, () -> ModelDirectory.open(directory.resolve("missing")));
    ModelDirectory.begin(directory, Gpt.nano(11, 8, 8, 2, 2, 0), null);
    assertThrows(StorageException.class, () -> ModelDirectory.open(directory));
  }

  @Test
  void weightsOnTheHubWithoutTheFirstPartOfTheNamesOpen() {
    Gpt model = Gpt.nano(11, 8, 8, 2, 2, 0);
    Weights weights = Parameters.init(Program.of(model), 3);
    new ModelDirectory(directory, model, weights, null).save();
    weights
        .rename(path -> path.replaceFirst("^transformer\\.", ""))
        .save(directory.resolve(ModelFiles.WEIGHTS));
    assertEquals(weights.names(), ModelDirectory.open(directory).weights().names());
    assertTrue(JsonFile.read(directory.resolve("config.json")).has("n_embd"));
  }
}
