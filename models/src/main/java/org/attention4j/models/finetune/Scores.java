package org.attention4j.models.finetune;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Map;

/** How well a model does on examples that it did not learn from. */
public sealed interface Scores permits Translations, TokenScores, ClassScores, AnswerScores {

  /** How many examples. */
  int examples();

  /**
   * Numbers by name, in order: shares from 0 to 1 ({@code exact_match}, {@code precision}, {@code
   * recall}, {@code f1}, {@code accuracy}), {@code bleu} from 0 to 100, {@code mean_squared_error},
   * {@code pearson} from -1 to 1.
   */
  Map<String, Double> measures();

  /**
   * What is behind them.
   *
   * @param shown examples at most
   */
  ObjectNode details(int shown);

  /** All of it, as reports have it. */
  default ObjectNode json(int shown) {
    ObjectNode json = details(shown).put("examples", examples());
    measures().forEach(json::put);
    return json;
  }

  /** A number as people read it: shares in per cent. */
  static String text(String measure, double value) {
    boolean plain =
        measure.equals("bleu") || measure.equals("mean_squared_error") || measure.equals("pearson");
    String format = measure.equals("bleu") ? "%.2f" : plain ? "%.4f" : "%.1f %%";
    return String.format(Locale.ROOT, format, plain ? value : 100 * value);
  }
}
