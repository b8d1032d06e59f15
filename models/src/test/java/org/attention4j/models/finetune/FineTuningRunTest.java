package org.attention4j.models.finetune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.attention4j.error.EngineException;
import org.attention4j.error.UsageException;
import org.attention4j.models.data.ExampleBatches;
import org.attention4j.models.huggingface.Adapter;
import org.attention4j.models.huggingface.AdapterConfig;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.FineTuning;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.PretrainedSession;
import org.attention4j.models.run.TrainingListener;
import org.attention4j.models.run.TrainingPlan;
import org.attention4j.models.run.TrainingRun;
import org.attention4j.models.token.Tokenizer;
import org.attention4j.models.token.Tokenizers;
import org.attention4j.spi.Engines;
import org.attention4j.spi.StepResult;
import org.attention4j.spi.Trainer;
import org.attention4j.spi.TrainerOptions;
import org.attention4j.tensor.HostTensor;
import org.attention4j.train.AdamW;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Training of small Hugging Face directories from code: resumed, checkpointed, and saved. */
class FineTuningRunTest {
  @TempDir Path directory;

  private record Parts(
      Checkpoint start, Lesson lesson, FineTuning tuning, TrainingPlan plan, Tokenizer tokenizer) {}

  private Parts parts(String engine, Path from, Path out, boolean adapter, long steps)
      throws Exception {
    return parts(engine, from, out, adapter, steps, 3);
  }

  private Parts parts(
      String engine, Path from, Path out, boolean adapter, long steps, long weightSeed)
      throws Exception {
    Path file = SmallDirectories.data(directory, "seq2seq");
    String text = Files.readString(file);
    Checkpoint start = HuggingFace.fresh(from, weightSeed);
    Tokenizer tokenizer = Tokenizers.load(from);
    Lesson lesson =
        Lesson.read(
            start, tokenizer, file, text, new Lesson.Request(Objective.SEQ2SEQ, 0, false, true, 3));
    AdapterConfig config =
        AdapterConfig.of(2, 4, 0.2, List.of("q", "wo")).on(from.toString(), List.of());
    FineTuning tuning =
        adapter
            ? FineTuning.lowRank(start, lesson.inputs(), Adapter.fresh(config), true)
            : FineTuning.full(start, lesson.inputs());
    ExampleBatches batches =
        new ExampleBatches(
            lesson.examples(), 0.8, lesson.collator(), 4, ExampleBatches.Order.BUCKETED, 3);
    AdamW usual = AdamW.lr(1e-2);
    TrainerOptions options =
        TrainerOptions.of(usual.decaying(tuning.groups(usual.groups())))
            .clip(1)
            .withSeed(3)
            .withThreads(1);
    TrainingPlan plan =
        new TrainingPlan(
            Engines.get(engine),
            start.model(),
            tokenizer,
            tuning,
            batches,
            options,
            new TrainingPlan.Pace(steps, 2, 0, 2, 0),
            out,
            "corpus");
    return new Parts(start, lesson, tuning, plan, tokenizer);
  }

  /** With dropout of the model and of the adapter, over more than one epoch. */
  @ParameterizedTest
  @CsvSource({"reference, true", "djl, true", "djl, false"})
  void aRunThatWasStoppedGoesOnWithTheSameBits(String engine, boolean adapter) throws Exception {
    assumeTrue(Engines.names().contains(engine), "engine " + engine + " cannot run here");
    Path from = SmallDirectories.start(directory, "t5");
    Parts whole = parts(engine, from, directory.resolve("whole"), adapter, 5);
    TrainingRun.Outcome expected =
        new TrainingRun(whole.plan, TrainingListener.NONE).run(false, () -> false);

    AtomicInteger steps = new AtomicInteger();
    TrainingListener counter =
        new TrainingListener() {
          @Override
          public void stepped(StepResult result, long tokens) {
            steps.incrementAndGet();
          }
        };
    Path out = directory.resolve("parts");
    Parts first = parts(engine, from, out, adapter, 5);
    assertFalse(new TrainingRun(first.plan, counter).run(false, () -> steps.get() >= 2).finished());
    Parts second = parts(engine, from, out, adapter, 5);
    TrainingRun.Outcome resumed =
        new TrainingRun(second.plan, TrainingListener.NONE).run(true, () -> false);
    assertEquals(5, resumed.step());
    expected
        .weights()
        .tensors()
        .forEach((p, w) -> assertTrue(w.equalsExactly(resumed.weights().get(p)), p));
    assertEquals(expected.wholeValidation(), resumed.wholeValidation());
    if (!adapter) { // what is read again is what was trained, bit by bit
      HuggingFace.open(out)
          .weights()
          .tensors()
          .forEach((p, w) -> assertTrue(w.equalsExactly(resumed.weights().get(p)), p));
    }
    List.of(whole, first, second).forEach(p -> p.tokenizer.close());
  }

