package org.attention4j.models.finetune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.attention4j.error.EngineException;
import org.attention4j.models.cli.Main;
import org.attention4j.models.data.ExampleBatches;
import org.attention4j.models.huggingface.Adapter;
import org.attention4j.models.huggingface.AdapterConfig;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.FineTuning;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.PretrainedSession;
import org.attention4j.models.huggingface.Task;
import org.attention4j.models.run.TrainingListener;
import org.attention4j.models.run.TrainingPlan;
import org.attention4j.models.run.TrainingRun;
import org.attention4j.models.store.JsonFile;
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

/** Training of small Hugging Face directories, from the command line and from code. */
class FineTuneTest {
  private static final Path TOKENIZERS = Path.of("src/test/resources/tokenizers");
  private static final List<String> TEXTS =
      List.of(
          "the cat sat on the mat",
          "a dog ran to the house",
          "she has a red book",
          "they live in the old town",
          "we went home at night",
          "he said that he would come",
          "it is a good day",
          "the sun is over the hill");

  @TempDir Path directory;

  // ---- small directories

  private Path start(String family) throws Exception {
    Path from = directory.resolve(family);
    Files.createDirectories(from);
    String tokenizer =
        Map.of("gpt2", "bpe_gpt2", "bert", "wordpiece_uncased", "t5", "unigram_t5").get(family);
    Files.copy(
        TOKENIZERS.resolve(Objects.requireNonNull(tokenizer)).resolve("tokenizer.json"),
        from.resolve("tokenizer.json"));
    String config =
        switch (family) {
          case "gpt2" ->
              """
              {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": 600,
               "n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 32, "eos_token_id": 0,
               "bos_token_id": 0, "resid_pdrop": 0.1, "attn_pdrop": 0, "embd_pdrop": 0,
               "my_own_entry": [1, "two"]}
              """;
          case "bert" ->
              """
              {"model_type": "bert", "architectures": ["BertForMaskedLM"], "vocab_size": 500,
               "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
               "intermediate_size": 32, "max_position_embeddings": 32, "pad_token_id": 0,
               "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0,
               "my_own_entry": [1, "two"]}
              """;
          default ->
              """
              {"model_type": "t5", "architectures": ["T5ForConditionalGeneration"],
               "vocab_size": 400, "d_model": 16, "d_kv": 8, "d_ff": 32, "num_heads": 2,
               "num_layers": 1, "num_decoder_layers": 1, "decoder_start_token_id": 0,
               "eos_token_id": 1, "pad_token_id": 0, "dropout_rate": 0.1, "n_positions": 32,
               "my_own_entry": [1, "two"]}
              """;
        };
    Files.writeString(from.resolve("config.json"), config);
    return from;
  }

