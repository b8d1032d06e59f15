package org.attention4j.op;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.attention4j.tensor.Composite;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * The vector-Jacobian product of a composite, itself a composite, so that an engine may claim it.
 * Operands: those of {@code of}, then its results, then their cotangents. Results: the cotangents
 * of its floating operands, in order.
 *
 * @param of the composite that is differentiated
 * @param operands how many it has
 */
public record Backward(Composite of, int operands) implements Composite {
  @Override
  public Backward bind(Map<String, Long> sizes) {
    return new Backward((Composite) of.bind(sizes), operands);
  }

  @Override
  public String name() {
    return "Backward(" + of.name() + ")";
  }

  @Override
  public List<TensorType> infer(List<TensorType> in) {
    Op.check(in.size() >= operands, this, "operands, results and cotangents", in);
    List<TensorType> results = of.infer(in.subList(0, operands));
    List<TensorType> expected = new ArrayList<>(results);
    expected.addAll(results);
    Op.check(
        in.subList(operands, in.size()).equals(expected),
        this,
        "results and cotangents " + expected,
        in);
    return in.subList(0, operands).stream().filter(t -> t.dtype().isFloating()).toList();
  }

  /** Generic: the expansion of {@code of}, run again on a tape. */
  @Override
  public List<Tensor> expand(List<Tensor> in) {
    Tape tape = new Tape(in.get(0).executor(), (op, types) -> false);
    List<Tensor> watched = in.subList(0, operands).stream().map(tape::watch).toList();
    List<Tensor> results = of.expand(watched);
    List<Tensor> cotangents =
        in.subList(operands + results.size(), in.size()).stream().map(tape::watch).toList();
    List<Tensor> inputs = watched.stream().filter(t -> t.dtype().isFloating()).toList();
    List<Tensor> gradients = new ArrayList<>();
    List<@Nullable Tensor> pulled = tape.pull(results, cotangents, inputs);
    for (int i = 0; i < inputs.size(); i++) {
      Tensor gradient = pulled.get(i);
      Tensor known = gradient == null ? Tape.zeros(inputs.get(i)) : gradient;
      gradients.add(tape.unwatch(known));
    }
    return gradients;
  }
}