  /** The weights that do not learn stay out of the file; a resumed run must start from the same. */
  @Test
  void theCheckpointOfAnAdapterHoldsOnlyWhatLearns() throws Exception {
    Path from = SmallDirectories.start(directory, "t5");
    Path out = directory.resolve("adapter");
    Parts parts = parts("reference", from, out, true, 1);
    new TrainingRun(parts.plan, TrainingListener.NONE).run(false, () -> false);
    List<String> names =
        Weights.load(out.resolve(TrainingRun.CHECKPOINT)).names().stream().toList();
    assertTrue(names.stream().anyMatch(n -> n.startsWith("parameter.")), names.toString());
    assertTrue(names.stream().allMatch(n -> n.contains("lora_")), names.toString());

    Parts more = parts("reference", from, out, true, 2);
    assertEquals(
        2, new TrainingRun(more.plan, TrainingListener.NONE).run(true, () -> false).step());
    Parts other = parts("reference", from, out, true, 3, 4);
    TrainingRun wrong = new TrainingRun(other.plan, TrainingListener.NONE);
    UsageException error = assertThrows(UsageException.class, () -> wrong.run(true, () -> false));
    assertTrue(String.valueOf(error.getMessage()).contains("fingerprint"), error.getMessage());
    List.of(parts, more, other).forEach(p -> p.tokenizer.close());
  }

  /** Losses, weights and dropout are the same when layers are computed again. */
  @ParameterizedTest
  @ValueSource(strings = {"reference", "djl"})
  void activationCheckpointingChangesNothingButMemory(String engine) throws Exception {
    assumeTrue(Engines.names().contains(engine), "engine " + engine + " cannot run here");
    Parts parts =
        parts(
            engine, SmallDirectories.start(directory, "t5"), directory.resolve("unused"), true, 3);
    List<Weights> trained = new ArrayList<>();
    for (boolean again : new boolean[] {false, true}) {
      TrainerOptions options = parts.plan.options().recomputing(again);
      Weights initial = parts.tuning.initial(3);
      try (Trainer trainer = parts.plan.engine().train(parts.tuning.program(), initial, options)) {
        for (int i = 0; i < 3; i++) {
          trainer.step(parts.plan.batches().training(i));
        }
        trained.add(trainer.weights());
        assertEquals(
            again && engine.equals("djl"), trainer.description().contains("computed again"));
      } catch (EngineException e) {
        assertTrue(again && String.valueOf(e.getMessage()).contains("attention kernel"));
        assumeTrue(false, "no attention kernel here: " + e.getMessage());
      }
    }
    for (String path : trained.get(0).names()) {
      HostTensor one = trained.get(0).get(path);
      HostTensor two = trained.get(1).get(path);
      for (long i = 0; i < one.size(); i++) {
        double allowed = engine.equals("reference") ? 0 : 1e-5;
        assertEquals(one.getDouble(i), two.getDouble(i), allowed, path);
      }
    }
    parts.tokenizer.close();
  }

  private static HostTensor logits(Checkpoint checkpoint, Map<String, HostTensor> inputs) {
    try (PretrainedSession session = checkpoint.session("reference", inputs.keySet())) {
      return Objects.requireNonNull(session.run(inputs).get("logits"));
    }
  }

  /** Merged, from the adapter beside it, and as one directory: the same model. */
  @Test
  void whatIsSavedComputesWhatWasTrained() throws Exception {
    Path from = SmallDirectories.start(directory, "t5");
    Path out = directory.resolve("merged");
    Parts parts = parts("reference", from, out, true, 3);
    TrainingRun.Outcome outcome =
        new TrainingRun(parts.plan, TrainingListener.NONE).run(false, () -> false);
    Map<String, HostTensor> batch = new LinkedHashMap<>(parts.plan.batches().wholeValidation(0));
    HostTensor labels = Objects.requireNonNull(batch.remove("labels"));
    HostTensor ids = HostTensor.of(new long[(int) labels.size()], labels.shape());
    batch.put("decoder_input_ids", ids);
    Checkpoint merged = HuggingFace.open(out);
    HostTensor expected = logits(merged, batch);
    HostTensor start = logits(parts.start, batch);
    Checkpoint adapted = parts.start.adapted(out.resolve(FineTuning.ADAPTER));
    assertTrue(expected.equalsExactly(logits(adapted, batch)));
    assertFalse(expected.equalsExactly(start), "training changed nothing");
    assertTrue(outcome.weights().names().containsAll(merged.weights().names()), "all of the model");
    assertEquals(
        Set.of("shared.weight"),
        Weights.load(out).names().stream()
            .filter(n -> n.contains("shared") || n.contains("embed") || n.contains("lm_head"))
            .collect(Collectors.toSet()),
        "the tied table once");
    parts.tokenizer.close();
  }
}
