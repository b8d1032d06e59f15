package org.attention4j.models.finetune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.attention4j.error.FileFormatException;
import org.attention4j.models.data.Example;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.token.JsonTokenizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Labels of words and places of answers on tokens, held against transformers' examples. */
class AlignmentTest {
  private static final Path RESOURCES = Path.of("src/test/resources");
  private static final Path FILE = Path.of("data");
  private static final ObjectNode EXPECTED =
      JsonFile.read(RESOURCES.resolve("finetune/alignment.json"));

  private static JsonTokenizer tokenizer(String name) {
    return JsonTokenizer.load(
        RESOURCES.resolve("tokenizers").resolve(name).resolve("tokenizer.json"));
  }

  private static List<String> texts(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText).toList();
  }

  private static long[] longs(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).mapToLong(JsonNode::asLong).toArray();
  }

  private static double[] doubles(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false)
        .mapToDouble(JsonNode::asDouble)
        .toArray();
  }

  /** A word's label on the first of its tokens, long sentences cut. */
  @ParameterizedTest
  @ValueSource(strings = {"wordpiece_uncased", "unigram_t5"})
  void labelsFallOnTheFirstTokensOfWords(String name) {
    List<String> names = texts(EXPECTED.path("names"));
    try (JsonTokenizer tokenizer = tokenizer(name)) {
      TokenExamples reader = new TokenExamples(FILE, tokenizer, EXPECTED.path("longest").asInt());
      int line = 0;
      for (JsonNode row : EXPECTED.path("words").path(name)) {
        TaggedSentence sentence =
            new TaggedSentence(texts(row.path("tokens")), texts(row.path("labels")), line++);
        Example example = reader.of(List.of(sentence), names::indexOf).get(0);
        assertArrayEquals(longs(row.path("input_ids")), example.tokens());
        assertArrayEquals(doubles(row.path("label_ids")), example.labels());
      }
      assertEquals(3, line);
    }
  }

  /** Behind a blank byte-level tokens are others: words are read as they stand in a text. */
  @Test
  void wordsOfByteLevelTokensStandBehindBlanks() {
    try (JsonTokenizer tokenizer = tokenizer("bpe_gpt2")) {
      List<String> words = List.of("Ada", "lives", "in", "London.");
      TaggedSentence sentence = new TaggedSentence(words, List.of("0", "1", "2", "3"), 0);
      Example example =
          new TokenExamples(FILE, tokenizer, 64).of(List.of(sentence), Double::parseDouble).get(0);
      assertArrayEquals(tokenizer.encodeForModel("Ada lives in London."), example.tokens());
      List<Double> counted = new ArrayList<>();
      for (double label : example.labels()) {
        if (label >= 0) {
          counted.add(label);
        }
      }
      assertEquals(List.of(0.0, 1.0, 2.0, 3.0), counted);
    }
  }

  /** Passages that overlap, and where the answer stands in each; 0 where it is not whole. */
  @ParameterizedTest
  @CsvSource({"wordpiece_uncased, 40", "unigram_t5, 90"})
  void answersHaveTheirPlacesInEachPassage(String name, int longest) {
    String context = EXPECTED.path("context").asText();
    try (JsonTokenizer tokenizer = tokenizer(name)) {
      AnswerExamples reader = new AnswerExamples(FILE, tokenizer, longest);
      int line = 0;
      for (JsonNode row : EXPECTED.path("answers").path(name)) {
        Question question =
            new Question(
                row.path("question").asText(),
                context,
                List.of(row.path("answer").asText()),
                row.path("start").asInt(),
                line++,
                "");
        List<Example> passages = reader.of(List.of(question));
        assertEquals(row.path("places").size(), passages.size(), row.toString());
        for (int i = 0; i < passages.size(); i++) {
          assertArrayEquals(longs(row.path("input_ids").path(i)), passages.get(i).tokens());
          assertArrayEquals(doubles(row.path("places").path(i)), passages.get(i).labels());
          assertEquals(question.line(), passages.get(i).line());
        }
      }
      assertEquals(5, line);
    }
  }

  @Test
  void aQuestionThatLeavesNoRoomIsNamed() {
    try (JsonTokenizer tokenizer = tokenizer("wordpiece_uncased")) {
      Question question =
          new Question("is it so? ".repeat(20), "It is.", List.of("It"), 0, 6, "line 7");
      AnswerExamples reader = new AnswerExamples(FILE, tokenizer, 40);
      FileFormatException error =
          assertThrows(FileFormatException.class, () -> reader.of(List.of(question)));
      assertTrue(String.valueOf(error.getMessage()).contains("line 7"), error.getMessage());
    }
  }
}
