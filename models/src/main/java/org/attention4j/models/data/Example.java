package org.attention4j.models.data;

/**
 * One example as token ids. Do not change the arrays.
 *
 * @param tokens what the model reads
 * @param types which of two texts each token belongs to
 * @param partner a second text of its own: what is to be written, or the sentence that belongs to
 *     the first; empty for none
 * @param label class, or a number
 * @param line of the file it came from, from 0
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Example(long[] tokens, long[] types, long[] partner, double label, int line) {

  /** Tokens in all. */
  int length() {
    return tokens.length + partner.length;
  }
}
