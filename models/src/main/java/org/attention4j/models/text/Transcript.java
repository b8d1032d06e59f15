package org.attention4j.models.text;

import java.util.List;
import org.attention4j.generate.Generation;

/**
 * What was said.
 *
 * @param pieces how each piece of the sound came out, with the prompt that it began with
 */
public record Transcript(String text, List<Generation> pieces) {
  public Transcript {
    pieces = List.copyOf(pieces);
  }
}
