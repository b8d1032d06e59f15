package org.attention4j.models.text;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.attention4j.error.UsageException;
import org.attention4j.models.token.PairEncoding;

/** Cuts a long text into overlapping passages, each beside the whole question. */
public final class Passages {
  /** Tokens of a question with a passage, at most, as in transformers' pipeline. */
  public static final int USUAL = 384;

  /** Tokens that neighbouring passages share, where there is room for so many. */
  private static final int OVERLAP = 128;

  private Passages() {}

  /**
   * The passages in the order of the text.
   *
   * @param whole question and text
   * @param limit tokens of a passage with its question at most
   * @throws UsageException if the text has no token, or the question leaves no room for it
   */
  public static List<PairEncoding> cut(PairEncoding whole, int limit) {
    List<Integer> text =
        IntStream.range(0, whole.texts().size())
            .filter(i -> whole.texts().get(i) == 1)
            .boxed()
            .toList();
    if (text.isEmpty()) {
      throw new UsageException("the context has no token, so that it holds no answer");
    }
    int first = text.get(0);
    int behind = text.get(text.size() - 1) + 1;
    int around = first + whole.texts().size() - behind;
    int room = limit - around;
    if (room < 1) {
      throw new UsageException(
          "the question and what belongs to it have "
              + around
              + " tokens; the model reads "
              + limit
              + " at a time, the context included");
    }
    int step = room - Math.min(Math.min(limit / 2, OVERLAP), room - 1);
    List<PairEncoding> passages = new ArrayList<>();
    int end = 0;
    for (int start = 0; end < text.size(); start += step) {
      end = Math.min(start + room, text.size());
      List<Integer> places = new ArrayList<>(IntStream.range(0, first).boxed().toList());
      places.addAll(text.subList(start, end));
      places.addAll(IntStream.range(behind, whole.texts().size()).boxed().toList());
      passages.add(whole.pick(places));
    }
    return passages;
  }
}
