package org.attention4j.generate.grammar;

import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All places where a reader of a grammar may be after some bytes. Equal ones of a {@link States}
 * are one object, which remembers where each byte leads and which tokens may come.
 */
final class State {
  private static final int BYTES = 256;

  /** A node that reads a byte, and what was called. */
  record Place(Node node, @Nullable Frame frame) {
    int distance() {
      return Math.min(Node.FAR, node.distance + (frame == null ? 0 : frame.distance()));
    }
  }

  /** Where no text of the grammar is any more. */
  static final State DEAD = new State(List.of(), false);

  final List<Place> places;

  /** Whether the text may end here. */
  final boolean complete;

  /** Bytes at least until the text may end. */
  final int distance;

  final @Nullable State[] next = new @Nullable State[BYTES];

  /** Tokens that may come, whatever follows; null until asked for. */
  @Nullable BitSet tokens;

  /** The greatest distance after one of these tokens. */
  int farthest;

  State(List<Place> places, boolean complete) {
    this.places = places;
    this.complete = complete;
    this.distance = complete ? 0 : places.stream().mapToInt(Place::distance).min().orElse(Node.FAR);
  }

  boolean isDead() {
    return places.isEmpty() && !complete;
  }
}
