package org.attention4j.models.finetune;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.models.data.Example;
import org.attention4j.models.score.Entities;
import org.attention4j.models.store.JsonFile;

/**
 * The entities that a model finds in sentences; words that were cut off do not count.
 *
 * @param examples sentences
 */
public record TokenScores(int examples, Entities entities) implements Scores {

  /**
   * Labels the words of sentences.
   *
   * @param names of the classes, by number
   */
  static TokenScores of(Predictions predictions, List<Example> sentences, List<String> names) {
    List<List<String>> wanted = new ArrayList<>();
    List<List<String>> found = new ArrayList<>();
    predictions.each(
        sentences,
        "logits",
        (sentence, logits) -> {
          List<String> right = new ArrayList<>();
          List<String> own = new ArrayList<>();
          for (int i = 0; i < sentence.labels().length; i++) {
            if (sentence.labels()[i] >= 0) { // the first token of a word
              right.add(names.get((int) sentence.labels()[i]));
              own.add(names.get(Predictions.best(logits, i * names.size(), names.size())));
            }
          }
          wanted.add(right);
          found.add(own);
        });
    return new TokenScores(sentences.size(), Entities.of(wanted, found));
  }

  @Override
  public Map<String, Double> measures() {
    Map<String, Double> measures = new LinkedHashMap<>();
    measures.put("precision", entities.all().precision());
    measures.put("recall", entities.all().recall());
    measures.put("f1", entities.all().f1());
    measures.put("accuracy", entities.accuracy());
    return measures;
  }

  @Override
  public ObjectNode details(int shown) {
    ObjectNode json = JsonFile.object().put("words", entities.words());
    ArrayNode kinds = json.putArray("entities");
    entities
        .kinds()
        .forEach(
            (kind, count) ->
                kinds
                    .addObject()
                    .put("kind", kind)
                    .put("count", count.there())
                    .put("precision", count.precision())
                    .put("recall", count.recall())
                    .put("f1", count.f1()));
    return json;
  }
}
