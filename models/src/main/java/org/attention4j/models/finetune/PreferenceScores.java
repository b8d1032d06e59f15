package org.attention4j.models.finetune;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.models.data.Example;
import org.attention4j.models.store.JsonFile;

/**
 * What a model learned to prefer. The reward of a completion is beta times the logarithm of how
 * much likelier it is than under the reference (Rafailov et al. 2023, equation 5, without the term
 * that both completions share): {@code accuracy} is the share of pairs whose preferred completion
 * has the higher reward, where equal ones count half; {@code reward_margin} the mean of by how
 * much; {@code chosen_reward} and {@code rejected_reward} the means of both; {@code likelier} the
 * share of pairs whose preferred completion is the likelier one, whatever the reference says.
 *
 * @param examples pairs
 */
public record PreferenceScores(int examples, Map<String, Double> measures) implements Scores {
  /** Rewards of one model differ by rounding where a pair was padded otherwise. */
  private static final double ROUNDING = 1e-5;

  public PreferenceScores {
    measures = new LinkedHashMap<>(measures); // in their order
  }

  /**
   * Compares with the reference.
   *
   * @param own log-probabilities of both completions of each pair
   * @param pairs with those of the reference in their labels
   */
  static PreferenceScores of(List<double[]> own, List<Example> pairs, double beta) {
    double right = 0;
    double likelier = 0;
    double chosen = 0;
    double rejected = 0;
    for (int i = 0; i < pairs.size(); i++) {
      double[] now = own.get(i);
      double[] labels = pairs.get(i).labels();
      double first = now[0] - labels[2];
      double second = now[1] - labels[3];
      double noise = ROUNDING * (1 + Math.abs(now[0]) + Math.abs(now[1]));
      boolean equal = Math.abs(first - second) <= noise;
      right += equal ? 0.5 : first > second ? 1 : 0;
      likelier += now[0] > now[1] ? 1 : 0;
      chosen += beta * first;
      rejected += beta * second;
    }
    int count = pairs.size();
    Map<String, Double> measures = new LinkedHashMap<>();
    measures.put("accuracy", right / count);
    measures.put("reward_margin", (chosen - rejected) / count);
    measures.put("chosen_reward", chosen / count);
    measures.put("rejected_reward", rejected / count);
    measures.put("likelier", likelier / count);
    return new PreferenceScores(count, measures);
  }

  @Override
  public ObjectNode details(int shown) {
    return JsonFile.object();
  }
}
