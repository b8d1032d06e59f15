package org.attention4j.models.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.Count;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.StorageException;
import org.attention4j.error.UsageException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A text on each line of a file or of standard input, and how many are run at a time. */
final class TextInput {
  private static final String STANDARD = "-";
  private static final long MAX_CHARACTERS = 1L << 30;

  @Option(
      names = "--input",
      paramLabel = "FILE",
      defaultValue = STANDARD,
      description = "A text on each line, in UTF-8; - for standard input. Default: -.")
  private String input = STANDARD;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "32",
      description = "Texts at a time, at most. Default: ${DEFAULT-VALUE}.")
  private int batch = 32;

  private @Nullable List<String> read;

  /**
   * What can be told before a model is opened: whether the options are sound, and what is wrong
   * with a file. Standard input waits until the model is there.
   *
   * @throws StorageException if the file is missing or cannot be read
   * @throws FileFormatException if it is no UTF-8 text, or over 1 GiB
   * @throws UsageException if there is no text in it, or the batch is too small
   */
  void check() {
    batch();
    if (given()) {
      lines();
    }
  }

  int batch() {
    if (batch < 1) {
      throw new UsageException("--batch is 1 or more, not " + batch);
    }
    return batch;
  }

  /**
   * All lines.
   *
   * @throws StorageException if the file is missing or cannot be read
   * @throws FileFormatException if it is no UTF-8 text, or over 1 GiB
   * @throws UsageException if there is no text at all
   */
  List<String> lines() {
    List<String> lines = read;
    if (lines == null) {
      lines = readAll();
      read = lines;
    }
    return lines;
  }

  private List<String> readAll() {
    Path file = Path.of(input);
    if (!input.equals(STANDARD) && !Files.isRegularFile(file)) {
      throw StorageException.noFile("file", file);
    }
    try (InputStream in = input.equals(STANDARD) ? System.in : Files.newInputStream(file)) {
      return read(file, in);
    } catch (CharacterCodingException e) {
      throw new FileFormatException(file, "this is no UTF-8 text", e);
    } catch (IOException e) {
      throw StorageException.of("cannot read " + name(), e);
    }
  }

  private List<String> read(Path file, InputStream in) throws IOException {
    List<String> lines = new ArrayList<>();
    long characters = 0;
    boolean blank = true;
    BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                in,
                StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)));
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      boolean marked = lines.isEmpty() && line.startsWith("\uFEFF"); // a byte order mark
      characters += line.length();
      if (characters > MAX_CHARACTERS) {
        throw new FileFormatException(file, "over 1 GiB of text; cut it into smaller files");
      }
      if (line.indexOf('\0') >= 0) {
        throw new FileFormatException(file, "a zero byte: this is no text");
      }
      blank &= line.isBlank();
      lines.add(marked ? line.substring(1) : line);
    }
    if (blank) {
      throw new UsageException(name() + " holds no text; write one on each line");
    }
    return lines;
  }

  /** Whether a file was named. */
  boolean given() {
    return !input.equals(STANDARD);
  }

  /** For messages. */
  String name() {
    return input.equals(STANDARD) ? "standard input" : input;
  }

  /** What is said of texts that were cut, after something else; empty if none was. */
  static String cut(long count, String before) {
    String texts = Count.of(count, "text was", "texts were");
    return count == 0 ? "" : before + texts + " longer than the model reads: the end was cut off";
  }
}
