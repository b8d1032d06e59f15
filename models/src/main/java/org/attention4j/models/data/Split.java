package org.attention4j.models.data;

import java.util.Arrays;
import org.attention4j.error.Count;
import org.attention4j.error.UsageException;

/**
 * Token ids for training and, after them in the corpus, for validation. Do not change the arrays.
 */
@SuppressWarnings("ArrayRecordComponent") // millions of ids; never compared
public record Split(long[] training, long[] validation) {

  /**
   * Cuts at a share of the tokens.
   *
   * @param share of the tokens that go to training, between 0 and 1
   * @param context tokens of a window; both parts must hold one window and its targets
   * @throws UsageException if a part is too short
   */
  public static Split of(long[] tokens, double share, int context) {
    if (!(share > 0 && share < 1)) {
      throw new UsageException("the training share is between 0 and 1, not " + share);
    }
    int cut = (int) (tokens.length * share);
    Split split =
        new Split(
            Arrays.copyOfRange(tokens, 0, cut), Arrays.copyOfRange(tokens, cut, tokens.length));
    int shorter = Math.min(split.training.length, split.validation.length);
    if (shorter < context + 1) {
      throw new UsageException(
          "the corpus is too short: "
              + Count.of(tokens.length, "token")
              + ", of which the shorter part has "
              + shorter
              + "; a context of "
              + context
              + " needs at least "
              + (context + 1)
              + " there");
    }
    return split;
  }
}
