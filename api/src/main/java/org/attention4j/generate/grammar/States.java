package org.attention4j.generate.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.attention4j.generate.grammar.State.Place;
import org.jspecify.annotations.Nullable;

/**
 * Reads bytes by a network with all its choices at once: states are made when they are first
 * reached, so that without nested rules this becomes a deterministic automaton. One thread at a
 * time.
 */
final class States {
  private final Map<Long, Frame> frames = new HashMap<>();
  private final Map<Set<Long>, State> states = new HashMap<>();
  private final State start;

  States(Node first) {
    Reached reached = new Reached();
    reached.visit(first, null);
    this.start = reached.state();
  }

  State start() {
    return start;
  }

  /** How many states there are. */
  int size() {
    return states.size();
  }

  /** The state after one more byte, from 0 to 255. */
  State next(State from, int read) {
    State known = from.next[read];
    if (known != null) {
      return known;
    }
    Reached reached = new Reached();
    for (Place place : from.places) {
      if (place.node().low <= read && read <= place.node().high) {
        reached.visit(place.node().then(), place.frame());
      }
    }
    State state = reached.state();
    from.next[read] = state;
    return state;
  }

  private @Nullable Frame call(Node then, @Nullable Frame below) {
    if (then.kind == Node.Kind.END) {
      return below; // nothing is left to do there: repeated rules at an end do not pile up
    }
    long key = ((long) then.id << Integer.SIZE) | (below == null ? 0 : below.id());
    Frame known = frames.get(key);
    if (known == null) {
      int distance = then.distance + (below == null ? 0 : below.distance());
      known = new Frame(frames.size() + 1, then, below, Math.min(Node.FAR, distance));
      frames.put(key, known);
    }
    return known;
  }

  /** The places that nodes lead to without reading. */
  private final class Reached {
    private final Set<Long> seen = new HashSet<>();
    private final Set<Long> keys = new TreeSet<>();
    private final List<Place> places = new ArrayList<>();
    private boolean complete;

    void visit(Node first, @Nullable Frame frame) {
      List<Place> open = new ArrayList<>(List.of(new Place(first, frame)));
      while (!open.isEmpty()) {
        Place place = open.remove(open.size() - 1);
        Node node = place.node();
        Frame above = place.frame();
        long key = ((long) node.id << Integer.SIZE) | (above == null ? 0 : above.id());
        if (node.distance >= Node.FAR || !seen.add(key)) {
          continue;
        }
        switch (node.kind) {
          case BYTE -> {
            keys.add(key);
            places.add(place);
          }
          case SPLIT -> node.choices.forEach(choice -> open.add(new Place(choice, above)));
          case CALL -> open.add(new Place(node.callee(), call(node.then(), above)));
          case END -> {
            if (above == null) {
              complete = true;
            } else {
              open.add(new Place(above.then(), above.below()));
            }
          }
        }
      }
    }

    State state() {
      if (places.isEmpty() && !complete) {
        return State.DEAD;
      }
      if (complete) {
        keys.add(-1L);
      }
      return states.computeIfAbsent(keys, k -> new State(List.copyOf(places), complete));
    }
  }
}
