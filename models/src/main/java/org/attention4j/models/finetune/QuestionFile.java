package org.attention4j.models.finetune;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.FileFormatException;
import org.attention4j.models.store.JsonFile;
import org.jspecify.annotations.Nullable;

/**
 * Questions about texts: the JSON of the benchmark SQuAD (Rajpurkar et al. 2016), or a JSON object
 * on each line, {@code {"context": ..., "question": ..., "answers": ...}}. Answers are {@code
 * {"text": ["Rome"], "answer_start": [5]}}, {@code [{"text": "Rome", "answer_start": 5}]}, or texts
 * alone, which stand where they are found first. Places are code points.
 */
public final class QuestionFile {
  private static final String TEXT = "text";
  private static final String START = "answer_start";

  private final Path file;
  private final List<Question> questions = new ArrayList<>();

  private QuestionFile(Path file) {
    this.file = file;
  }

  /**
   * Reads the questions.
   *
   * @param text contents of the file
   * @throws FileFormatException that names the line, or the place in SQuAD's JSON, that is wrong
   */
  public static List<Question> read(Path file, String text) {
    QuestionFile reader = new QuestionFile(file);
    List<String> lines = text.lines().toList();
    int first = 0;
    while (first < lines.size() && lines.get(first).isBlank()) {
      first++;
    }
    boolean whole = first == lines.size() || !lines.get(first).strip().endsWith("}");
    ObjectNode json =
        whole ? JsonFile.parse(file, text, 1) : JsonFile.parse(file, lines.get(first), first + 1);
    if (whole || json.has("data")) {
      reader.squad(json);
    } else {
      for (int i = first; i < lines.size(); i++) {
        if (!lines.get(i).isBlank()) {
          reader.add(JsonFile.parse(file, lines.get(i), i + 1), i, "line " + (i + 1));
        }
      }
    }
    return reader.questions;
  }

  private void squad(JsonNode json) {
    JsonNode data = array(json, "data", "the file");
    for (int i = 0; i < data.size(); i++) {
      JsonNode paragraphs = array(data.path(i), "paragraphs", "data[" + i + "]");
      for (int j = 0; j < paragraphs.size(); j++) {
        JsonNode paragraph = paragraphs.path(j);
        String at = "data[" + i + "].paragraphs[" + j + "]";
        JsonNode all = array(paragraph, "qas", at);
        for (int k = 0; k < all.size(); k++) {
          if (!(all.path(k) instanceof ObjectNode own)) {
            throw wrong(at + ".qas[" + k + "]", "should be an object");
          }
          ObjectNode question = own.deepCopy();
          question.set("context", paragraph.path("context"));
          String place = at + ".qas[" + k + "]";
          String id = own.path("id").asText("");
          add(question, questions.size(), id.isEmpty() ? place : place + " (id " + id + ")");
        }
      }
    }
  }

  private JsonNode array(JsonNode json, String name, String place) {
    if (!json.path(name).isArray()) {
      throw wrong(
          place,
          "should have an array '"
              + name
              + "', as in SQuAD's JSON; or put a JSON object with context, question and answers on"
              + " each line");
    }
    return json.path(name);
  }

  private void add(JsonNode json, int line, String place) {
    String context = text(json, "context", place);
    String question = text(json, "question", place);
    List<String> answers = new ArrayList<>();
    int start = 0;
    for (JsonNode answer : answers(json.path("answers"), place)) {
      String text = answer.isTextual() ? answer.textValue() : text(answer, TEXT, place);
      if (text.isBlank()) {
        throw wrong(place, "has an empty answer; a question without one has none at all");
      }
      int at = start(context, text, answer.get(START), place);
      start = answers.isEmpty() ? at : start;
      answers.add(text);
    }
    questions.add(new Question(question, context, answers, start, line, place));
  }

  /** Each answer as an object, or a text. */
  private Iterable<JsonNode> answers(JsonNode json, String place) {
    if (json.isArray()) {
      return json;
    }
    JsonNode texts = json.path(TEXT);
    JsonNode starts = json.path(START);
    if (json.isTextual()) {
      return List.of(json);
    }
    if (!texts.isArray() || (json.has(START) && starts.size() != texts.size())) {
      throw wrong(
          place,
          "should have 'answers': {\"text\": [...], \"answer_start\": [...]} of one length, or an"
              + " array");
    }
    List<JsonNode> answers = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      ObjectNode answer = JsonFile.object();
      answer.set(TEXT, texts.path(i));
      if (json.has(START)) {
        answer.set(START, starts.path(i));
      }
      answers.add(answer);
    }
    return answers;
  }

  /** The first code point of an answer, which has to stand there. */
  private int start(String context, String answer, @Nullable JsonNode given, String place) {
    int found = context.indexOf(answer);
    if (found < 0) {
      throw wrong(place, "has the answer '" + answer + "', which is not in its context");
    }
    int first = context.codePointCount(0, found);
    if (given == null) {
      return first;
    }
    int length = context.codePointCount(0, context.length());
    boolean inside =
        given.isIntegralNumber()
            && given.canConvertToInt()
            && given.intValue() >= 0
            && given.intValue() < length;
    if (inside) {
      int at = context.offsetByCodePoints(0, given.intValue());
      if (context.startsWith(answer, at)) {
        return given.intValue();
      }
    }
    throw wrong(
        place,
        "has the answer '"
            + answer
            + "', which does not stand at character "
            + given
            + " of its context, but first at "
            + first);
  }

  private String text(JsonNode json, String name, String place) {
    JsonNode text = json.path(name);
    if (!text.isTextual() || text.textValue().isBlank()) {
      throw wrong(place, "should have a text '" + name + "'");
    }
    return text.textValue();
  }

  private FileFormatException wrong(String place, String problem) {
    return new FileFormatException(file, place + " " + problem);
  }
}
