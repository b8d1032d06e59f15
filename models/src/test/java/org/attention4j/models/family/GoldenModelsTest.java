package org.attention4j.models.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.models.store.ModelDirectory;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Directories written by Hugging Face's library open as they are and give its float64 logits. */
class GoldenModelsTest {
  private static final String FOLDER = "attention4j.golden";

  private static Path directory(String name) {
    String folder = System.getProperty(FOLDER, "");
    assumeTrue(!folder.isEmpty(), "no golden files: pass -D" + FOLDER + "=DIR");
    return Path.of(folder).resolve(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "llama", "bert_mlm"})
  void logitsEqualThoseOfHuggingFaceInFloat64(String name) {
    Path path = directory(name);
    ModelDirectory directory = ModelDirectory.open(path);
    Weights io = Weights.load(path.resolve("io.safetensors"));
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    for (String input : List.of("input_ids", "attention_mask", "token_type_ids")) {
      if (io.has("in." + input)) {
        inputs.put(input, io.get("in." + input));
      }
    }
    HostTensor truth = Weights.load(path.resolve("truth64.safetensors")).get("out.logits");
    HostTensor logits = logits(directory, inputs);
    assertEquals(truth.size(), logits.size());
    assertTrue(worst(truth, logits) < 1e-10, "difference " + worst(truth, logits));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "llama"})
  void paddingChangesNothingWhereThereAreTokens(String name) {
    Path path = directory(name);
    ModelDirectory directory = ModelDirectory.open(path);
    Weights io = Weights.load(path.resolve("io.safetensors"));
    HostTensor mask = io.get("in.padded.attention_mask");
    HostTensor logits =
        logits(
            directory, Map.of("input_ids", io.get("in.padded.input_ids"), "attention_mask", mask));
    HostTensor expected = io.get("out.padded.logits");
    long vocabulary = expected.dim(2);
    double worst = 0;
    for (long i = 0; i < expected.size(); i++) {
      if (mask.getLong(i / vocabulary) != 0) {
        worst = Math.max(worst, Math.abs(expected.getDouble(i) - logits.getDouble(i)));
      }
    }
    assertTrue(worst < 2e-5, "difference " + worst); // the file holds float32
  }

  private static HostTensor logits(ModelDirectory directory, Map<String, HostTensor> inputs) {
    Map<String, TensorType> types = new LinkedHashMap<>();
    inputs.keySet().forEach(name -> types.put(name, TensorType.i64("batch", "time")));
    Program program = new Program(directory.model(), types);
    SessionOptions options = SessionOptions.defaults().withPrecision(DType.F64);
    try (Session session = Engines.get("reference").open(program, directory.weights(), options)) {
      Map<String, HostTensor> cast = new LinkedHashMap<>();
      inputs.forEach((name, value) -> cast.put(name, value.cast(DType.I64)));
      return session.run(cast).getOrDefault("logits", HostTensor.scalar(0.0));
    }
  }

  private static double worst(HostTensor a, HostTensor b) {
    double worst = 0;
    for (long i = 0; i < a.size(); i++) {
      worst = Math.max(worst, Math.abs(a.getDouble(i) - b.getDouble(i)));
    }
    return worst;
  }
}
