package org.attention4j.models.finetune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.FineTuning;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.models.token.Tokenizers;
import org.attention4j.spi.Engines;
import org.attention4j.spi.StepResult;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.Schedule;
import org.attention4j.train.Sgd;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** However a batch is cut, the optimizer's step is that of the whole batch. */
class MicroBatchesTest {
  private static final List<String> LINES =
      List.of(
          "the cat\tshe has a red book and a dog",
          "a dog ran to the house at night\tit",
          "we went home\tthey live in the old town",
          "he said that he would come at night to the old house\tthe sun is over the hill");
  private static final TrainerOptions DESCENT =
      TrainerOptions.of(Sgd.of(Schedule.constant(0.5))).withThreads(1);

  @TempDir Path directory;

  /** A step's loss and norm, and the weights after it. */
  private record Step(StepResult result, Weights weights) {}

  private static Step step(
      String engine,
      FineTuning tuning,
      TrainerOptions options,
      List<Map<String, HostTensor>> batches) {
    try (Trainer trainer =
        Engines.get(engine).train(tuning.program(), tuning.initial(5), options)) {
      return new Step(trainer.step(batches), trainer.weights());
    }
  }

  /** One row of each input without its padding. */
  private static Map<String, HostTensor> row(Map<String, HostTensor> batch, long row) {
    HostTensor labels = Objects.requireNonNull(batch.get("labels"));
    HostTensor mask = batch.get("attention_mask"); // none in causal batches
    Map<String, HostTensor> result = new LinkedHashMap<>();
    batch.forEach(
        (name, whole) -> {
          int time = 0;
          for (int i = 0; i < whole.dim(1); i++) {
            long at = row * whole.dim(1) + i;
            boolean real =
                (mask != null && whole.dim(1) == mask.dim(1))
                    ? mask.getLong(at) != 0
                    : labels.getLong(at) != -100;
            time = real ? i + 1 : time;
          }
          long[] ids = new long[time];
          for (int i = 0; i < time; i++) {
            ids[i] = whole.getLong(row * whole.dim(1) + i);
          }
          result.put(name, HostTensor.of(ids, 1, time));
        });
    return result;
  }

  private static void same(Step expected, Step got, String what) {
    assertEquals(expected.result.loss(), got.result.loss(), 2e-6 * expected.result.loss(), what);
    assertEquals(
        expected.result.gradientNorm(),
        got.result.gradientNorm(),
        2e-5 * expected.result.gradientNorm(),
        what);
    for (String path : expected.weights.names()) {
      HostTensor one = expected.weights.get(path);
      HostTensor two = got.weights.get(path);
      for (long i = 0; i < one.size(); i++) {
        assertEquals(one.getDouble(i), two.getDouble(i), 1e-5, what + " " + path);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "causal, gpt2, reference",
    "masked, bert, djl",
    "seq2seq, t5, reference",
    "causal, gpt2, djl",
    "seq2seq, t5, djl",
    "seq2seq, t5, onnx"
  })
  void oneStepOfFourUnevenPartsIsThatOfTheWhole(String objective, String family, String engine)
      throws Exception {
    assumeTrue(Engines.names().contains(engine), "engine " + engine + " cannot run here");
    Path from = SmallDirectories.start(directory, family);
    Path config = from.resolve("config.json");
    Files.writeString(config, Files.readString(config).replaceAll("0\\.1", "0"));
    boolean pairs = objective.equals("seq2seq");
    String text =
        String.join("\n", LINES.stream().map(l -> pairs ? l : l.replace('\t', ' ')).toList());
    Checkpoint start = HuggingFace.fresh(from, 5);
    Objective kind = Objective.of(objective);
    Lesson.Request request = new Lesson.Request(kind, 0, false, true, 5);
    try (Tokenizer tokenizer = Tokenizers.load(from)) {
      Lesson lesson = Lesson.read(start, tokenizer, directory.resolve("data.tsv"), text, request);
      FineTuning tuning = FineTuning.full(start, lesson.inputs());
      Map<String, HostTensor> whole =
          lesson.collator().collate(lesson.examples(), new SplittableRandom(4));
      List<Map<String, HostTensor>> rows = new ArrayList<>();
      for (int i = 0; i < LINES.size(); i++) {
        rows.add(row(whole, i));
      }
      assertTrue(
          rows.stream().map(r -> tuning.program().model().lossTerms(r)).distinct().count() > 1,
          "the parts must differ in what counts");
      Step once = step(engine, tuning, DESCENT, List.of(whole));
      same(once, step(engine, tuning, DESCENT, rows), "micro-batches");
      if (engine.equals("djl")) {
        TrainerOptions cut = DESCENT.with("shards", "4");
        same(once, step(engine, tuning, cut, List.of(whole)), "shards");
      }
    }
  }
}
