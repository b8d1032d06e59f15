package org.attention4j.models.text;

import java.util.List;
import org.attention4j.generate.Generation;

/**
 * What was said.
 *
 * @param pieces how each piece of the sound came out, with the prompt that it began with
 * @param segments what was said when, in order; empty where no time stamps were written
 */
public record Transcript(String text, List<Generation> pieces, List<Segment> segments) {

  /**
   * Speech between two times.
   *
   * @param start in seconds from the beginning of the sound
   * @param end in seconds; a model may hear speech in the silence after the sound
   * @param tokens those of times included
   */
  public record Segment(double start, double end, String text, List<Long> tokens) {
    public Segment {
      tokens = List.copyOf(tokens);
    }
  }

  public Transcript {
    pieces = List.copyOf(pieces);
    segments = List.copyOf(segments);
  }
}
