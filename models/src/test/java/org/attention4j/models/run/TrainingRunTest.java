package org.attention4j.models.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.attention4j.models.data.MaskedBatches;
import org.attention4j.models.data.NextTokenBatches;
import org.attention4j.models.data.PairBatches;
import org.attention4j.models.data.SpanishSentences;
import org.attention4j.models.data.Split;
import org.attention4j.models.family.Bert;
import org.attention4j.models.family.Family;
import org.attention4j.models.family.Gpt;
import org.attention4j.models.family.Llama;
import org.attention4j.models.family.Seq2Seq;
import org.attention4j.models.token.CharTokenizer;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.models.token.WordTokenizer;
import org.attention4j.spi.Engine;
import org.attention4j.spi.Engines;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.StepResult;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.AdamW;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Training lowers the loss on every engine that trains, and resumes bit by bit. */
class TrainingRunTest {
  private static final String TEXT = SpanishSentences.text(200, 1);
  private static final long SEED = 5;

  @TempDir Path directory;

  private static Engine engine(String name) {
    assumeTrue(Engines.names().contains(name), "engine " + name + " cannot run here");
    return Engines.get(name);
  }

  private static TrainingPlan plan(
      String engine, Family model, Tokenizer tokenizer, long steps, Path directory, String corpus) {
    NextTokenBatches batches =
        new NextTokenBatches(Split.of(tokenizer.encode(TEXT), 0.9, 8), 4, 8, SEED);
    TrainerOptions options =
        TrainerOptions.of(AdamW.lr(1e-2)).clip(1).withSeed(SEED).withThreads(1);
    return new TrainingPlan(
        engine(engine),
        model,
        tokenizer,
        batches,
        options,
        new TrainingPlan.Pace(steps, 2, 0, 2, 0),
        directory,
        corpus);
  }

