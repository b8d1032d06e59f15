package org.attention4j.op;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.error.UsageException;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.TensorType;

/**
 * An {@link Attention} as a list of 64-bit integers, the wire format in which a graph of another
 * runtime (a TorchScript method, an ONNX file) carries it to a kernel. Stateless.
 *
 * <p>The foreign operator takes the op's operands in their order and, where {@link #wantsStart},
 * the first query's slot as one more i64 scalar behind them. The operator for {@code
 * Backward(Attention)} has the same code; behind those operands it takes the results and their
 * cotangents, and gives the gradients of the floating operands.
 *
 * <p>Entries, in order; a real number is the bit pattern of a double:
 *
 * <ul>
 *   <li>{@link #VERSION}
 *   <li>number of operands, an appended start included
 *   <li>flags: {@link #LOG_SUM_EXP}, those of {@link #TIME_FIRST}, {@link #F32_OUTPUT}
 *   <li>kind of start: {@link #CONSTANT}, {@link #STATIC_CACHE}, {@link #OPERAND} or {@link #LAST}
 *   <li>start: the slot if constant, the index of its operand if that is one, otherwise 0
 *   <li>index of the bias operand, -1 for none
 *   <li>index of the dropout seed operand, -1 for none
 *   <li>dropout probability, real
 *   <li>dropout site
 *   <li>scale, real
 *   <li>softcap, real, 0 for none
 *   <li>number of ALiBi slopes, then each, real
 *   <li>number of mask nodes, then three entries for each: {@link #ALL}, {@link #CAUSAL}, {@link
 *       #WINDOW}, {@link #TENSOR}, {@link #AND} or {@link #OR}, and two arguments: left and right
 *       of a window, the operand index of a tensor and 0, otherwise zeros. The nodes are the mask's
 *       tree in postfix order, the deeper side of an and/or first.
 * </ul>
 *
 * Operand indices count from 0, the query. A mask operand of two axes is [batch, keys].
 */
public final class AttentionCode {
  public static final long VERSION = 1;

  /** Flag: there is a second result, the log-sum-exp. */
  public static final long LOG_SUM_EXP = 1;

  /** Flag: the query is [batch, time, heads, head_dim]. */
  public static final long QUERY_TIME_FIRST = 2;

  /** Flag: the key is. */
  public static final long KEY_TIME_FIRST = 4;

  /** Flag: the value is. */
  public static final long VALUE_TIME_FIRST = 8;

  /** Flag: the output is. */
  public static final long OUTPUT_TIME_FIRST = 16;

  /** Flags: all four are. */
  public static final long TIME_FIRST =
      QUERY_TIME_FIRST | KEY_TIME_FIRST | VALUE_TIME_FIRST | OUTPUT_TIME_FIRST;

  /**
   * Flag: the output is f32 whatever the operands are. Its gradient needs an output that is not
   * rounded to 16 bits.
   */
  public static final long F32_OUTPUT = 32;

  /** Start: a number in the code. */
  public static final long CONSTANT = 0;

  /** Start: an operand; keys from the last query on are hidden. */
  public static final long STATIC_CACHE = 1;

  /** Start: an operand. */
  public static final long OPERAND = 2;

  /** Start: the last query stands in the last key's slot. */
  public static final long LAST = 3;

  /** Mask node: every pair. */
  public static final long ALL = 0;

  /** Mask node: {@link Mask.Causal}. */
  public static final long CAUSAL = 1;

  /** Mask node: {@link Mask.Window}. */
  public static final long WINDOW = 2;

  /** Mask node: an operand, boolean or integer. */
  public static final long TENSOR = 3;

  /** Mask node: what both of the two before allow. */
  public static final long AND = 4;

  /** Mask node: what either of the two before allows. */
  public static final long OR = 5;

  private AttentionCode() {}

  /**
   * Whether the operator needs the first query's slot as an operand of its own: it is a size that
   * neither the code nor the other operands tell.
   */
  public static boolean wantsStart(Attention op, List<TensorType> operands) {
    return startKind(op, operands) == OPERAND;
  }

  private static long startKind(Attention op, List<TensorType> operands) {
    if (op.start() == null) {
      return STATIC_CACHE;
    }
    if (op.start().known()) {
      return CONSTANT;
    }
    Dim behind = operands.get(1).dim(2).minus(operands.get(0).dim(2));
    return op.start().equals(behind) ? LAST : OPERAND;
  }

  /**
   * The code of an op on operands of these types (those of {@link Attention}, without an appended
   * start).
   *
   * @throws UsageException if the mask holds a tensor that is not an operand
   */
  public static List<Long> encode(Attention op, List<TensorType> operands) {
    return encode(op, operands, 0);
  }

  /**
   * As {@link #encode(Attention, List)}, for an operator whose runtime keeps time before heads or
   * wants another output.
   *
   * @param flags those of the flags {@link #TIME_FIRST} whose foreign tensors are [batch, time,
   *     heads, head_dim], and {@link #F32_OUTPUT}; the types given here are the op's own all the
   *     same
   */
  public static List<Long> encode(Attention op, List<TensorType> operands, long flags) {
    long kind = startKind(op, operands);
    List<Long> code = new ArrayList<>();
    code.add(VERSION);
    code.add((long) operands.size() + (kind == OPERAND ? 1 : 0));
    code.add((op.logSumExp() ? LOG_SUM_EXP : 0) | flags);
    code.add(kind);
    code.add(startValue(op, kind, operands.size()));
    code.add(extra(op.extras().bias()));
    code.add(extra(op.extras().seed()));
    code.add(Double.doubleToRawLongBits(op.dropout()));
    code.add(op.dropoutSite());
    code.add(Double.doubleToRawLongBits(op.scale()));
    code.add(Double.doubleToRawLongBits(op.softcap()));
    code.add((long) op.alibiSlopes().size());
    op.alibiSlopes().forEach(slope -> code.add(Double.doubleToRawLongBits(slope)));
    List<Long> nodes = new ArrayList<>();
    emit(op.mask(), nodes);
    code.add((long) nodes.size() / 3);
    code.addAll(nodes);
    return List.copyOf(code);
  }

