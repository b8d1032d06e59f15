package org.attention4j.models.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.attention4j.models.data.SpanishSentences;
import org.attention4j.spi.Engines;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands do their work, and answer wrong use with exit code 2 and one clear line. */
class CommandLineTest {
  @TempDir static Path shared;
  @TempDir Path directory;

  /** What a command did. */
  record Outcome(int code, String out, String err) {
    Outcome expect(int wanted) {
      assertEquals(wanted, code, out + err);
      return this;
    }

    /** Exit code 2, one line, no stack trace. */
    void refused(String... parts) {
      expect(2);
      assertTrue(!err.contains("\tat "), err);
      assertTrue(err.lines().filter(l -> !l.startsWith("Try ")).count() <= 2, err);
      for (String part : parts) {
        assertTrue(err.contains(part), "no '" + part + "' in: " + err);
      }
    }

    JsonNode json() {
      try {
        return new ObjectMapper().readTree(out);
      } catch (JsonProcessingException e) {
        throw new AssertionError("no JSON: " + out, e);
      }
    }
  }

  static Outcome run(Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] texts = new String[arguments.length];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = arguments[i].toString();
    }
    int code = Main.execute(new PrintWriter(out), new PrintWriter(err), texts);
    return new Outcome(code, out.toString(), err.toString());
  }

  static Outcome train(Path corpus, Path out, Object... more) {
    List<Object> arguments =
        new ArrayList<>(
            List.of("train", "--corpus", corpus, "--out", out, "--engine", "reference"));
    arguments.addAll(
        List.of("--layers", 1, "--heads", 2, "--width", 16, "--context", 8, "--batch", 2));
    arguments.addAll(List.of("--steps", 6, "--warmup", 2, "--evaluation-batches", 1));
    arguments.addAll(List.of(more));
    return run(arguments.toArray());
  }

  private static Path corpus() {
    return shared.resolve("corpus.txt");
  }

  private static Path model() {
    return shared.resolve("model");
  }

  @BeforeAll
  static void aTrainedModel() throws IOException {
    Files.writeString(corpus(), SpanishSentences.text(20, 1));
    train(corpus(), model()).expect(0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "quickstart",
        "train",
        "generate",
        "embed",
        "rerank",
        "classify",
        "fill-mask",
        "translate",
        "export",
        "compare",
        "conformance",
        "describe",
        "doctor",
        "bench"
      })
  void everyCommandHasHelp(String command) {
    Outcome help = run(command, "--help").expect(0);
    assertTrue(help.out().contains("--json") && help.out().contains("Usage:"), help.out());
  }

  @Test
  void trainingReportsItsLosses() {
    JsonNode json = train(corpus(), directory.resolve("m"), "--json").expect(0).json();
    assertEquals(6, json.path("steps").asInt());
    assertTrue(json.path("finished").asBoolean());
    assertTrue(json.path("whole_validation_loss").asDouble() > 0);
    assertTrue(Files.exists(directory.resolve("m/model.safetensors")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "onnx", "djl", "native"})
  void everyEngineGeneratesTheSameGreedyText(String engine) {
    assumeTrue(Engines.names().contains(engine), "engine " + engine + " cannot run here");
    String[] texts = new String[2];
    for (int i = 0; i < 2; i++) {
      texts[i] =
          run(
                  "generate",
                  "--from",
                  model(),
                  "--engine",
                  i == 0 ? "reference" : engine,
                  "--prompt",
                  "el ",
                  "--tokens",
                  12,
                  "--temperature",
                  0,
                  "--json")
              .expect(0)
              .json()
              .path("text")
              .asText();
    }
    assertEquals(12, texts[0].length());
    assertEquals(texts[0], texts[1]);
  }

  @Test
  void comparingPassesAndNamesTheFirstLayerOutsideATightTolerance() {
    run("compare", "--from", model(), "--engines", "reference").expect(0);
    JsonNode json =
        run(
                "compare",
                "--from",
                model(),
                "--engines",
                "reference",
                "--tolerance",
                "1e-12",
                "--json")
            .expect(1)
            .json();
    String first = json.path("engines").path(0).path("first_outside").asText();
    assertEquals("transformer.wpe", first); // the first sum is the first rounding
  }

  @ParameterizedTest
  @ValueSource(strings = {"translators/t5", "golden/deit", "golden/cross_encoder"})
  void comparingTakesEveryKindOfModel(String name) {
    run("compare", "--from", "src/test/resources/" + name, "--engines", "reference").expect(0);
  }

  @Test
  void anExportIsCheckedAndKeepsItsFigures() throws IOException {
    assumeTrue(Engines.names().contains("onnx"), "ONNX Runtime cannot run here");
    Path to = directory.resolve("onnx");
    run("export", "--from", model(), "--to", to).expect(0);
    assertTrue(Files.size(to.resolve("model.onnx")) > 0);
    JsonNode parity = new ObjectMapper().readTree(to.resolve("parity.json").toFile());
    assertTrue(parity.size() > 0);
    run("export", "--from", model(), "--to", to, "--tolerance", "1e-12").expect(1);
  }

  @Test
  void aLaterExportTakesTheEarlierOneAway() throws IOException {
    assumeTrue(Engines.names().contains("onnx"), "ONNX Runtime cannot run here");
    Path to = directory.resolve("onnx");
    run("export", "--from", model(), "--to", to, "--external-data").expect(0);
    Files.writeString(to.resolve("notes.txt"), "somebody's own");
    assertTrue(Files.exists(to.resolve("model.onnx_data")));
    run("export", "--from", model(), "--to", to, "--training-step").expect(0);
    assertEquals(
        Set.of("config.json", "vocab.json", "training_step.onnx", "parity.json", "notes.txt"),
        names(to, "model.safetensors"));
    run("export", "--from", model(), "--to", to).expect(0);
    assertEquals(
        Set.of("config.json", "vocab.json", "model.onnx", "parity.json", "notes.txt"), names(to));
  }

  /** The model's own weights are no export's, even where a training step wrote them again. */
  @Test
  void exportsIntoTheModelsOwnDirectoryLeaveTheModelThere() throws IOException {
    assumeTrue(Engines.names().contains("onnx"), "ONNX Runtime cannot run here");
    Path own = Files.createDirectory(directory.resolve("own"));
    Set<String> model = names(model());
    for (String name : model) {
      Files.copy(model().resolve(name), own.resolve(name));
    }
    run("export", "--from", own, "--to", own, "--training-step").expect(0);
    run("export", "--from", own, "--to", own).expect(0);
    assertEquals(model, names(own, "model.onnx", "parity.json"));
  }

  private static Set<String> names(Path folder, String... expected) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      Set<String> names =
          files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
      List.of(expected).forEach(name -> assertTrue(names.remove(name), name));
      return names;
    }
  }

  @Test
  void describeGivesTheSizesOfPublishedModels() {
    JsonNode json = run("describe", "--model", "gpt2-xl", "--json").expect(0).json();
    assertEquals(1_557_611_200L, json.path("parameters").asLong());
    assertTrue(run("describe").expect(0).out().contains("124,439,808"));
    run("describe", "--from", model()).expect(0);
    run("describe", "--model", "gpt5").refused("gpt5", "gpt2-xl");
  }

  @Test
  void theDoctorListsEveryEngine() {
    JsonNode json = run("doctor", "--json").expect(0).json();
    List<String> names = json.path("engines").findValuesAsText("name");
    assertTrue(names.containsAll(List.of("djl", "onnx", "reference")), names.toString());
  }

  @Test
  void conformanceCountsItsCasesAndRefusesAnEmptyChoice() {
    Outcome few = run("conformance", "--engine", "reference", "--case", "*softmax*").expect(0);
    assertTrue(few.out().contains(" 0 failed"), few.out());
    run("conformance", "--case", "no-such-case").refused("no-such-case");
    run("conformance", "--golden", directory.resolve("none")).refused("none");
  }

  @Test
  void wrongUseIsRefused() {
    run("trane").refused("there is no command 'trane'");
    train(corpus(), directory.resolve("m"), "--no-such-option").refused("--no-such-option");
    run("train", "--out", directory).refused("--corpus");
    train(corpus(), directory.resolve("m"), "--layers", "many").refused("many");
    train(corpus(), directory.resolve("m"), "--model", "mamba").refused("mamba", "llama");
    train(corpus(), directory.resolve("m"), "--engine", "mlx").refused("mlx", "reference");
    train(corpus(), directory.resolve("m"), "--device", "gpu:7").refused("gpu:7");
    train(corpus(), directory.resolve("m"), "--heads", 3).refused("16", "3");
    train(corpus(), directory.resolve("m"), "--precision", "f31").refused("f31");
    train(corpus(), directory.resolve("m"), "--model", "llama", "--dropout", 0.1)
        .refused("dropout");
    train(corpus(), directory.resolve("m"), "--context", 5000).refused("too short");
    run("generate", "--from", directory.resolve("none"), "--prompt", "x").refused("none");
    run("generate", "--from", model(), "--engine", "reference", "--prompt", "日").refused("日");
    run("compare", "--from", model(), "--engines", "reference,mlx").refused("mlx");
    run("golden", "--dir", "src/test/resources/golden/gpt2", "--engine", "reference,mlx")
        .refused("mlx");
    run("export", "--from", "src/test/resources/golden/gpt2", "--to", directory, "--precision", "i")
        .refused("'i'", "int4");
  }

  @Test
  void sizesAndRatesThatCannotBeAreRefusedAndLeaveNothing() {
    Path out = directory.resolve("m");
    train(corpus(), out, "--heads", 3).refused("16", "3");
    train(corpus(), out, "--layers", 0).refused("--layers");
    train(corpus(), out, "--steps", 0).refused("--steps");
    train(corpus(), out, "--learning-rate", -1).refused("--learning-rate");
    train(corpus(), out, "--inner", 8).refused("--inner", "llama");
    train(corpus(), out, "--kv-heads", 1).refused("--kv-heads", "llama");
    train(corpus(), out, "--dropout", 2).refused("dropout");
    train(corpus(), out, "--threads", -3).refused("-3");
    train(corpus(), out, "--beta1", 2).refused("2.0");
    train(corpus(), out, "--evaluate-every", -1).refused("evaluations", "-1");
    train(corpus(), out, "--epochs", 2).refused("--epochs", "--from");
    train(corpus(), out, "--objective", "causal", "--merge").refused("--objective, --merge");
    assertFalse(Files.exists(out), "a refused run leaves nothing");
  }

  @Test
  void aDirectoryInThePlaceOfAFileAndTheReverseAreToldApart() {
    run("train", "--corpus", directory, "--out", directory.resolve("m"))
        .refused(directory.toString(), "is a directory");
    run("describe", "--from", corpus()).refused(corpus().toString(), "is a file");
    run("golden", "--dir", corpus()).refused("is a file");
    run("golden", "--dir", directory).refused("io.safetensors");
  }

  @Test
  void aCorpusThatIsMissingEmptyOrNoTextIsRefused() throws IOException {
    Path out = directory.resolve("m");
    train(directory.resolve("none.txt"), out).refused("none.txt");
    Path file = Files.write(directory.resolve("corpus"), new byte[0]);
    train(file, out).refused("empty");
    Files.write(file, new byte[] {(byte) 0x89, 'P', 'N', 'G', 0, 1});
    train(file, out).refused("no text");
    Files.write(file, new byte[] {'a', (byte) 0xC3});
    train(file, out).refused("UTF-8");
    assertTrue(!Files.exists(out), "a refused run leaves nothing");
  }

  @Test
  void aDamagedCheckpointIsRefused() throws IOException {
    Path copy = directory.resolve("copy");
    Files.createDirectory(copy);
    for (String name : List.of("config.json", "vocab.json")) {
      Files.copy(model().resolve(name), copy.resolve(name));
    }
    byte[] weights = Files.readAllBytes(model().resolve("model.safetensors"));
    Path file = copy.resolve("model.safetensors");
    Object[] generate = {"generate", "--from", copy, "--engine", "reference", "--prompt", "el"};
    Files.write(file, Arrays.copyOf(weights, weights.length - 7));
    run(generate).refused("model.safetensors");
    byte[] hostile = weights.clone();
    hostile[4] = 2; // a header of 8 GB
    Files.write(file, hostile);
    run(generate).refused("header");
    Files.writeString(copy.resolve("config.json"), "{\"model_type\": \"gpt2\"");
    run(generate).refused("config.json");
  }

  @Test
  void aFileInTheWayOfTheDirectoryIsRefused() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "x");
    train(corpus(), file.resolve("below")).refused("cannot create");
  }

  @Test
  void optionsComeFromAFileAndTheCommandLineWins() throws IOException {
    Path config = Files.writeString(directory.resolve("c.json"), "{\"steps\": 4, \"seed\": 9}");
    Path out = directory.resolve("m");
    List<Object> arguments =
        List.of(
            "train",
            "--corpus",
            corpus(),
            "--out",
            out,
            "--engine",
            "reference",
            "--config",
            config,
            "--layers",
            1,
            "--width",
            16,
            "--heads",
            2,
            "--context",
            8,
            "--warmup",
            1,
            "--seed",
            10,
            "--evaluation-batches",
            1,
            "--json");
    assertEquals(4, run(arguments.toArray()).expect(0).json().path("steps").asInt());
    assertTrue(Files.readString(out.resolve("training.json")).contains("\"seed\" : \"10\""));
    Files.writeString(config, "{\"stepps\": 4}");
    run(arguments.toArray()).refused("stepps");
  }

  @Test
  void aRunIsNeitherOverwrittenNorResumedWithOtherOptions() {
    train(corpus(), model()).refused("--resume");
    run("train", "--resume", "--out", model(), "--seed", 99).refused("--seed was 42, not 99");
    run("train", "--resume", "--out", directory).refused("nothing to resume");
  }

  @Test
  void aDefectShowsItsTraceOnlyOnRequest() {
    Outcome plain = run("generate", "--from", directory.resolve("none"), "--prompt", "x");
    Outcome traced =
        run("generate", "--from", directory.resolve("none"), "--prompt", "x", "--stacktrace");
    assertTrue(!plain.err().contains("\tat "));
    assertTrue(traced.expect(2).err().contains("\tat "));
  }
}
