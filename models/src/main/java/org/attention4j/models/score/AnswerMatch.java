package org.attention4j.models.score;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.attention4j.error.UsageException;

/**
 * How near answers come to the right ones, as the benchmark SQuAD counts (Rajpurkar et al. 2016,
 * section 6.1): letters of any case, without punctuation, articles of English, and surplus blanks.
 * Of several right answers the nearest counts.
 *
 * @param exact share that equals a right answer
 * @param f1 mean of the harmonic mean of precision and recall of the words
 * @param answers how many
 */
public record AnswerMatch(double exact, double f1, int answers) {
  private static final Pattern PUNCTUATION = Pattern.compile("\\p{Punct}"); // of ASCII
  private static final Pattern ARTICLES =
      Pattern.compile("\\b(a|an|the)\\b", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern BLANKS = Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS);

  /**
   * Counts.
   *
   * @param wanted right answers of each question; none where the text does not hold one
   * @param found an answer to each; empty for none
   * @throws UsageException if there is not one answer to each question, or no question
   */
  public static AnswerMatch of(List<List<String>> wanted, List<String> found) {
    if (wanted.size() != found.size() || found.isEmpty()) {
      throw new UsageException(
          "answers need one found for each question, not "
              + found.size()
              + " for "
              + wanted.size());
    }
    double exact = 0;
    double f1 = 0;
    for (int i = 0; i < found.size(); i++) {
      List<String> words = words(found.get(i));
      List<List<String>> right =
          new ArrayList<>(wanted.get(i).stream().map(w -> words(w)).toList());
      right.removeIf(List::isEmpty);
      if (right.isEmpty()) {
        right.add(List.of());
      }
      exact += right.contains(words) ? 1 : 0;
      f1 += right.stream().mapToDouble(r -> f1(r, words)).max().orElse(0);
    }
    return new AnswerMatch(exact / found.size(), f1 / found.size(), found.size());
  }

  /** The words that count. */
  static List<String> words(String answer) {
    String plain = PUNCTUATION.matcher(answer.toLowerCase(Locale.ROOT)).replaceAll("");
    return BLANKS
        .splitAsStream(ARTICLES.matcher(plain).replaceAll(" "))
        .filter(word -> !word.isEmpty())
        .toList();
  }

  private static double f1(List<String> right, List<String> words) {
    if (right.isEmpty() || words.isEmpty()) {
      return right.equals(words) ? 1 : 0;
    }
    List<String> missing = new ArrayList<>(right);
    words.forEach(missing::remove);
    int same = right.size() - missing.size();
    return same == 0 ? 0 : 2.0 * same / (right.size() + words.size());
  }
}
