package org.attention4j.models.finetune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.models.cli.Main;
import org.attention4j.models.huggingface.HuggingFace;
import org.attention4j.models.store.JsonFile;
import org.attention4j.spi.Engines;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code train --objective prefer} and {@code --teacher}, from the command line. */
class GuidedCommandTest {
  private static final String[] PLACES = {"house", "old town", "hill", "mat", "red book"};

  @TempDir Path directory;

  /** Who prefers "day" to "night", whatever the prompt. */
  private Path pairs() throws Exception {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      String prompt = (i % 2 == 0 ? "the cat went to the " : "we live in the ") + PLACES[i % 5];
      lines.add(
          """
          {"prompt": "%s at", "chosen": " day", "rejected": " night"}\
          """
              .formatted(prompt));
    }
    Path file = directory.resolve("pairs.jsonl");
    Files.writeString(file, String.join("\n", lines) + "\n");
    return file;
  }

  /** A directory with weights. */
  private Path start(String name, int width, int steps) throws Exception {
    Path from = SmallDirectories.start(directory.resolve(name + "-new"), "gpt2");
    Path config = from.resolve("config.json");
    String text = Files.readString(config);
    Files.writeString(config, text.replace("\"n_embd\": 16", "\"n_embd\": " + width));
    Path out = directory.resolve(name);
    String data = SmallDirectories.data(directory, "causal").toString();
    String options = " --fresh --engine reference --learning-rate 1e-2 --batch 8 --steps ";
    run(0, "--from " + from + " --data " + data + " --out " + out + options + steps);
    return out;
  }

  /** What it wrote to standard error. */
  private String run(int code, String options) {
    List<String> arguments = new ArrayList<>(List.of("train", "--quiet"));
    arguments.addAll(List.of(options.split(" ")));
    StringWriter err = new StringWriter();
    int got =
        Main.execute(
            new PrintWriter(new StringWriter()),
            new PrintWriter(err),
            arguments.toArray(String[]::new));
    assertEquals(code, got, err.toString());
    assertFalse(err.toString().contains("defect"), err.toString());
    return err.toString();
  }

  @ParameterizedTest
  @CsvSource({"djl, false", "reference, true"})
  void preferencesAreLearned(String engine, boolean adapter) throws Exception {
    assumeTrue(Engines.names().contains(engine), "engine " + engine + " cannot run here");
    Path from = start("start", 16, 8);
    Path out = directory.resolve("out");
    run(
        0,
        "--from %s --data %s --out %s --engine %s --objective prefer --threads 1 --steps 16 --batch 8"
                .formatted(from, pairs(), out, engine)
            + " --learning-rate 5e-3 --evaluate-every 16 --evaluation-batches 1"
            + (adapter ? " --lora-rank 2" : ""));
    JsonNode report = JsonFile.read(out.resolve("report.json"));
    JsonNode before = report.path("before");
    JsonNode after = report.path("after");
    assertEquals("prefer", report.path("objective").asText());
    assertEquals(0, before.path("reward_margin").asDouble(), 1e-5);
    assertEquals(0.5, before.path("accuracy").asDouble(), "the start is its own reference");
    assertEquals(1, after.path("accuracy").asDouble(), after.toString());
    double margin = after.path("reward_margin").asDouble();
    assertTrue(margin > 0.1, "margin " + margin);
    double rewards =
        after.path("chosen_reward").asDouble() - after.path("rejected_reward").asDouble();
    assertEquals(margin, rewards, 1e-6);
    double first = report.path("losses").path(0).path("validation").asDouble();
    assertEquals(Math.log(2), first, 1e-4, "the loss of equal rewards, without dropout");
    assertTrue(report.path("whole_validation_loss").asDouble() < first - 0.05, report.toString());
    assertTrue(Files.readString(out.resolve("report.html")).contains("margin of rewards"));
    if (!adapter) {
      HuggingFace.open(out);
    }
  }

  /** A resumed run computes the reference again, with the options that the first one had. */
  @Test
  void aRunOfPreferencesIsResumed() throws Exception {
    Path from = start("start", 16, 8);
    String options =
        "--from %s --data %s --engine reference --objective prefer --batch 8 --learning-rate 1e-3 --evaluation-batches 1 --checkpoint-every 2"
            .formatted(from, pairs());
    Path whole = directory.resolve("whole");
    run(0, options + " --steps 2 --out " + whole);
    run(0, "--resume --out " + whole);
    JsonNode report = JsonFile.read(whole.resolve("report.json"));
    assertEquals(2, report.path("steps").asInt());
    assertTrue(report.path("finished").asBoolean());
  }

  @Test
  void aStudentComesNearItsTeacher() throws Exception {
    Path teacher = start("teacher", 32, 30);
    Path student = SmallDirectories.start(directory.resolve("student"), "gpt2");
    Path out = directory.resolve("out");
    run(
        0,
        ("--from %s --fresh --teacher %s --data %s --out %s --engine reference --steps 30 --batch 8"
                + " --learning-rate 1e-2 --evaluate-every 30 --evaluation-batches 1")
            .formatted(student, teacher, SmallDirectories.data(directory, "causal"), out));
    JsonNode report = JsonFile.read(out.resolve("report.json"));
    JsonNode before = report.path("before");
    JsonNode after = report.path("after");
    assertEquals("distill", report.path("objective").asText());
    assertTrue(
        after.path("divergence").asDouble() < 0.5 * before.path("divergence").asDouble(),
        before + " to " + after);
    assertTrue(
        after.path("perplexity").asDouble() < 0.5 * before.path("perplexity").asDouble(),
        before + " to " + after);
    assertEquals(
        before.path("teacher_perplexity").asDouble(), after.path("teacher_perplexity").asDouble());
    assertTrue(
        after.path("teacher_perplexity").asDouble() < before.path("perplexity").asDouble(),
        "the teacher had learned");
    assertEquals(16, JsonFile.read(out.resolve("config.json")).path("n_embd").asInt());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"prompt\": \"a\", \"chosen\": \"b\"}                      | line 2 has no 'rejected'",
        "{\"prompt\": \"a\", \"chosen\": 1, \"rejected\": \"c\"}     | line 2 has no text as"
            + " 'chosen'",
        "{\"prompt\": \"\", \"chosen\": \"b\", \"rejected\": \"c\"}  | line 2 has an empty"
            + " 'prompt'",
        "{\"prompt\": \"a\"                                         | line 2 is no JSON",
        "[1]                                                        | line 2 should be a JSON"
            + " object",
      })
  void aWrongPairIsNamedByItsLine(String line, String problem) throws Exception {
    Path file = directory.resolve("wrong.jsonl");
    Files.writeString(
        file, "{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c\"}\n" + line + "\n");
    Path from = SmallDirectories.start(directory, "gpt2");
    String said =
        run(
            2,
            "--from %s --fresh --data %s --out %s --engine reference --objective prefer"
                .formatted(from, file, directory.resolve("out")));
    assertTrue(said.contains(problem), said);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gpt2 | --objective distill                          | needs --teacher",
        "gpt2 | --objective causal --teacher TEACHER         | for --objective distill, not causal",
        "gpt2 | --objective causal --beta 0.2                | for --objective prefer, not causal",
        "gpt2 | --objective prefer --beta 0                  | beta is above 0, not 0.0",
        "gpt2 | --objective prefer --preference-smoothing 1  | below 0.5, not 1.0",
        "gpt2 | --teacher TEACHER                            | vocabulary of 700 tokens, the"
            + " student",
        "gpt2 | --teacher BERT                               | needs a decoder that writes texts",
        "gpt2 | --teacher OTHER                              | has other tokens than the student's",
        "gpt2 | --teacher SAME --temperature 0               | temperature is above 0, not 0.0",
        "gpt2 | --teacher SAME --distill-alpha 2             | from 0 to 1, not 2.0",
        "gpt2 | --teacher SHORT                              | set --max-length to that",
        "t5   | --objective prefer                           | prefer goes on with a decoder",
      })
  void mistakesAreErrorsThatSayWhatWouldBeRight(String family, String options, String problem)
      throws Exception {
    Path from = SmallDirectories.start(directory, family);
    Path out = directory.resolve("out");
    String given = options;
    for (String name : List.of("TEACHER", "BERT", "OTHER", "SAME", "SHORT")) {
      if (options.contains(name)) {
        given = given.replace(name, teacher(name).toString());
      }
    }
    String data = options.contains("prefer") ? pairs().toString() : longTexts().toString();
    String said =
        run(
            2,
            "--from %s --fresh --data %s --out %s --engine reference %s"
                .formatted(from, data, out, given));
    assertTrue(said.contains(problem), said);
    assertFalse(Files.exists(out.resolve("model.safetensors")));
  }

  private Path longTexts() throws Exception {
    Path file = directory.resolve("long.txt");
    Files.writeString(
        file, "the cat sat on the mat and a dog ran to the house at night\n".repeat(3));
    return file;
  }

  /** Directories with weights that cannot teach the small GPT-2, but SAME. */
  private Path teacher(String name) throws Exception {
    boolean bert = name.equals("BERT");
    Path from = SmallDirectories.start(directory.resolve("t-" + name), bert ? "bert" : "gpt2");
    Path config = from.resolve("config.json");
    String text = Files.readString(config);
    switch (name) {
      case "TEACHER" -> text = text.replace("\"vocab_size\": 600", "\"vocab_size\": 700");
      case "SHORT" -> text = text.replace("\"n_positions\": 32", "\"n_positions\": 8");
      default -> {}
    }
    Files.writeString(config, text);
    Path out = directory.resolve("trained-" + name);
    run(
        0,
        "--from %s --data %s --out %s --fresh --engine reference --steps 1 --batch 1 --evaluation-batches 1 --max-length 8"
            .formatted(from, SmallDirectories.data(directory, "causal"), out));
    if (name.equals("OTHER")) {
      Files.copy(
          Path.of("src/test/resources/tokenizers/wordpiece_uncased/tokenizer.json"),
          out.resolve("tokenizer.json"),
          java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }
    return out;
  }
}
