package org.attention4j.op;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Executor;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Reverse-mode differentiation: runs on another executor and remembers what ran. Works on eager
 * executors and on the tracer alike. One tape serves one computation; not thread-safe.
 */
public final class Tape implements Executor {
  /** One value on the tape; identity tells two uses of one inner handle apart. */
  private static final class Cell {
    final Object inner;

    Cell(Object inner) {
      this.inner = inner;
    }
  }

  private record Entry(Op op, List<Tensor> operands, List<Tensor> results) {}

  private final Executor inner;
  private final BiPredicate<Composite, List<TensorType>> keep;
  private final List<Entry> entries = new ArrayList<>();

  /**
   * A tape over an executor.
   *
   * @param keep composites that stay whole, forward and as {@link Backward}
   */
  public Tape(Executor inner, BiPredicate<Composite, List<TensorType>> keep) {
    this.inner = inner;
    this.keep = keep;
  }

  /** The tensor as a value on this tape. */
  public Tensor watch(Tensor tensor) {
    return new Tensor(tensor.type(), this, new Cell(tensor.handle()));
  }

  /** The value on the inner executor. */
  public Tensor unwatch(Tensor tensor) {
    return new Tensor(tensor.type(), inner, ((Cell) tensor.handle()).inner);
  }

  @Override
  public boolean claims(Composite op, List<TensorType> operands) {
    return keep.test(op, operands);
  }

  @Override
  public List<Object> execute(
      Op op, List<TensorType> operandTypes, List<TensorType> resultTypes, List<Object> operands) {
    List<Tensor> raw = new ArrayList<>();
    List<Tensor> watched = new ArrayList<>();
    for (int i = 0; i < operands.size(); i++) {
      Tensor operand = new Tensor(operandTypes.get(i), this, operands.get(i));
      watched.add(operand);
      raw.add(unwatch(operand));
    }
    Op run = op instanceof Composite composite ? saving(composite, operandTypes) : op;
    List<Tensor> results = Tensor.run(inner, run, raw).stream().map(this::watch).toList();
    entries.add(new Entry(run, watched, results));
    return results.stream().limit(resultTypes.size()).map(Tensor::handle).toList();
  }

  /** With results saved for the gradient, if that form and its gradient both stay whole. */
  private Composite saving(Composite op, List<TensorType> operands) {
    Composite saving = op.withSavedResults();
    if (saving.equals(op) || !keep.test(saving, operands)) {
      return op;
    }
    List<TensorType> results = saving.infer(operands);
    List<TensorType> all = new ArrayList<>(operands);
    all.addAll(results);
    all.addAll(results);
    return keep.test(new Backward(saving, operands.size()), all) ? saving : op;
  }

  /**
   * Cotangents of {@code inputs}, given those of {@code outputs}; null for an input that the
   * outputs do not depend on. All tensors are on this tape, and so are the results.
   */
  public List<@Nullable Tensor> pull(
      List<Tensor> outputs, List<Tensor> cotangents, List<Tensor> inputs) {
    Set<Object> depends = dependsOn(inputs);
    Map<Object, Tensor> gradient = new HashMap<>();
    for (int i = 0; i < outputs.size(); i++) {
      gradient.merge(outputs.get(i).handle(), cotangents.get(i), Tensor::add);
    }
    for (int i = entries.size() - 1;
        i >= 0;
        i--) { // entries made on the way come after and stay out
      Entry entry = entries.get(i);
      boolean reached =
          entry.results.stream()
              .anyMatch(t -> gradient.containsKey(t.handle()) && depends.contains(t.handle()));
      if (reached) {
        accumulate(entry, gradient, depends);
      }
    }
    List<@Nullable Tensor> result = new ArrayList<>();
    for (Tensor input : inputs) {
      result.add(gradient.get(input.handle()));
    }
    return result;
  }

  private Set<Object> dependsOn(List<Tensor> inputs) {
    Set<Object> depends = new HashSet<>();
    inputs.forEach(t -> depends.add(t.handle()));
    for (Entry entry : entries) {
      if (entry.operands.stream().anyMatch(t -> depends.contains(t.handle()))) {
        entry.results.forEach(t -> depends.add(t.handle()));
      }
    }
    return depends;
  }

  private void accumulate(Entry entry, Map<Object, Tensor> gradient, Set<Object> depends) {
    List<@Nullable Tensor> cotangents =
        entry.op instanceof Composite composite
            ? pullWhole(composite, entry, gradient)
            : pullPrimitive((Primitive) entry.op, entry, gradient);
    for (int i = 0; i < entry.operands.size(); i++) {
      Tensor cotangent = cotangents.get(i);
      Object operand = entry.operands.get(i).handle();
      if (cotangent != null && depends.contains(operand)) {
        gradient.merge(operand, cotangent, Tensor::add);
      }
    }
  }

  private static List<@Nullable Tensor> pullPrimitive(
      Primitive op, Entry entry, Map<Object, Tensor> gradient) {
    Tensor result = entry.results.get(0);
    Tensor cotangent = gradient.get(result.handle());
    if (cotangent == null) {
      throw new IllegalStateException("no cotangent for the result of " + op);
    }
    return Vjp.of(op, entry.operands, result, cotangent);
  }

  private List<@Nullable Tensor> pullWhole(
      Composite op, Entry entry, Map<Object, Tensor> gradient) {
    List<Tensor> operands = new ArrayList<>(entry.operands);
    operands.addAll(entry.results);
    for (Tensor result : entry.results) {
      Tensor cotangent = gradient.get(result.handle());
      operands.add(cotangent == null ? zeros(result) : cotangent);
    }
    Iterator<Tensor> pulled =
        Tensor.run(this, new Backward(op, entry.operands.size()), operands).iterator();
    List<@Nullable Tensor> result = new ArrayList<>();
    for (Tensor operand : entry.operands) {
      result.add(operand.dtype().isFloating() ? pulled.next() : null);
    }
    return result;
  }

  /** Zeros of a tensor's type; not its product with 0, which an infinity would turn into NaN. */
  static Tensor zeros(Tensor like) {
    return like.scalar(0).expand(like.type().dims());
  }
}