  private Path data(String objective) throws Exception {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 2 * TEXTS.size(); i++) {
      String text = TEXTS.get(i % TEXTS.size());
      String other = TEXTS.get((i + 1) % TEXTS.size());
      lines.add(
          switch (objective) {
            case "seq2seq", "contrastive" -> text + "\t" + other;
            case "classify" -> (text.contains("the") ? "with" : "without") + "\t" + text;
            default -> text;
          });
    }
    Path file = directory.resolve(objective + ".tsv");
    Files.writeString(file, String.join("\n", lines) + "\n");
    return file;
  }

  private static JsonNode run(String... arguments) throws Exception {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Main.execute(new PrintWriter(out), new PrintWriter(err), arguments);
    assertEquals(0, code, err.toString());
    return JsonFile.read(written(out.toString()));
  }

  private static Path written(String text) throws Exception {
    Path file = Files.createTempFile("result", ".json");
    Files.writeString(file, text, StandardCharsets.UTF_8);
    return file;
  }

  // ---- tests

  @ParameterizedTest
  @CsvSource({
    "causal, gpt2, CAUSAL_LM, reference",
    "masked, bert, MASKED_LM, djl",
    "seq2seq, t5, SEQ2SEQ_LM, djl",
    "classify, bert, SEQUENCE_CLASSIFICATION, djl",
    "classify, gpt2, SEQUENCE_CLASSIFICATION, reference",
    "contrastive, bert, FEATURES, djl"
  })
  void everyObjectiveLowersItsLossAndIsSavedAsADirectory(
      String objective, String family, Task task, String engine) throws Exception {
    assumeTrue(Engines.names().contains(engine), "engine " + engine + " cannot run here");
    Path out = directory.resolve("out");
    JsonNode result =
        run(
            "train",
            "--json",
            "--quiet",
            "--fresh",
            "--engine",
            engine,
            "--threads",
            "1",
            "--from",
            start(family).toString(),
            "--objective",
            objective,
            "--data",
            data(objective).toString(),
            "--out",
            out.toString(),
            "--steps",
            "40",
            "--batch",
            "8",
            "--learning-rate",
            "2e-2",
            "--evaluate-every",
            "20",
            "--evaluation-batches",
            "2",
            "--training-share",
            "0.8");
    double first = result.path("losses").path(0).path("training").asDouble();
    double last = result.path("training_loss").asDouble();
    assertTrue(last < 0.8 * first, first + " to " + last);
    assertTrue(Double.isFinite(result.path("whole_validation_loss").asDouble()));

    Checkpoint saved = HuggingFace.open(out);
    assertEquals(task, saved.model().task());
    JsonNode config = JsonFile.read(out.resolve("config.json"));
    assertEquals("[1,\"two\"]", config.path("my_own_entry").toString(), "entries are kept");
    assertTrue(Files.exists(out.resolve("tokenizer.json")));
    if (objective.equals("classify")) {
      assertEquals("without", config.path("id2label").path("1").asText());
    }
  }

  private record Parts(
      Checkpoint start, Lesson lesson, FineTuning tuning, TrainingPlan plan, Tokenizer tokenizer) {}

  private Parts parts(String engine, Path from, Path out, boolean adapter, long steps)
      throws Exception {
    Path file = data("seq2seq");
    String text = Files.readString(file);
    Checkpoint start = HuggingFace.fresh(from, 3);
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
    Path from = start("t5");
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
    List.of(whole, first, second).forEach(p -> p.tokenizer.close());
  }

  /** Losses, weights and dropout are the same when layers are computed again. */
  @ParameterizedTest
  @ValueSource(strings = {"reference", "djl"})
  void activationCheckpointingChangesNothingButMemory(String engine) throws Exception {
    assumeTrue(Engines.names().contains(engine), "engine " + engine + " cannot run here");
    Parts parts = parts(engine, start("t5"), directory.resolve("unused"), true, 3);
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

  private static double[] values(Checkpoint checkpoint, String path) {
    return checkpoint.weights().get(path).toDoubleArray();
  }

  /** A new head for classes on layers that predicted masked tokens; the layers stay. */
  @Test
  void anotherHeadKeepsTheLayers() throws Exception {
    Path masked = directory.resolve("masked");
    Path bert = start("bert");
    run(
        "train",
        "--json",
        "--quiet",
        "--fresh",
        "--engine",
        "reference",
        "--from",
        bert.toString(),
        "--data",
        data("masked").toString(),
        "--out",
        masked.toString(),
        "--steps",
        "1",
        "--max-length",
        "12");
    Path classes = directory.resolve("classes");
    JsonNode result =
        run(
            "train",
            "--json",
            "--quiet",
            "--engine",
            "reference",
            "--from",
            masked.toString(),
            "--objective",
            "classify",
            "--data",
            data("classify").toString(),
            "--out",
            classes.toString(),
            "--lora-rank",
            "2",
            "--lora-targets",
            "query,value",
            "--merge",
            "--steps",
            "2");
    assertTrue(
        result.path("trained_parameters").asLong() < result.path("parameters").asLong() / 4,
        result.toString());
    Checkpoint before = HuggingFace.open(masked);
    Checkpoint after = HuggingFace.open(classes);
    String frozen = "bert.encoder.layer.0.attention.self.key.weight";
    String adapted = "bert.encoder.layer.0.attention.self.query.weight";
    assertArrayEquals(values(before, frozen), values(after, frozen));
    assertFalse(Arrays.equals(values(before, adapted), values(after, adapted)));
    Adapter adapter = Adapter.load(classes.resolve(FineTuning.ADAPTER), after.model());
    assertTrue(adapter.weights().has("classifier.weight"), "the new head is in the adapter");
    assertArrayEquals(
        values(after, "classifier.weight"),
        adapter.weights().get("classifier.weight").toDoubleArray());
  }

  private static HostTensor logits(Checkpoint checkpoint, Map<String, HostTensor> inputs) {
    try (PretrainedSession session = checkpoint.session("reference", inputs.keySet())) {
      return Objects.requireNonNull(session.run(inputs).get("logits"));
    }
  }

  /** Merged, from the adapter beside it, and as one directory: the same model. */
  @Test
  void whatIsSavedComputesWhatWasTrained() throws Exception {
    Path from = start("t5");
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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--lora-rank 2 --lora-targets nothing",
        "--merge",
        "--width 32",
        "--objective sing",
        "--objective masked",
        "--lora-rank -1",
        "--score-examples 3 --objective causal",
        "--max-length 64",
        "--epochs 1 --batching sorted"
      })
  void mistakesAreErrorsThatSayWhatWouldBeRight(String mistake) throws Exception {
    Path out = directory.resolve("out");
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "train",
                "--quiet",
                "--fresh",
                "--engine",
                "reference",
                "--from",
                start("gpt2").toString(),
                "--data",
                data("causal").toString(),
                "--out",
                out.toString(),
                "--steps",
                "1"));
    arguments.addAll(List.of(mistake.split(" ")));
    StringWriter err = new StringWriter();
    int code =
        Main.execute(
            new PrintWriter(new StringWriter()),
            new PrintWriter(err),
            arguments.toArray(String[]::new));
    assertEquals(2, code, mistake + ": " + err);
    assertFalse(err.toString().contains("defect"), err.toString());
    assertFalse(Files.exists(out.resolve("model.safetensors")));
  }

  @Test
  void aRunIsResumedWithItsOwnOptionsOnly() throws Exception {
    Path out = directory.resolve("out");
    run(
        "train",
        "--json",
        "--quiet",
        "--fresh",
        "--engine",
        "reference",
        "--from",
        start("t5").toString(),
        "--data",
        data("seq2seq").toString(),
        "--out",
        out.toString(),
        "--lora-rank",
        "2",
        "--merge",
        "--steps",
        "2");
    JsonNode again = run("train", "--json", "--quiet", "--resume", "--out", out.toString());
    assertEquals(2, again.path("steps").asLong());
    assertTrue(again.path("finished").asBoolean());
    StringWriter err = new StringWriter();
    int code =
        Main.execute(
            new PrintWriter(new StringWriter()),
            new PrintWriter(err),
            "train",
            "--quiet",
            "--resume",
            "--out",
            out.toString(),
            "--lora-rank",
            "3");
    assertEquals(2, code, err.toString());
    assertTrue(err.toString().contains("--lora-rank was 2, not 3"), err.toString());
  }

  @Test
  void aBadLineIsNamedByItsNumber() throws Exception {
    Path file = directory.resolve("bad.tsv");
    Files.writeString(file, "a\tb\n\nonly one\n");
    StringWriter err = new StringWriter();
    int code =
        Main.execute(
            new PrintWriter(new StringWriter()),
            new PrintWriter(err),
            "train",
            "--quiet",
            "--fresh",
            "--engine",
            "reference",
            "--from",
            start("t5").toString(),
            "--data",
            file.toString(),
            "--out",
            directory.resolve("out").toString());
    assertEquals(2, code, err.toString());
    assertTrue(err.toString().contains("line 3"), err.toString());
  }
}
