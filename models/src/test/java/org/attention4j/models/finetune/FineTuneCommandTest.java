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
import java.util.List;
import org.attention4j.models.cli.Main;
import org.attention4j.models.huggingface.Adapter;
import org.attention4j.models.huggingface.Checkpoint;
import org.attention4j.models.huggingface.FineTuning;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.store.JsonFile;
import org.attention4j.spi.Engines;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Training of small Hugging Face directories from the command line. */
class FineTuneCommandTest {
  @TempDir Path directory;

  private static JsonNode run(String... arguments) throws Exception {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Main.execute(new PrintWriter(out), new PrintWriter(err), arguments);
    assertEquals(0, code, err.toString());
    return JsonFile.read(written(out.toString()));
  }

  /** Trains with options that follow the paths. */
  private static JsonNode train(Path from, Path data, Path out, String options) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("train", "--json", "--quiet"));
    arguments.addAll(List.of("--from", from.toString(), "--data", data.toString()));
    arguments.addAll(List.of("--out", out.toString()));
    arguments.addAll(List.of(options.split(" ")));
    return run(arguments.toArray(String[]::new));
  }

  private static Path written(String text) throws Exception {
    Path file = Files.createTempFile("result", ".json");
    Files.writeString(file, text, StandardCharsets.UTF_8);
    return file;
  }

  @ParameterizedTest
  @CsvSource({
    "causal, gpt2, CAUSAL_LM, reference",
    "masked, bert, MASKED_LM, djl",
    "seq2seq, t5, SEQ2SEQ_LM, djl",
    "classify, bert, SEQUENCE_CLASSIFICATION, djl",
    "classify, gpt2, SEQUENCE_CLASSIFICATION, reference",
    "contrastive, bert, FEATURES, djl",
    "multi-label, bert, SEQUENCE_CLASSIFICATION, djl",
    "regress, bert, SEQUENCE_CLASSIFICATION, djl",
    "classify-tokens, bert, TOKEN_CLASSIFICATION, djl",
    "answer, bert, QUESTION_ANSWERING, reference"
  })
  void everyObjectiveLowersItsLossAndIsSavedAsADirectory(
      String objective, String family, Task task, String engine) throws Exception {
    assumeTrue(Engines.names().contains(engine), "engine " + engine + " cannot run here");
    Path out = directory.resolve("out");
    JsonNode result =
        train(
            SmallDirectories.start(directory, family),
            SmallDirectories.data(directory, objective),
            out,
            "--fresh --engine "
                + engine
                + " --threads 1 --objective "
                + objective
                + " --steps 40 --batch 8 --learning-rate 2e-2 --evaluate-every 20"
                + " --evaluation-batches 2 --training-share 0.8");
    double first = result.path("losses").path(0).path("training").asDouble();
    double last = result.path("training_loss").asDouble();
    assertTrue(last < 0.8 * first, first + " to " + last);
    assertTrue(Double.isFinite(result.path("whole_validation_loss").asDouble()));

    Checkpoint saved = HuggingFace.open(out);
    assertEquals(task, saved.model().task());
    JsonNode config = JsonFile.read(out.resolve("config.json"));
    assertEquals("[1,\"two\"]", config.path("my_own_entry").toString(), "entries are kept");
    assertTrue(Files.exists(out.resolve("tokenizer.json")));
    String label = config.path("id2label").path("1").asText();
    switch (objective) {
      case "classify" -> assertEquals("without", label);
      case "multi-label" -> {
        assertEquals("the", label);
        assertEquals("multi_label_classification", config.path("problem_type").asText());
      }
      case "regress" -> {
        assertEquals("", label, "one number");
        assertEquals("regression", config.path("problem_type").asText());
      }
      case "classify-tokens" -> {
        assertEquals("I-THING", label);
        rises(JsonFile.read(out.resolve("report.json")), "f1");
      }
      case "answer" -> rises(JsonFile.read(out.resolve("report.json")), "exact_match");
      default -> assertFalse(config.has("problem_type"));
    }
  }

  private static void rises(JsonNode report, String measure) {
    double before = report.path("before").path(measure).asDouble();
    double after = report.path("after").path(measure).asDouble();
    assertTrue(after > before, measure + ": " + before + " to " + after);
  }

  private static double[] values(Checkpoint checkpoint, String path) {
    return checkpoint.weights().get(path).toDoubleArray();
  }

  /** A new head for classes on layers that predicted masked tokens; the layers stay. */
  @Test
  void anotherHeadKeepsTheLayers() throws Exception {
    Path masked = directory.resolve("masked");
    Path bert = SmallDirectories.start(directory, "bert");
    train(
        bert,
        SmallDirectories.data(directory, "masked"),
        masked,
        "--fresh --engine reference --steps 1 --max-length 12");
    Path classes = directory.resolve("classes");
    JsonNode result =
        train(
            masked,
            SmallDirectories.data(directory, "classify"),
            classes,
            "--engine reference --objective classify --lora-rank 2 --lora-targets query,value"
                + " --merge --steps 2");
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

  /** PEFT saves the heads of these tasks as a whole, and refuses adapters that do otherwise. */
  @Test
  void anAdapterTrainsTheHeadOfATaggerAsAWhole() throws Exception {
    Path tagger = directory.resolve("tagger");
    Path adapter = directory.resolve("adapter");
    Path data = SmallDirectories.data(directory, "classify-tokens");
    Path start = SmallDirectories.start(directory, "bert");
    train(start, data, tagger, "--fresh --engine reference --objective classify-tokens --steps 1");
    train(tagger, data, adapter, "--engine reference --steps 1 --lora-rank 1");
    JsonNode config = JsonFile.read(adapter.resolve("adapter_config.json"));
    assertEquals("TOKEN_CLS", config.path("task_type").asText());
    assertEquals("[\"classifier\"]", config.path("modules_to_save").toString());
    assertFalse(config.path("target_modules").toString().contains("classifier"));
    Adapter saved = Adapter.load(adapter, HuggingFace.open(tagger).model());
    assertTrue(saved.weights().has("classifier.bias"));
    assertFalse(saved.weights().has("classifier.lora_A.weight"));
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
                SmallDirectories.start(directory, "gpt2").toString(),
                "--data",
                SmallDirectories.data(directory, "causal").toString(),
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
    train(
        SmallDirectories.start(directory, "t5"),
        SmallDirectories.data(directory, "seq2seq"),
        out,
        "--fresh --engine reference --lora-rank 2 --merge --steps 2");
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
            SmallDirectories.start(directory, "t5").toString(),
            "--data",
            file.toString(),
            "--out",
            directory.resolve("out").toString());
    assertEquals(2, code, err.toString());
    assertTrue(err.toString().contains("line 3"), err.toString());
  }
}
