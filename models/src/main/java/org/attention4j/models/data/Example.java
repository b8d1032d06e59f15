package org.attention4j.models.data;

/**
 * One example as token ids. Do not change the arrays.
 *
 * @param tokens what the model reads
 * @param types which of two texts each token belongs to
 * @param partner a second text of its own: what is to be written, or the sentence that belongs to
 *     the first; empty for none
 * @param labels what is to be told of it: a class, numbers, a class for each token, or the first
 *     and the last token of an answer
 * @param line of the file it came from, or entry, from 0; several examples may be of one line, and
 *     are then either all trained on or none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Example(long[] tokens, long[] types, long[] partner, double[] labels, int line) {

  /** Tokens in all. */
  int length() {
    return tokens.length + partner.length;
  }
}
