package org.attention4j.models.cli;

import static org.attention4j.models.cli.CommandLineTest.run;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.attention4j.models.cli.CommandLineTest.Outcome;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What is wrong with a file is told before a model is opened: the model named here does not exist,
 * and no message is about it.
 */
class InputFilesTest {
  @TempDir Path directory;

  @BeforeEach
  void files() throws IOException {
    Files.createDirectory(directory.resolve("folder"));
    Files.writeString(directory.resolve("empty"), "");
    Files.writeString(directory.resolve("text"), "a text");
    byte[] rubbish = new byte[300];
    new Random(5).nextBytes(rubbish);
    Files.write(directory.resolve("rubbish"), rubbish);
  }

  private Outcome command(String line) {
    List<Object> arguments = new ArrayList<>();
    for (String word : line.split(" ", -1)) {
      arguments.add(word.startsWith("@") ? directory.resolve(word.substring(1)) : word);
    }
    arguments.addAll(List.of("--from", directory.resolve("no-model")));
    Outcome outcome = run(arguments.toArray());
    assertFalse(outcome.err().contains("no-model"), outcome.err());
    return outcome;
  }

  @ParameterizedTest
  @CsvSource({
    "embed --input, text",
    "rerank --query q --input, text",
    "classify --input, text",
    "classify --task tokens --input, text",
    "translate --input, text",
    "generate --prompts, text",
    "answer --question q --context-file, text",
    "transcribe --audio, WAV",
    "classify --image, image",
    "run --outputs @out --inputs, safetensors"
  })
  void aFileThatCannotBeReadIsToldFirst(String command, String kind) {
    command(command + " @none").refused("there is no ", "none");
    command(command + " @folder").refused("folder");
    command(command + " @empty").refused("empty");
    command(command + " @rubbish").refused("rubbish", kind);
  }

  @Test
  void soIsAPlaceThatCannotBeWritten() {
    command("embed --input @text --output @folder").refused("folder is a directory");
    command("embed --input @text --output @none/out").refused("there is no directory");
    command("run --inputs @text --outputs @none/out").refused("there is no directory");
    command("export --to @text").refused("text is a file");
    command("export --to @text/below").refused("text is a file");
    command("fill-mask --text <mask> --top 0").refused("--top");
  }
}
