package org.attention4j.conformance.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.nn.Model;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.spi.Decoding;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.AdamW;
import org.attention4j.train.NextToken;
import org.attention4j.train.ParameterGroup;
import org.attention4j.weights.Weights;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The blocks hold published families to the f64 values that Hugging Face's code recorded: logits,
 * cached decoding on a left-padded batch, and the losses of three steps of AdamW.
 */
final class HuggingFaceTest {
  private static final double EPSILON = 1e-11;
  private static final long IGNORED = -100;

  private static Model model(String family) {
    return switch (family) {
      case "gpt2" -> new TinyGpt(131, 64, 48, 4, 3, 0);
      case "gpt_neox" -> new NeoX();
      case "t5" -> new T5();
      default -> LlamaLike.named(family);
    };
  }

  private static Path folder(String family) {
    String golden = System.getProperty("attention4j.golden", "");
    assumeTrue(!golden.isEmpty(), "no folder of recorded values: -Dattention4j.golden=DIR");
    Path folder = Path.of(golden, family);
    assumeTrue(Files.isDirectory(folder), "no recorded values of " + family);
    return folder;
  }

  private static Weights read(Path folder, String file) {
    return Weights.load(folder.resolve(file)).copied();
  }

  private static Map<String, HostTensor> inputs(Model model, Weights io) {
    Map<String, HostTensor> inputs = new LinkedHashMap<>();
    model.inputs().keySet().forEach(name -> inputs.put(name, io.get("in." + name)));
    return inputs;
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "t5", "llama", "mistral", "qwen2", "gemma"})
  void logitsAreThoseOfHuggingFace(String family) {
    Path folder = folder(family);
    Model model = model(family);
    HostTensor expected = read(folder, "truth64.safetensors").get("out.logits");
    try (Session session = Runs.open(Program.of(model), read(folder, "model.safetensors"))) {
      Map<String, HostTensor> outputs = session.run(inputs(model, read(folder, "io.safetensors")));
      Runs.assertClose(expected, Runs.get(outputs, "logits"), EPSILON, family);
    }
  }

  /** Row 0 is padded on the left; position ids count from its first token. */
  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "llama", "mistral", "qwen2", "gemma"})
  void greedyDecodingOfALeftPaddedBatchThroughTheCacheDrawsTheSameTokens(String family) {
    Path folder = folder(family);
    Weights io = read(folder, "io.safetensors");
    Program program =
        Program.of(model(family))
            .with("attention_mask", TensorType.i64("batch", "past+time"))
            .with("position_ids", TensorType.i64("batch", "time"));
    HostTensor sequences = io.get("out.gen_left.sequences");
    HostTensor steps = io.get("out.gen_left.step_logits");
    HostTensor mask = io.get("in.gen_left.attention_mask");
    int prompt = (int) mask.dim(1);
    int total = (int) sequences.dim(1);
    HostTensor longMask = ones(2, total);
    HostTensor positions = HostTensor.zeros(DType.I64, 2, total);
    for (int b = 0; b < 2; b++) {
      long position = 0;
      for (int t = 0; t < total; t++) {
        boolean real = t >= prompt || mask.getLong((long) b * prompt + t) != 0;
        longMask.set((long) b * total + t, real ? 1L : 0L);
        positions.set((long) b * total + t, real ? position++ : 1L);
      }
    }
    try (Session session = Runs.open(program, read(folder, "model.safetensors"));
        Decoding decoding = session.decode()) {
      for (int step = 0; step < total - prompt; step++) {
        int from = step == 0 ? 0 : prompt + step - 1;
        int to = prompt + step;
        Map<String, HostTensor> inputs = new LinkedHashMap<>();
        inputs.put("input_ids", Runs.rows(sequences, from, to));
        inputs.put("attention_mask", Runs.rows(longMask, 0, to));
        inputs.put("position_ids", Runs.rows(positions, from, to));
        HostTensor logits = Runs.get(decoding.next(inputs), "logits");
        HostTensor last = Runs.rows(logits, to - from - 1, to - from);
        Runs.assertClose(Runs.rows(steps, step, step + 1), last, 1e-5, "f32 step " + step);
        for (int b = 0; b < 2; b++) {
          assertEquals(sequences.getLong((long) b * total + to), best(last, b), "step " + step);
        }
      }
    }
  }

  private static HostTensor ones(int batch, int time) {
    long[] ones = new long[batch * time];
    Arrays.fill(ones, 1);
    return HostTensor.of(ones, batch, time);
  }

  private static long best(HostTensor rows, int row) {
    int width = (int) rows.dim(2);
    int best = 0;
    for (int i = 1; i < width; i++) {
      if (rows.getDouble((long) row * width + i) > rows.getDouble((long) row * width + best)) {
        best = i;
      }
    }
    return best;
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "t5", "llama", "mistral", "qwen2", "gemma"})
  void theLossesOfThreeAdamStepsAreThoseOfPyTorch(String family) {
    Path folder = folder(family);
    Model model = model(family);
    Weights io = read(folder, "io.safetensors");
    Map<String, HostTensor> batch = inputs(model, io);
    HostTensor labels = io.get("in.train.labels");
    if (batch.containsKey("decoder_input_ids")) {
      batch.put("decoder_input_ids", shiftedRight(labels));
      batch.put("targets", labels);
    } else {
      batch.put("targets", shiftedLeft(labels));
    }
    AdamW optimizer = AdamW.lr(1e-3).betas(0.9, 0.95).decaying(List.of(ParameterGroup.all(0.1)));
    TrainerOptions options = TrainerOptions.of(optimizer).withPrecision(DType.F64);
    HostTensor losses = read(folder, "truth64.safetensors").get("train.losses");
    Program program = Program.of(new NextToken(model));
    try (Trainer trainer =
        new ReferenceEngine().train(program, read(folder, "model.safetensors"), options)) {
      for (int step = 0; step < 3; step++) {
        assertEquals(losses.getDouble(step), trainer.step(batch).loss(), 1e-10, "step " + step);
      }
      double last = Runs.get(trainer.evaluate(batch), "loss").getDouble(0);
      assertEquals(losses.getDouble(3), last, 1e-10, "after the last step");
    }
  }

  /** What follows each token; nothing follows the last. */
  private static HostTensor shiftedLeft(HostTensor labels) {
    HostTensor result = labels.copy();
    int time = (int) labels.dim(1);
    for (int i = 0; i < labels.size(); i++) {
      result.set(i, i % time == time - 1 ? IGNORED : labels.getLong(i + 1L));
    }
    return result;
  }

  /** A start token, 0, then the labels but the last; padding, 0, where they do not count. */
  private static HostTensor shiftedRight(HostTensor labels) {
    HostTensor result = labels.copy();
    int time = (int) labels.dim(1);
    for (int i = 0; i < labels.size(); i++) {
      result.set(i, i % time == 0 ? 0 : Math.max(0, labels.getLong(i - 1L)));
    }
    return result;
  }
}
