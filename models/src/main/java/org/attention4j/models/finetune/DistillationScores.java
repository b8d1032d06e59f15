package org.attention4j.models.finetune;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.models.store.JsonFile;

/**
 * How near a student is to its teacher: {@code perplexity}, {@code teacher_perplexity}, and {@code
 * divergence}, that of {@link DistillationLoss} in nats a token.
 *
 * @param examples texts
 */
public record DistillationScores(int examples, Map<String, Double> measures) implements Scores {
  public DistillationScores {
    measures = new LinkedHashMap<>(measures); // in their order
  }

  /** Of mean losses in nats a token. */
  static DistillationScores of(
      int examples, double tokenLoss, double teacherLoss, double divergence) {
    Map<String, Double> measures = new LinkedHashMap<>();
    measures.put("perplexity", Math.exp(tokenLoss));
    measures.put("teacher_perplexity", Math.exp(teacherLoss));
    measures.put("divergence", divergence);
    return new DistillationScores(examples, measures);
  }

  @Override
  public ObjectNode details(int shown) {
    return JsonFile.object();
  }
}
