package org.attention4j.models.finetune;

import java.util.List;

/**
 * A question about a text.
 *
 * @param answers parts of the text that are right; none if it holds no answer
 * @param start first code point of the first answer; 0 without one
 * @param line of the file it came from, or number of the question, from 0
 * @param place of it in the file, for people
 */
public record Question(
    String question, String context, List<String> answers, int start, int line, String place) {
  public Question {
    answers = List.copyOf(answers);
  }

  /** The code point behind the first answer. */
  int end() {
    return answers.isEmpty()
        ? 0
        : start + answers.get(0).codePointCount(0, answers.get(0).length());
  }
}
