package org.attention4j.models.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.generate.Generation;
import org.attention4j.generate.GenerationOptions;
import org.attention4j.generate.Generator;
import org.attention4j.generate.Sampling;
import org.attention4j.models.directory.ModelDirectory;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.weights.Weights;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Prompts of different lengths are continued as recorded; needs the golden files. */
class GoldenGenerationTest {
  private static final String FOLDER = "attention4j.golden";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt2",
        "llama",
        "llama_linear_rope",
        "mistral",
        "qwen2",
        "gemma",
        "gpt_neox",
        "opt"
      })
  void leftPaddedPromptsAreContinuedAsRecorded(String name) {
    String folder = System.getProperty(FOLDER, "");
    assumeTrue(!folder.isEmpty(), "no golden files: pass -D" + FOLDER + "=DIR");
    Path path = Path.of(folder).resolve(name);
    ModelDirectory directory = ModelDirectory.open(path);
    Weights io = Weights.load(path.resolve("io.safetensors"));
    HostTensor ids = io.get("in.gen_left.input_ids");
    HostTensor mask = io.get("in.gen_left.attention_mask");
    HostTensor sequences = io.get("out.gen_left.sequences");
    int time = (int) ids.dim(1);
    int whole = (int) sequences.dim(1);
    List<long[]> prompts = new ArrayList<>();
    List<List<Long>> expected = new ArrayList<>();
    for (int row = 0; row < ids.dim(0); row++) {
      List<Long> prompt = new ArrayList<>();
      for (int i = row * time; i < (row + 1) * time; i++) {
        if (mask.getLong(i) != 0) {
          prompt.add(ids.getLong(i));
        }
      }
      prompts.add(prompt.stream().mapToLong(id -> id).toArray());
      List<Long> tokens = new ArrayList<>();
      for (int i = row * whole + time; i < (row + 1) * whole; i++) {
        tokens.add(sequences.getLong(i));
      }
      expected.add(tokens);
    }
    GenerationOptions options =
        GenerationOptions.of(whole - time, directory.model().context(), Sampling.greedy());
    try (Session session =
        Engines.get("reference")
            .open(
                Generator.batched(directory.program()),
                directory.weights(),
                SessionOptions.defaults())) {
      List<Generation> got = Generator.decoder(session).generateAll(prompts, options);
      assertEquals(expected, got.stream().map(Generation::tokens).toList());
    }
  }
}
