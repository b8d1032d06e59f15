package org.attention4j.models.token;

import java.util.List;

/**
 * A text as tokens, with where they come from.
 *
 * @param ids the token ids
 * @param tokens as the vocabulary writes them
 * @param offsets where each stands in its text; empty spans for tokens that are not in it
 * @param typeIds which of two texts each belongs to
 * @param special whether each was added to the text
 * @param truncated whether tokens were left out because the text is too long
 */
public record Encoding(
    List<Long> ids,
    List<String> tokens,
    List<Span> offsets,
    List<Long> typeIds,
    List<Boolean> special,
    boolean truncated) {

  /** Code points of a text, the end not included. */
  public record Span(int start, int end) {}

  public Encoding {
    ids = List.copyOf(ids);
    tokens = List.copyOf(tokens);
    offsets = List.copyOf(offsets);
    typeIds = List.copyOf(typeIds);
    special = List.copyOf(special);
  }
}
