package org.attention4j.models.finetune;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.models.score.AnswerMatch;
import org.attention4j.models.store.JsonFile;
import org.attention4j.models.text.QuestionAnswerer;
import org.attention4j.models.text.QuestionAnswerer.Search;

/** The answers that a model finds, beside the right ones. */
public record AnswerScores(List<Question> questions, List<String> answers, AnswerMatch match)
    implements Scores {
  private static final int LONGEST = 30; // as transformers' examples look for on SQuAD

  public AnswerScores {
    questions = List.copyOf(questions);
    answers = List.copyOf(answers);
  }

  /**
   * Answers questions.
   *
   * @param none whether "there is none" is an answer, too
   * @param batch passages at a time
   */
  static AnswerScores of(
      QuestionAnswerer answerer, List<Question> questions, boolean none, int batch) {
    Search search = new Search(1, LONGEST, none, batch);
    List<String> answers = new ArrayList<>();
    for (Question q : questions) {
      answers.add(answerer.answers(q.question(), q.context(), search).get(0).text());
    }
    AnswerMatch match = AnswerMatch.of(questions.stream().map(Question::answers).toList(), answers);
    return new AnswerScores(questions, answers, match);
  }

  @Override
  public int examples() {
    return answers.size();
  }

  @Override
  public Map<String, Double> measures() {
    Map<String, Double> measures = new LinkedHashMap<>();
    measures.put("exact_match", match.exact());
    measures.put("f1", match.f1());
    return measures;
  }

  @Override
  public ObjectNode details(int shown) {
    int count = Math.min(shown, answers.size());
    List<Question> some = questions.subList(0, count);
    ObjectNode json = JsonFile.object();
    json.set("sources", JsonFile.tree(some.stream().map(Question::question).toList()));
    json.set(
        "references",
        JsonFile.tree(
            some.stream().map(q -> q.answers().isEmpty() ? "" : q.answers().get(0)).toList()));
    json.set("texts", JsonFile.tree(answers.subList(0, count)));
    return json;
  }
}
