package org.attention4j.models.hostile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.attention4j.error.FileFormatException;
import org.attention4j.models.data.NextTokenBatches;
import org.attention4j.models.data.Split;
import org.attention4j.models.family.Gpt;
import org.attention4j.models.golden.GoldenReplay;
import org.attention4j.models.golden.GoldenRow;
import org.attention4j.models.input.ImageProcessor;
import org.attention4j.models.input.LogMel;
import org.attention4j.models.input.RgbImage;
import org.attention4j.models.input.Sound;
import org.attention4j.models.run.TrainingListener;
import org.attention4j.models.run.TrainingPlan;
import org.attention4j.models.run.TrainingRun;
import org.attention4j.models.token.CharTokenizer;
import org.attention4j.spi.Engines;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.train.AdamW;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A damaged or hostile file beside a model is read or refused by name:")
final class HostileInputsTest {
  private static final Path RESOURCES = Path.of("src/test/resources");
  private static final String PREPROCESSOR = "preprocessor_config.json";

  @TempDir Path directory;

  private void attack(String file, Mutator mutator, Attack.Target target, Path original)
      throws IOException {
    Attack.run(directory, Attack.rounds(), List.of(new Attack(original, file, mutator, target)));
  }

  @Test
  @DisplayName("preprocessor_config.json of images")
  void images() throws IOException {
    RgbImage image = RgbImage.read(RESOURCES.resolve("images/grey.png"));
    attack(
        PREPROCESSOR,
        Mutator.json(),
        model -> ImageProcessor.read(model).pixels(image),
        RESOURCES.resolve("images/classifier"));
  }

  @Test
  @DisplayName("preprocessor_config.json of sound")
  void sound() throws IOException {
    attack(
        PREPROCESSOR,
        Mutator.json(),
        model -> {
          LogMel mel = LogMel.read(model);
          mel.features(Sound.of(mel.rate(), new float[] {0.5f, -0.5f, 0.25f}));
        },
        RESOURCES.resolve("transcribe"));
  }

  @Test
  @DisplayName("grads.safetensors of recorded values, with the losses")
  void gradients() throws IOException {
    attack(
        "grads.safetensors",
        Mutator.safetensors(),
        folder ->
            GoldenReplay.run(folder, Engines.get("reference"), row -> {}).stream()
                .filter(row -> row.status() == GoldenRow.Status.FAILED)
                .findFirst()
                .ifPresent(
                    row -> {
                      throw new FileFormatException(folder, row.text()); // it was refused
                    }),
        RESOURCES.resolve("golden/llama_classes"));
  }

  /** A run of one step in a directory, or its resumption. */
  private static void train(Path out, boolean resume) {
    CharTokenizer tokenizer = CharTokenizer.of("abcdefgh", false);
    long[] ids = tokenizer.encode("abcdefghabcdefghabcdefghabcdefgh");
    new TrainingRun(
            new TrainingPlan(
                Engines.get("reference"),
                Gpt.nano(tokenizer.size(), 4, 8, 2, 1, 0),
                tokenizer,
                new NextTokenBatches(Split.of(ids, 0.5, 4), 2, 4, 1),
                TrainerOptions.of(AdamW.lr(1e-3)),
                new TrainingPlan.Pace(1, 1, 1, 1, 0),
                out,
                "corpus"),
            TrainingListener.NONE)
        .run(resume, () -> false);
  }

  @Test
  @DisplayName("losses.json of a training run that is resumed")
  void losses() throws IOException {
    Path run = Files.createDirectories(directory.resolve("run"));
    train(run, false);
    attack("losses.json", Mutator.json(), out -> train(out, true), run);
  }
}
