package org.attention4j.models.finetune;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** How well a model does on examples that it did not learn from. */
public sealed interface Scores
    permits Translations,
        TokenScores,
        ClassScores,
        AnswerScores,
        PreferenceScores,
        DistillationScores {
  /** Measures that people read in per cent. */
  Set<String> SHARES = Set.of("exact_match", "precision", "recall", "f1", "accuracy", "likelier");

  /** How many examples. */
  int examples();

  /**
   * Numbers by name, in order: shares from 0 to 1 ({@code exact_match}, {@code precision}, {@code
   * recall}, {@code f1}, {@code accuracy}, {@code likelier}), {@code bleu} from 0 to 100, and what
   * the records here describe.
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
    boolean share = SHARES.contains(measure);
    String format = measure.equals("bleu") ? "%.2f" : share ? "%.1f %%" : "%.4f";
    return String.format(Locale.ROOT, format, share ? 100 * value : value);
  }
}
