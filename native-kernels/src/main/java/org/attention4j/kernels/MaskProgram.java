package org.attention4j.kernels;

import java.util.List;
import org.attention4j.error.DTypeException;
import org.attention4j.error.ShapeException;
import org.attention4j.op.Mask;
import org.attention4j.spi.BufferView;

/**
 * A mask as the kernels read it: its tree in postfix order. The deeper side of an and/or goes
 * first, so that the stack stays within the logarithm of the tree's size.
 */
final class MaskProgram {
  /** A4J_MAX_MASK_NODES, with room for the range of a static cache. */
  static final int MAX_NODES = 1022;

  private static final long ALL = 0;
  private static final long CAUSAL = 1;
  private static final long WINDOW = 2;
  private static final long TENSOR = 3;
  private static final long AND = 4;
  private static final long OR = 5;
  private static final long RANGE = 7;

  private MaskProgram() {}

  static int nodes(Mask mask) {
    if (mask instanceof Mask.And and) {
      return nodes(and.first()) + nodes(and.second()) + 1;
    }
    if (mask instanceof Mask.Or or) {
      return nodes(or.first()) + nodes(or.second()) + 1;
    }
    return 1;
  }

  /**
   * Appends the number of nodes and the nodes.
   *
   * @param tensors what {@link Mask.Operand} indices refer to
   * @param end keys from this slot on are hidden
   */
  static void encode(Mask mask, List<BufferView> tensors, long end, CallEncoder to) {
    boolean hides = end != Long.MAX_VALUE;
    if (mask instanceof Mask.All && !hides) {
      to.add(0L);
      return;
    }
    to.add((long) nodes(mask) + (hides ? 2 : 0));
    emit(mask, tensors, to);
    if (hides) {
      node(RANGE, 0, end, to);
      node(AND, 0, 0, to);
    }
  }

  private static void emit(Mask mask, List<BufferView> tensors, CallEncoder to) {
    if (mask instanceof Mask.All) {
      node(ALL, 0, 0, to);
    } else if (mask instanceof Mask.Causal) {
      node(CAUSAL, 0, 0, to);
    } else if (mask instanceof Mask.Window window) {
      node(WINDOW, window.left(), window.right(), to);
    } else if (mask instanceof Mask.And and) {
      emitBoth(and.first(), and.second(), AND, tensors, to);
    } else if (mask instanceof Mask.Or or) {
      emitBoth(or.first(), or.second(), OR, tensors, to);
    } else if (mask instanceof Mask.Operand operand && operand.index() < tensors.size()) {
      node(TENSOR, 0, 0, to);
      tensor(tensors.get(operand.index()), to);
    } else {
      throw new ShapeException("the native kernels cannot read the mask " + mask);
    }
  }

  private static void emitBoth(
      Mask first, Mask second, long op, List<BufferView> tensors, CallEncoder to) {
    boolean swap = depth(second) > depth(first);
    emit(swap ? second : first, tensors, to);
    emit(swap ? first : second, tensors, to);
    node(op, 0, 0, to);
  }

  /** Values on the stack at once. */
  private static int depth(Mask mask) {
    if (mask instanceof Mask.And and) {
      return depth(and.first(), and.second());
    }
    return mask instanceof Mask.Or or ? depth(or.first(), or.second()) : 1;
  }

  private static int depth(Mask first, Mask second) {
    int a = depth(first);
    int b = depth(second);
    return a == b ? a + 1 : Math.max(a, b);
  }

  private static void node(long op, long left, long right, CallEncoder to) {
    to.add(op).add(left).add(right);
  }

  private static void tensor(BufferView view, CallEncoder to) {
    if (view.dtype().isFloating()) {
      throw new DTypeException(
          "an attention mask is boolean or integer, got " + view.dtype().label());
    }
    BufferView lifted = view.sizes().size() == 2 ? keysOnly(view) : view;
    to.addSizes(lifted.sizes()).add(lifted);
  }

  /** [batch, keys] as [batch, 1, 1, keys]. */
  private static BufferView keysOnly(BufferView view) {
    return new BufferView(
        view.dtype(),
        List.of(view.sizes().get(0), 1L, 1L, view.sizes().get(1)),
        List.of(view.strides().get(0), 0L, 0L, view.strides().get(1)),
        view.buffer());
  }
}
