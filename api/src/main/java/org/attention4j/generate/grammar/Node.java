package org.attention4j.generate.grammar;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A place in a rule of a grammar's network. Changes while that is built only. */
final class Node {
  /** More bytes than any text has: the end cannot be reached. */
  static final int FAR = 1 << 29; // twice this is a number still

  enum Kind {
    /** Reads a byte from {@code low} to {@code high}, then goes on. */
    BYTE,
    /** Reads nothing and goes on at each of the choices. */
    SPLIT,
    /** Reads what a rule stands for, then goes on. */
    CALL,
    /** The end of a rule. */
    END
  }

  final int id;
  final Kind kind;
  int low;
  int high;
  @Nullable Node next;
  final List<Node> choices = new ArrayList<>();

  /** The beginning of the rule that a call is of. */
  @Nullable Node called;

  /** Bytes at least from here to the end of the rule. */
  int distance = FAR;

  Node(int id, Kind kind) {
    this.id = id;
    this.kind = kind;
  }

  Node then() {
    if (next == null) {
      throw new IllegalStateException("node " + id + " leads nowhere");
    }
    return next;
  }

  Node callee() {
    if (called == null) {
      throw new IllegalStateException("node " + id + " calls nothing");
    }
    return called;
  }
}
