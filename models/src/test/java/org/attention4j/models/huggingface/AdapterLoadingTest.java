package org.attention4j.models.huggingface;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.attention4j.error.AttentionException;
import org.attention4j.error.UsageException;
import org.attention4j.models.store.JsonFile;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters of PEFT's with its various options: the same logits, or an error that says why not. */
class AdapterLoadingTest {
  private static final Path RECORDED = Path.of("src/test/resources/adapters");

  private static Checkpoint base(String model) {
    return HuggingFace.open(RECORDED.resolve(model).resolve("base"));
  }

  private static Path adapter(String model, String option) {
    return RECORDED.resolve(model).resolve(option);
  }

  @ParameterizedTest
  @CsvSource({
    "qwen2, alphas",
    "qwen2, layers",
    "qwen2, biases",
    "qwen2, own_biases",
    "qwen2, magnitudes",
    "qwen2, table",
    "qwen2, tokens",
    "qwen2, tokens_by_name",
    "gpt2, magnitudes",
    "gpt2, tied_tokens",
    "vit, newer_names"
  })
  void logitsAreThoseOfPeft(String model, String option) {
    Checkpoint adapted = base(model).adapted(adapter(model, option));
    Map<String, HostTensor> inputs =
        Weights.load(RECORDED.resolve(model).resolve("base/in.safetensors")).tensors();
    try (PretrainedSession session = adapted.session("reference", inputs.keySet())) {
      HostTensor logits = Objects.requireNonNull(session.run(inputs).get("logits"));
      HostTensor wanted =
          Weights.load(adapter(model, option).resolve("out.safetensors")).get("logits");
      assertArrayEquals(wanted.toFloatArray(), logits.toFloatArray(), 2e-5f);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "qwen2, changed_base, olora",
    "gpt2, tied, is tied to lm_head.weight",
    "gpt2, tied_head, is tied to transformer.wte.weight"
  })
  void whatWouldBecomeAnotherModelIsRefused(String model, String option, String reason) {
    AttentionException e =
        assertThrows(AttentionException.class, () -> base(model).adapted(adapter(model, option)));
    assertTrue(String.valueOf(e.getMessage()).contains(reason), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"target_modules", "alpha_pattern"})
  void patternsThatTakeForeverAreRefused(String entry, @TempDir Path directory) throws IOException {
    String endless = "(.|.)*\\1!";
    Path original = adapter("qwen2", "alphas");
    ObjectNode config = JsonFile.read(original.resolve("adapter_config.json"));
    if (entry.equals("alpha_pattern")) {
      config.putObject(entry).put(endless, 1);
    } else {
      config.put(entry, endless);
    }
    JsonFile.write(directory.resolve("adapter_config.json"), config);
    String weights = "adapter_model.safetensors";
    Files.copy(original.resolve(weights), directory.resolve(weights));
    AttentionException e =
        assertThrows(AttentionException.class, () -> base("qwen2").adapted(directory));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains("takes too long"), message);
    assertTrue(message.contains(directory.toString()), message);
  }

  @ParameterizedTest
  @CsvSource({"alphas", "biases", "own_biases", "magnitudes", "table", "tokens"})
  void onlyPlainAdaptersCanBeTrainedFurther(String option) {
    Checkpoint start = base("qwen2");
    Adapter adapter = Adapter.load(adapter("qwen2", option), start.model());
    List<String> inputs = List.of("input_ids", "labels");
    assertThrows(UsageException.class, () -> FineTuning.lowRank(start, inputs, adapter, false));
  }

  @ParameterizedTest
  @CsvSource({"layers"})
  void trainingGoesOnWithTheLayersThatTheFileHas(String option) {
    Checkpoint start = base("qwen2");
    Adapter adapter = Adapter.load(adapter("qwen2", option), start.model());
    FineTuning tuning = FineTuning.lowRank(start, List.of("input_ids", "labels"), adapter, false);
    List<String> adapted =
        tuning.initial(1).names().stream().filter(name -> name.contains("lora_A")).toList();
    assertTrue(
        adapted.size() == 2 && adapted.stream().allMatch(name -> name.contains("layers.1.")),
        adapted.toString());
  }
}
