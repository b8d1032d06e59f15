package org.attention4j.models.finetune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.attention4j.error.FileFormatException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files of labelled words and of questions: their forms, and errors that name the line. */
class LabelledFilesTest {
  private static final Path FILE = Path.of("some.data");
  private static final List<TaggedSentence> TWO =
      List.of(
          new TaggedSentence(List.of("Ada", "ran"), List.of("B-PER", "O"), 0),
          new TaggedSentence(List.of("Rome"), List.of("B-LOC"), 3));

  @Test
  void wordsStandInTheFirstColumnAndLabelsInTheLast() {
    assertEquals(TWO, TaggedFile.read(FILE, "Ada B-PER\nran O\n\nRome B-LOC\n").sentences());
    assertEquals(TWO, TaggedFile.read(FILE, "Ada\tB-PER\r\nran\tO\r\n\r\nRome\tB-LOC").sentences());
    String conll =
        "Ada NNP B-NP B-PER\nran VBD B-VP O\n-DOCSTART- -X- -X- O\nRome NNP B-NP B-LOC\n";
    assertEquals(TWO, TaggedFile.read(FILE, conll).sentences());
    TaggedFile brace = TaggedFile.read(FILE, "{ O\n} O\n");
    assertEquals(List.of("{", "}"), brace.sentences().get(0).words());
  }

