package org.attention4j.models.finetune;

import java.util.List;

/**
 * A sentence in words, each with its label.
 *
 * @param line of the file where it begins, from 0
 */
record TaggedSentence(List<String> words, List<String> labels, int line) {
  TaggedSentence {
    words = List.copyOf(words);
    labels = List.copyOf(labels);
  }
}
