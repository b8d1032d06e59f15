package org.attention4j.models.finetune;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.Count;
import org.attention4j.error.FileFormatException;
import org.attention4j.models.store.JsonFile;

/**
 * Sentences with a label for each word: as the shared tasks of CoNLL write them, a word on each
 * line, first the word, last its label, with tabs or blanks between, and an empty line behind each
 * sentence; or a JSON object on each line, {@code {"tokens": ["Ada", ...], "labels": ["B-PER",
 * ...]}} or {@code "ner_tags"}, whose labels are names or numbers of classes.
 *
 * @param numbered whether the labels are numbers of classes
 */
record TaggedFile(List<TaggedSentence> sentences, boolean numbered) {
  private static final String DOCUMENT = "-DOCSTART-";
  private static final String WORDS = "tokens";
  private static final List<String> LABELS = List.of("labels", "ner_tags");
  private static final int MOST_CLASSES = 100_000;

  TaggedFile {
    sentences = List.copyOf(sentences);
  }

  /**
   * Reads the sentences.
   *
   * @param text contents of the file
   * @throws FileFormatException that names the line that is wrong
   */
  static TaggedFile read(Path file, String text) {
    String first = text.lines().filter(line -> !line.isBlank()).findFirst().orElse("").strip();
    return first.startsWith("{") && first.endsWith("}") ? json(file, text) : columns(file, text);
  }

  /** The labels, each once, in order. */
  List<String> labels() {
    return sentences.stream().flatMap(s -> s.labels().stream()).distinct().sorted().toList();
  }

  private static TaggedFile columns(Path file, String text) {
    List<TaggedSentence> sentences = new ArrayList<>();
    List<String> words = new ArrayList<>();
    List<String> labels = new ArrayList<>();
    List<String> lines = text.lines().toList();
    int columns = 0;
    for (int i = 0; i <= lines.size(); i++) {
      String line = i == lines.size() ? "" : lines.get(i).strip();
      if (line.isEmpty() || line.startsWith(DOCUMENT)) {
        if (!words.isEmpty()) {
          sentences.add(new TaggedSentence(words, labels, i - words.size()));
        }
        words.clear();
        labels.clear();
        continue;
      }
      String[] fields = line.split(line.indexOf('\t') < 0 ? "\\s+" : " *\t *", -1);
      columns = columns == 0 ? fields.length : columns;
      if (fields.length < 2) {
        throw wrong(
            file, i, "should be a word, a blank or tab, and its label, not '%s'".formatted(line));
      }
      if (fields.length != columns) {
        throw wrong(
            file, i, "has %d columns, but the first one has %d".formatted(fields.length, columns));
      }
      String label = fields[fields.length - 1];
      if (label.isBlank() || fields[0].isBlank()) {
        throw wrong(file, i, "has an empty word or label: '%s'".formatted(line));
      }
      words.add(fields[0]);
      labels.add(label);
    }
    return new TaggedFile(sentences, false);
  }

  private static TaggedFile json(Path file, String text) {
    List<TaggedSentence> sentences = new ArrayList<>();
    List<String> lines = text.lines().toList();
    boolean numbered = false;
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).isBlank()) {
        continue;
      }
      JsonNode json = JsonFile.parse(file, lines.get(i), i + 1);
      String name = LABELS.stream().filter(json::has).findFirst().orElse("");
      JsonNode words = json.path(WORDS);
      JsonNode labels = json.path(name);
      if (!words.isArray() || !labels.isArray()) {
        throw wrong(
            file, i, "should have an array '%s' and one of %s, as long".formatted(WORDS, LABELS));
      }
      if (words.size() != labels.size()) {
        throw wrong(
            file,
            i,
            "has " + Count.of(words.size(), "token") + ", but " + Count.of(labels.size(), "label"));
      }
      if (words.isEmpty()) {
        throw wrong(file, i, "has no token");
      }
      boolean numbers = labels.path(0).isIntegralNumber();
      if (!sentences.isEmpty() && numbers != numbered) {
        throw wrong(file, i, "mixes numbers and names of classes with the lines before it");
      }
      numbered = numbers;
      sentences.add(new TaggedSentence(words(file, i, words), labels(file, i, labels, numbers), i));
    }
    return new TaggedFile(sentences, numbered);
  }

  private static List<String> words(Path file, int line, JsonNode array) {
    List<String> words = new ArrayList<>();
    for (JsonNode word : array) {
      if (!word.isTextual()) {
        throw wrong(file, line, "has a token that is no text: %s".formatted(word));
      }
      words.add(word.textValue());
    }
    return words;
  }

  private static List<String> labels(Path file, int line, JsonNode array, boolean numbers) {
    List<String> labels = new ArrayList<>();
    for (JsonNode label : array) {
      boolean number =
          label.isIntegralNumber() && label.longValue() >= 0 && label.longValue() < MOST_CLASSES;
      boolean name = label.isTextual() && !label.textValue().isBlank();
      if (numbers ? !number : !name) {
        throw wrong(
            file,
            line,
            "has a label that is no %s: %s"
                .formatted(numbers ? "number of a class" : "name", label));
      }
      labels.add(label.asText());
    }
    return labels;
  }

  private static FileFormatException wrong(Path file, int line, String problem) {
    return new FileFormatException(file, "line " + (line + 1) + " " + problem);
  }
}