  private static void assertSame(Weights expected, Weights got) {
    assertEquals(expected.names(), got.names());
    expected
        .tensors()
        .forEach((path, tensor) -> assertTrue(tensor.equalsExactly(got.get(path)), path));
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "djl"})
  void aRunThatWasStoppedEndsWithTheSameBitsAsOneThatWasNot(String engine) {
    try (Tokenizer tokenizer = CharTokenizer.of(TEXT, false)) {
      Gpt model = Gpt.nano(tokenizer.size(), 8, 16, 2, 1, 0.1); // dropout, too, must go on
      TrainingPlan whole = plan(engine, model, tokenizer, 7, directory.resolve("whole"), "same");
      TrainingRun.Outcome expected =
          new TrainingRun(whole, TrainingListener.NONE).run(false, () -> false);

      TrainingPlan parts = plan(engine, model, tokenizer, 7, directory.resolve("parts"), "same");
      AtomicInteger steps = new AtomicInteger();
      TrainingListener counter =
          new TrainingListener() {
            @Override
            public void stepped(StepResult result, long tokens) {
              steps.incrementAndGet();
            }
          };
      TrainingRun.Outcome stopped =
          new TrainingRun(parts, counter).run(false, () -> steps.get() >= 3);
      assertEquals(3, stopped.step());
      assertTrue(!stopped.finished());
      TrainingRun.Outcome resumed =
          new TrainingRun(parts, TrainingListener.NONE).run(true, () -> false);
      assertEquals(7, resumed.step());
      assertSame(expected.weights(), resumed.weights());
      assertEquals(expected.wholeValidation(), resumed.wholeValidation());
    }
  }

  @Test
  void anEstimateThatWasStoppedIsMadeAgainByTheResumedRun() {
    try (Tokenizer tokenizer = CharTokenizer.of(TEXT, false)) {
      Gpt model = Gpt.nano(tokenizer.size(), 8, 16, 2, 1, 0);
      TrainingPlan whole = estimating(model, tokenizer, directory.resolve("whole"));
      TrainingRun.Outcome expected =
          new TrainingRun(whole, TrainingListener.NONE).run(false, () -> false);
      List<Long> steps = expected.curve().stream().map(Evaluation::step).toList();
      assertEquals(List.of(0L, 2L, 3L), steps);
      for (int asked : List.of(2, 5, 6)) { // in the training sample, in validation, behind it
        TrainingPlan parts = estimating(model, tokenizer, directory.resolve("after" + asked));
        AtomicInteger calls = new AtomicInteger();
        TrainingRun.Outcome stopped =
            new TrainingRun(parts, TrainingListener.NONE)
                .run(false, () -> calls.incrementAndGet() >= asked);
        assertEquals(0, stopped.step());
        assertEquals(List.of(), stopped.curve());
        TrainingRun.Outcome resumed =
            new TrainingRun(parts, TrainingListener.NONE).run(true, () -> false);
        assertSame(expected.weights(), resumed.weights());
        assertEquals(
            expected.curve().stream().map(Evaluation::validation).toList(),
            resumed.curve().stream().map(Evaluation::validation).toList());
      }
    }
  }

  private static TrainingPlan estimating(Gpt model, Tokenizer tokenizer, Path directory) {
    TrainingPlan plan = plan("reference", model, tokenizer, 3, directory, "same");
    TrainingPlan.Pace pace = new TrainingPlan.Pace(3, 2, 2, 2, 0);
    return new TrainingPlan(
        plan.engine(),
        model,
        tokenizer,
        plan.batches(),
        plan.options(),
        pace,
        directory,
        plan.corpus());
  }

  @Test
  void resumingWithAnotherCorpusOrNoCheckpointIsRefused() {
    try (Tokenizer tokenizer = CharTokenizer.of(TEXT, false)) {
      Gpt model = Gpt.nano(tokenizer.size(), 8, 16, 2, 1, 0);
      TrainingPlan plan = plan("reference", model, tokenizer, 1, directory, "one");
      TrainingRun run = new TrainingRun(plan, TrainingListener.NONE);
      assertThrows(StorageException.class, () -> run.run(true, () -> false));
      run.run(false, () -> false);
      TrainingPlan other = plan("reference", model, tokenizer, 2, directory, "other");
      assertThrows(
          UsageException.class,
          () -> new TrainingRun(other, TrainingListener.NONE).run(true, () -> false));
    }
  }

  private static double[] losses(
      Engine engine, Family model, Map<String, HostTensor> batch, int steps) {
    Program program = Program.of(model.trainable());
    Weights initial = Parameters.init(program, 1);
    TrainerOptions options = TrainerOptions.of(AdamW.lr(1e-2)).clip(1).withThreads(1);
    double[] losses = new double[steps];
    try (Trainer trainer = engine.train(program, initial, options)) {
      for (int i = 0; i < steps; i++) {
        losses[i] = trainer.step(batch).loss();
      }
    }
    return losses;
  }

  /** One batch learned by heart: the loss must fall below half of its first value. */
  private static void learns(Family model, Map<String, HostTensor> batch) {
    double[] oracle = losses(engine("reference"), model, batch, 24);
    assertTrue(oracle[23] < oracle[0] / 2, oracle[0] + " to " + oracle[23]);
    if (Engines.names().contains("djl")) {
      double[] other = losses(engine("djl"), model, batch, 24);
      for (int i = 0; i < 4; i++) {
        assertEquals(oracle[i], other[i], 1e-3 * Math.abs(oracle[i]), "loss of step " + i);
      }
    }
  }

  private static NextTokenBatches windows(Tokenizer tokenizer) {
    return new NextTokenBatches(Split.of(tokenizer.encode(TEXT), 0.9, 8), 2, 8, SEED);
  }

  @Test
  void aGptLearnsAlikeOnReferenceAndPyTorch() {
    try (Tokenizer tokenizer = WordTokenizer.of(TEXT, false)) {
      learns(Gpt.nano(tokenizer.size(), 8, 16, 2, 1, 0), windows(tokenizer).training(0));
    }
  }

  @Test
  void aLlamaLearnsAlikeOnReferenceAndPyTorch() {
    try (Tokenizer tokenizer = WordTokenizer.of(TEXT, false)) {
      Llama model = new Llama(tokenizer.size(), 8, 16, 4, 2, 1, 24, 10000, 1e-5, true);
      learns(model, windows(tokenizer).training(0));
    }
  }

  @Test
  void aBertLearnsToFillMasksAlikeOnReferenceAndPyTorch() {
    try (Tokenizer tokenizer = WordTokenizer.of(TEXT, true)) {
      MaskedBatches masked = new MaskedBatches(windows(tokenizer), 3, 5, tokenizer.size());
      learns(new Bert(tokenizer.size(), 8, 16, 2, 1, 32, 0, 0), masked.training(0));
    }
  }

  @Test
  void aBertLearnsToClassifyAlikeOnReferenceAndPyTorch() {
    try (Tokenizer tokenizer = WordTokenizer.of(TEXT, true)) {
      Map<String, HostTensor> batch = new LinkedHashMap<>(windows(tokenizer).training(0));
      batch.put("targets", HostTensor.of(new long[] {2, 0}, 2));
      learns(new Bert(tokenizer.size(), 8, 16, 2, 1, 32, 0, 3), batch);
    }
  }

  @Test
  void aTranslatorLearnsAlikeOnReferenceAndPyTorch() {
    String pairs = "el gato\tthe cat\nel perro\tthe dog\nla vaca\tthe cow\n".repeat(7);
    try (Tokenizer tokenizer = WordTokenizer.of(pairs, true)) {
      PairBatches batches = PairBatches.of(Path.of("pairs"), pairs, tokenizer, 8, 3, SEED);
      learns(new Seq2Seq(tokenizer.size(), 8, 16, 2, 1, 32, 0, 0), batches.training(0));
    }
  }
}