  private static long startValue(Attention op, long kind, int operands) {
    if (op.start() == null) {
      return extra(op.extras().start());
    }
    return kind == CONSTANT ? op.start().longSize() : kind == OPERAND ? operands : 0;
  }

  private static long extra(int index) {
    return index < 0 ? -1 : (long) Attention.FIXED_OPERANDS + index;
  }

  private static void emit(Mask mask, List<Long> to) {
    if (mask instanceof Mask.All) {
      to.addAll(List.of(ALL, 0L, 0L));
    } else if (mask instanceof Mask.Causal) {
      to.addAll(List.of(CAUSAL, 0L, 0L));
    } else if (mask instanceof Mask.Window window) {
      to.addAll(List.of(WINDOW, (long) window.left(), (long) window.right()));
    } else if (mask instanceof Mask.Operand operand) {
      to.addAll(List.of(TENSOR, extra(operand.index()), 0L));
    } else if (mask instanceof Mask.And and) {
      emitBoth(and.first(), and.second(), AND, to);
    } else if (mask instanceof Mask.Or or) {
      emitBoth(or.first(), or.second(), OR, to);
    } else {
      throw new UsageException("the mask " + mask + " holds a tensor that is not an operand");
    }
  }

  private static void emitBoth(Mask first, Mask second, long node, List<Long> to) {
    boolean swap = depth(second) > depth(first);
    emit(swap ? second : first, to);
    emit(swap ? first : second, to);
    to.addAll(List.of(node, 0L, 0L));
  }

  /** Values that evaluating the postfix order holds at once. */
  private static int depth(Mask mask) {
    if (mask instanceof Mask.And and) {
      return depth(depth(and.first()), depth(and.second()));
    }
    return mask instanceof Mask.Or or ? depth(depth(or.first()), depth(or.second())) : 1;
  }

  private static int depth(int a, int b) {
    return a == b ? a + 1 : Math.max(a, b);
  }

  /**
   * The op of a code; sides of an and/or may have changed places, and a start that is not in the
   * code is the symbol {@code start}.
   *
   * @throws UsageException if it is not such a code
   */
  public static Attention decode(List<Long> code) {
    return new Reader(code).attention();
  }

  private static final class Reader {
    private final List<Long> code;
    private int at;

    Reader(List<Long> code) {
      this.code = code;
    }

    Attention attention() {
      require(next() == VERSION, "version is not " + VERSION);
      next(); // the number of operands
      long flags = next();
      long kind = next();
      long start = next();
      int bias = extra();
      int seed = extra();
      double dropout = real();
      long site = next();
      double scale = real();
      double softcap = real();
      List<Double> slopes = new ArrayList<>();
      for (long count = next(); count > 0; count--) {
        slopes.add(real());
      }
      Mask mask = mask();
      require(at == code.size(), "code is too long");
      boolean operand = kind == STATIC_CACHE;
      return new Attention(
          mask,
          scale,
          softcap,
          operand ? null : kind == CONSTANT ? Dim.of(start) : Dim.symbol("start"),
          slopes,
          dropout,
          site,
          new Attention.Extras(
              operand ? Math.toIntExact(start) - Attention.FIXED_OPERANDS : -1, bias, seed),
          (flags & LOG_SUM_EXP) != 0);
    }

    private Mask mask() {
      List<Mask> stack = new ArrayList<>();
      for (long count = next(); count > 0; count--) {
        long node = next();
        long first = next();
        long second = next();
        if (node == AND || node == OR) {
          require(stack.size() >= 2, "mask lacks an operand");
          Mask b = stack.remove(stack.size() - 1);
          Mask a = stack.remove(stack.size() - 1);
          stack.add(node == AND ? new Mask.And(a, b) : new Mask.Or(a, b));
        } else {
          stack.add(leaf(node, Math.toIntExact(first), Math.toIntExact(second)));
        }
      }
      require(stack.size() == 1, "mask leaves " + stack.size() + " values");
      return stack.get(0);
    }

    private Mask leaf(long node, int first, int second) {
      if (node == ALL) {
        return Mask.all();
      }
      if (node == CAUSAL) {
        return Mask.causal();
      }
      if (node == WINDOW) {
        return new Mask.Window(first, second);
      }
      require(node == TENSOR, "mask has an unknown node " + node);
      return new Mask.Operand(first - Attention.FIXED_OPERANDS);
    }

    private long next() {
      require(at < code.size(), "code is too short");
      return code.get(at++);
    }

    private double real() {
      return Double.longBitsToDouble(next());
    }

    private int extra() {
      long index = next();
      return index < 0 ? -1 : Math.toIntExact(index) - Attention.FIXED_OPERANDS;
    }

    private static void require(boolean ok, String what) {
      if (!ok) {
        throw new UsageException("not an attention code: its " + what);
      }
    }
  }
}