  @Test
  void jsonLinesHaveNamesOrNumbers() {
    String names =
        """
        {"tokens": ["Ada", "ran"], "labels": ["B-PER", "O"]}


        {"tokens": ["Rome"], "labels": ["B-LOC"]}
        """;
    TaggedFile file = TaggedFile.read(FILE, names);
    assertEquals(TWO, file.sentences());
    assertEquals(List.of("B-LOC", "B-PER", "O"), file.labels());
    assertFalse(file.numbered());
    TaggedFile numbers =
        TaggedFile.read(FILE, "{\"id\": \"7\", \"tokens\": [\"a\"], \"ner_tags\": [3]}");
    assertTrue(numbers.numbered());
    assertEquals(List.of("3"), numbers.labels());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Ada B-PER~ran~ | line 2 should be a word",
        "Ada B-PER~ran VBD O~ | line 2 has 3 columns, but the first one has 2",
        "{\"tokens\": [\"a\", \"b\"], \"labels\": [\"O\"]} | line 1 has 2 tokens, but 1 label",
        "~{\"tokens\": [\"a\"]} | line 2 should have an array 'tokens'",
        "{\"tokens\": [], \"labels\": []} | line 1 has no token",
        "{\"tokens\": [\"a\"], \"labels\": [1.5]} | line 1 has a label that is no name: 1.5",
        "{\"tokens\": [\"a\"], \"labels\": [-1]} | line 1 has a label that is no number",
        "{\"tokens\": [\"a\"], \"labels\": [99999999999]} | line 1 has a label that is no number",
        "{\"tokens\": [\"a\"], \"labels\": [1]}~{\"tokens\": [\"a\"], \"labels\": [\"O\"]} | line 2 mixes",
        "{\"tokens\": [1], \"labels\": [1]} | line 1 has a token that is no text: 1",
        "{\"tokens\": [\"a\"], \"labels\": [1]}~{\"tokens\" | line 2 is no JSON",
        "{\"tokens\": [\"a\"], \"labels\": [1]}~[1] | line 2 should be a JSON object"
      })
  void wrongSentencesAreNamedByTheirLine(String text, String message) {
    FileFormatException error =
        assertThrows(
            FileFormatException.class, () -> TaggedFile.read(FILE, text.replace('~', '\n')));
    assertTrue(String.valueOf(error.getMessage()).contains(message), error.getMessage());
  }

  @Test
  void answersHaveSeveralForms() {
    for (String answers :
        List.of(
            "{\"text\": [\"Rome\", \"in Rome\"], \"answer_start\": [10, 7]}",
            "[{\"text\": \"Rome\", \"answer_start\": 10}, {\"text\": \"in Rome\", \"answer_start\": 7}]",
            "[\"Rome\", \"in Rome\"]",
            "{\"text\": [\"Rome\", \"in Rome\"]}")) {
      String line =
          "{\"context\": \"\ud834\udd1e I am in Rome.\", \"question\": \"Where?\", \"answers\": %s}"
              .formatted(answers);
      Question question = QuestionFile.read(FILE, "\n" + line + "\n").get(0);
      assertEquals(List.of("Rome", "in Rome"), question.answers(), answers);
      assertEquals(10, question.start(), "in code points");
      assertEquals(14, question.end());
      assertEquals(1, question.line());
    }
  }

  private static String squad(String qas) {
    return """
        {"version": "1.1", "data": [{"title": "T", "paragraphs": [
          {"context": "It was green. It was red.", "qas": [%s]}]}]}
        """
        .formatted(qas);
  }

  @Test
  void squadIsReadOnOneLineOrOnMany() {
    String text =
        squad(
            """
            {"id": "a", "question": "What was it first?",
             "answers": [{"text": "green", "answer_start": 7}]},
            {"id": "b", "question": "How old?", "is_impossible": true, "answers": []}
            """);
    List<Question> questions = QuestionFile.read(FILE, text);
    assertEquals(questions, QuestionFile.read(FILE, text.replace("\n", " ")));
    assertEquals(2, questions.size());
    assertEquals(List.of("green"), questions.get(0).answers());
    assertEquals(List.of(), questions.get(1).answers());
    assertEquals(List.of(0, 1), questions.stream().map(Question::line).toList());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"context\": \"a b\", \"question\": \"q\", \"answers\": [\"c\"]} | line 1 has the answer 'c', which is not in",
        "{\"context\": \"a b\", \"question\": \"q\", \"answers\": [{\"text\": \"b\", \"answer_start\": 0}]}"
            + " | does not stand at character 0 of its context, but first at 2",
        "{\"context\": \"a b\", \"question\": \"q\", \"answers\": [{\"text\": \"b\", \"answer_start\": -7}]}"
            + " | does not stand at character -7",
        "{\"context\": \"a b\", \"question\": \"q\", \"answers\": [{\"text\": \"b\", \"answer_start\": 2.5}]}"
            + " | does not stand at character 2.5",
        "~{\"context\": \"a b\", \"question\": \"q\"} | line 2 should have 'answers'",
        "{\"context\": \"a b\", \"answers\": [\"a\"]} | line 1 should have a text 'question'",
        "{\"question\": \"q\", \"answers\": [\"a\"]} | line 1 should have a text 'context'",
        "{\"context\": \"a\", \"question\": \"q\", \"answers\": [\"\"]} | line 1 has an empty answer",
        "{\"context\": \"a\", \"question\": \"q\", \"answers\": {\"text\": [\"a\"], \"answer_start\": []}}"
            + " | of one length",
        "{\"context\": \"a\", \"question\": \"q\", \"answers\": [7]} | line 1 should have a text 'text'",
        "{\"data\": 3} | the file should have an array 'data'",
        "{\"data\": [{\"paragraphs\": [{\"context\": \"a\", \"qas\": [3]}]}]} | data[0].paragraphs[0].qas[0]",
        "{~\"data\": [}~ | line 2 is no JSON",
        "question\tanswer | line 1 is no JSON"
      })
  void wrongQuestionsAreNamedByTheirPlace(String text, String message) {
    FileFormatException error =
        assertThrows(
            FileFormatException.class, () -> QuestionFile.read(FILE, text.replace('~', '\n')));
    assertTrue(String.valueOf(error.getMessage()).contains(message), error.getMessage());
  }

  @Test
  void anAnswerOfSquadThatIsWrongIsNamedByItsId() {
    String text =
        squad(
            "{\"id\": \"xy\", \"question\": \"q\", \"answers\": [{\"text\": \"blue\", \"answer_start\": 1}]}");
    FileFormatException error =
        assertThrows(FileFormatException.class, () -> QuestionFile.read(FILE, text));
    assertTrue(String.valueOf(error.getMessage()).contains("(id xy)"), error.getMessage());
  }
}
