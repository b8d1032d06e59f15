package org.attention4j.models.score;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.attention4j.error.UsageException;

/**
 * BLEU of a corpus (Papineni et al. 2002, section 2.3) with one reference for each text: n-grams up
 * to 4, the brevity penalty, words as NIST's mteval-v13a cuts them. An n-gram order without a match
 * counts as half a match, then a quarter, and so on, as mteval smooths and sacrebleu does by
 * default.
 *
 * @param score 0 to 100
 * @param precisions of 1 to 4 words, 0 to 100
 * @param brevity penalty of texts shorter than their references, 0 to 1
 * @param words in the texts
 * @param referenceWords in the references
 */
public record Bleu(
    double score, List<Double> precisions, double brevity, long words, long referenceWords) {
  private static final int ORDER = 4;
  private static final Pattern SYMBOL = Pattern.compile("([{-~\\[-` -&(-+:-@/])");
  private static final Pattern POINT_AFTER_TEXT = Pattern.compile("([^0-9])([.,])");
  private static final Pattern POINT_BEFORE_TEXT = Pattern.compile("([.,])([^0-9])");
  private static final Pattern DASH_AFTER_DIGIT = Pattern.compile("([0-9])(-)");

  public Bleu {
    precisions = List.copyOf(precisions);
  }

  /**
   * The score of texts.
   *
   * @throws UsageException if there is not one reference for each text
   */
  public static Bleu of(List<String> texts, List<String> references) {
    if (texts.size() != references.size()) {
      throw new UsageException(
          "BLEU needs a reference for each text, not "
              + references.size()
              + " for "
              + texts.size());
    }
    long[] matches = new long[ORDER];
    long[] totals = new long[ORDER];
    long words = 0;
    long referenceWords = 0;
    for (int i = 0; i < texts.size(); i++) {
      List<String> text = words(texts.get(i));
      List<String> reference = words(references.get(i));
      words += text.size();
      referenceWords += reference.size();
      for (int n = 1; n <= ORDER; n++) {
        Map<List<String>, Integer> wanted = counts(reference, n);
        for (Map.Entry<List<String>, Integer> entry : counts(text, n).entrySet()) {
          totals[n - 1] += entry.getValue();
          matches[n - 1] += Math.min(entry.getValue(), wanted.getOrDefault(entry.getKey(), 0));
        }
      }
    }
    double brevity =
        words == 0 ? 0 : words < referenceWords ? Math.exp(1 - (double) referenceWords / words) : 1;
    return of(matches, totals, brevity, words, referenceWords);
  }

  private static Bleu of(
      long[] matches, long[] totals, double brevity, long words, long referenceWords) {
    List<Double> precisions = new ArrayList<>();
    double logs = 0;
    double smoothed = 1;
    for (int n = 0; n < ORDER; n++) {
      double precision;
      if (totals[n] == 0) {
        precision = 0;
      } else if (matches[n] == 0) {
        smoothed /= 2;
        precision = 100 * smoothed / totals[n];
      } else {
        precision = 100.0 * matches[n] / totals[n];
      }
      precisions.add(precision);
      logs += Math.log(precision) / ORDER;
    }
    boolean none = matches[0] == 0; // smoothing is for orders, not for nothing at all
    double score = none || Double.isInfinite(logs) ? 0 : brevity * Math.exp(logs);
    return new Bleu(score, precisions, brevity, words, referenceWords);
  }

  private static Map<List<String>, Integer> counts(List<String> words, int n) {
    Map<List<String>, Integer> counts = new HashMap<>();
    for (int i = 0; i + n <= words.size(); i++) {
      counts.merge(words.subList(i, i + n), 1, Integer::sum);
    }
    return counts;
  }

  /** The words of a text: symbols and marks stand alone, but not the point within a number. */
  static List<String> words(String text) {
    String plain =
        text.replace("<skipped>", "")
            .replace("-\n", "")
            .replace("\n", " ")
            .replace("&quot;", "\"")
            .replace("&amp;", "&")
            .replace("&lt;", "<")
            .replace("&gt;", ">");
    String cut = SYMBOL.matcher(" " + plain + " ").replaceAll(" $1 ");
    cut = POINT_AFTER_TEXT.matcher(cut).replaceAll("$1 $2 ");
    cut = POINT_BEFORE_TEXT.matcher(cut).replaceAll(" $1 $2");
    cut = DASH_AFTER_DIGIT.matcher(cut).replaceAll("$1 $2 ");
    String stripped = cut.strip();
    return stripped.isEmpty() ? List.of() : List.of(stripped.split("\\s+"));
  }
}
