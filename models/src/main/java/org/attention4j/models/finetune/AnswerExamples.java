package org.attention4j.models.finetune;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.FileFormatException;
import org.attention4j.error.UsageException;
import org.attention4j.models.data.Example;
import org.attention4j.models.text.Passages;
import org.attention4j.models.token.Encoding.Span;
import org.attention4j.models.token.JsonTokenizer;
import org.attention4j.models.token.PairEncoding;

/**
 * Questions as examples: the question beside each of the overlapping passages of its text, with the
 * first and the last token of the first answer; 0, the token that stands for none, where a passage
 * does not hold it whole (Devlin et al. 2019, sections 4.2 and 4.3).
 *
 * @param longest tokens of a passage with its question at most
 */
record AnswerExamples(Path file, JsonTokenizer tokenizer, int longest) {

  /**
   * The examples in the order of the questions.
   *
   * @throws FileFormatException that names a question that leaves no room for its text
   */
  List<Example> of(List<Question> questions) {
    List<Example> examples = new ArrayList<>();
    for (Question question : questions) {
      for (PairEncoding passage : passages(question)) {
        examples.add(
            new Example(
                passage.tokens().ids().stream().mapToLong(id -> id).toArray(),
                passage.tokens().typeIds().stream().mapToLong(id -> id).toArray(),
                new long[0],
                place(passage, question),
                question.line()));
      }
    }
    return examples;
  }

  private List<PairEncoding> passages(Question question) {
    try {
      return Passages.cut(tokenizer.pair(question.question(), question.context()), longest);
    } catch (UsageException e) {
      throw new FileFormatException(file, question.place() + ": " + e.getMessage(), e);
    }
  }

  /** First and last token of the answer. */
  private static double[] place(PairEncoding passage, Question question) {
    int from = question.start();
    int to = question.end();
    int first = 0;
    int last = 0;
    boolean begun = false; // whether the passage begins before the answer, or with it
    boolean ended = false;
    for (int i = 0; i < passage.texts().size(); i++) {
      if (passage.texts().get(i) == 1) {
        Span span = passage.tokens().offsets().get(i);
        if (span.start() <= from) {
          first = i;
          begun = true;
        }
        if (span.end() >= to && !ended) {
          last = i;
          ended = true;
        }
      }
    }
    boolean whole = begun && ended && first <= last && !question.answers().isEmpty();
    return whole ? new double[] {first, last} : new double[] {0, 0};
  }
}
