package org.attention4j.kernels;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Direct memory that is lent in pieces with guard bytes between them. Not thread-safe. */
final class GuardedMemory {
  private static final byte GUARD = 0x5a;
  private static final int GUARD_BYTES = 64;

  private final ByteBuffer memory;
  private final List<Integer> guards = new ArrayList<>();
  private int next;

  GuardedMemory(int bytes) {
    memory = ByteBuffer.allocateDirect(bytes).alignedSlice(8);
    clear();
  }

  /** Takes all pieces back. */
  void clear() {
    guards.clear();
    next = 0;
    guard();
  }

  /** A piece in native byte order, aligned to 8 bytes, with a guard on both sides. */
  ByteBuffer take(int bytes) {
    ByteBuffer piece = memory.slice(next, bytes).order(ByteOrder.nativeOrder());
    next += bytes;
    guard();
    return piece;
  }

  private void guard() {
    guards.add(next);
    int end = (next + GUARD_BYTES + 7) / 8 * 8;
    for (; next < end; next++) {
      memory.put(next, GUARD);
    }
  }

  /** Whether nobody wrote between the pieces. */
  boolean intact() {
    for (int guard : guards) {
      for (int i = guard; i < guard + GUARD_BYTES; i++) {
        if (memory.get(i) != GUARD) {
          return false;
        }
      }
    }
    return true;
  }
}
