package org.attention4j.op;

import java.util.List;
import org.attention4j.error.ShapeException;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Which keys a query may attend to: {@code true} = attend. Structure as types, so that an engine
 * need not materialise it. Queries and keys are counted in slots; the first query's slot is the
 * op's {@link Start}, the first key's slot is 0.
 *
 * <p>Tensors stand only at {@link Given} leaves; {@link #lift} turns those into operands of the op,
 * so that the op stays data.
 */
public sealed interface Mask {

  /** Every key. */
  record All() implements Mask {}

  /** Keys whose slot is at most the query's. */
  record Causal() implements Mask {}

  /** Keys in {@code (query - left, query + right]}: {@code left} counts the query's own slot. */
  record Window(int left, int right) implements Mask {
    public Window {
      if (left < 0 || right < 0 || left + right == 0) {
        throw new ShapeException(
            "Window needs left >= 0, right >= 0 and not both 0, got left="
                + left
                + " right="
                + right);
      }
    }
  }

  /** Keys that both allow. */
  record And(Mask first, Mask second) implements Mask {}

  /** Keys that either allows. */
  record Or(Mask first, Mask second) implements Mask {}

  /** A boolean or integer tensor: [batch, keys], or [batch|1, heads|1, queries|1, keys]. */
  record Given(Tensor tensor) implements Mask {}

  /** A {@link Given} mask inside an op: the index among the op's extra operands. */
  record Operand(int index) implements Mask {}

  /** Every key. */
  static Mask all() {
    return new All();
  }

  /** Keys whose slot is at most the query's. */
  static Mask causal() {
    return new Causal();
  }

  /** The query's own slot and the {@code size - 1} before it. */
  static Mask window(int size) {
    return new Window(size, 0);
  }

  /** Padding: [batch, keys], non-zero or true where there is a token; null means everywhere. */
  static Mask keys(@Nullable Tensor attentionMask) {
    if (attentionMask == null) {
      return all();
    }
    if (attentionMask.rank() != 2) {
      throw new ShapeException("Mask.keys needs [batch, keys], got " + attentionMask.type());
    }
    return new Given(attentionMask);
  }

  /** Any pairs: [queries, keys], [batch, queries, keys] or [batch|1, heads|1, queries|1, keys]. */
  static Mask pairs(Tensor allowed) {
    return switch (allowed.rank()) {
      case 2 -> new Given(allowed.insert(0).insert(0)); // [1, 1, queries, keys]
      case 3 -> new Given(allowed.insert(1)); // [batch, 1, queries, keys]
      case 4 -> new Given(allowed);
      default ->
          throw new ShapeException(
              "Mask.pairs needs 2 to 4 axes ending in [queries, keys], got " + allowed.type());
    };
  }

  /** Keys that this and the other allow. */
  default Mask and(Mask other) {
    if (other instanceof All) {
      return this;
    }
    return this instanceof All ? other : new And(this, other);
  }

  /** Keys that this or the other allows. */
  default Mask or(Mask other) {
    return this instanceof All || other instanceof All ? all() : new Or(this, other);
  }

  /** The mask as data: tensors are appended to {@code operands} and named by their index there. */
  default Mask lift(List<Tensor> operands) {
    if (this instanceof Given given) {
      operands.add(given.tensor());
      return new Operand(operands.size() - 1);
    }
    if (this instanceof And and) {
      return new And(and.first().lift(operands), and.second().lift(operands));
    }
    if (this instanceof Or or) {
      return new Or(or.first().lift(operands), or.second().lift(operands));
    }
    return this;
  }

  /**
   * The lifted mask as a boolean tensor that broadcasts to [batch, heads, queries, keys]; null
   * where everything is allowed.
   *
   * @param query slots of the queries, i64 [queries, 1]
   * @param key slots of the keys, i64 [1, keys]
   * @param operands what {@link Operand} indices refer to
   */
  default @Nullable Tensor allowed(Tensor query, Tensor key, List<Tensor> operands) {
    if (this instanceof Causal) {
      return key.le(query);
    }
    if (this instanceof Window window) {
      Tensor distance = query.sub(key);
      Tensor near = distance.lt(window.left());
      return near.and(distance.neg().le(window.right()));
    }
    if (this instanceof And and) {
      Tensor a = and.first().allowed(query, key, operands);
      Tensor b = and.second().allowed(query, key, operands);
      return a == null ? b : b == null ? a : a.and(b);
    }
    if (this instanceof Or or) {
      Tensor a = or.first().allowed(query, key, operands);
      Tensor b = or.second().allowed(query, key, operands);
      return a == null || b == null ? null : a.or(b);
    }
    if (this instanceof Operand operand) {
      Tensor given = operands.get(operand.index()).cast(DType.BOOL);
      return given.rank() == 2 ? given.insert(1).insert(1) : given; // [batch, 1, 1, keys]
    }
    return null;
  }
}
