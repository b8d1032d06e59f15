package org.attention4j.conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import org.attention4j.graph.TraceOptions;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/**
 * Writes the cases of one op: operands with their types and numbers, then the op or an expression.
 *
 * <pre>{@code
 * OpCase.named("layer_norm").input("x", f32(2, 3, 8), normal(1)).op(new LayerNormalization(1e-5))
 * }</pre>
 */
public final class OpCase {
  private final String name;
  private final Map<String, TensorType> types = new LinkedHashMap<>();
  private final Map<String, Values> values = new LinkedHashMap<>();
  private final Set<String> fixed = new LinkedHashSet<>();
  private DType precision = DType.F32;
  private boolean differentiable = true;
  private List<String> lossOutputs = List.of();
  private Case.Expectation expectation = Case.Oracle.STRICT;

  private OpCase(String name) {
    this.name = name;
  }

  /** A case of that name, without the precision. */
  public static OpCase named(String name) {
    return new OpCase(name);
  }

  /** An operand. */
  public OpCase input(String operand, TensorType type, Values numbers) {
    types.put(operand, type);
    values.put(operand, numbers);
    return this;
  }

  /** An operand whose gradient is not checked. */
  public OpCase constant(String operand, TensorType type, Values numbers) {
    fixed.add(operand);
    return input(operand, type, numbers);
  }

  /** The precision of the session; f32 unless said. */
  public OpCase in(DType newPrecision) {
    precision = newPrecision;
    return this;
  }

  /** Results are compared bit by bit. */
  public OpCase exactly() {
    expectation = new Case.Exactly();
    return this;
  }

  /** A wider tolerance, for a stated reason. */
  public OpCase loosened(double forward, double backward, String reason) {
    expectation = new Case.Oracle(forward, backward, reason);
    return this;
  }

  /** No gradient check. */
  public OpCase forwardOnly() {
    differentiable = false;
    return this;
  }

  /** The outputs that gradients are taken of. */
  public OpCase lossOf(String... outputs) {
    lossOutputs = List.of(outputs);
    return this;
  }

  /** Ends with an op on the operands in order; results are {@code y}, or {@code y0, y1 ..}. */
  public Case op(Op op) {
    return results(
        in -> {
          List<Tensor> operands = types.keySet().stream().map(in::get).toList();
          List<Tensor> results = Tensor.run(operands.get(0).executor(), op, operands);
          Map<String, Tensor> outputs = new LinkedHashMap<>();
          for (int i = 0; i < results.size(); i++) {
            outputs.put(results.size() == 1 ? "y" : "y" + i, results.get(i));
          }
          return outputs;
        });
  }

  /** Ends with an expression of one result {@code y}. */
  public Case result(Function<Model.Inputs, Tensor> expression) {
    return results(in -> Map.of("y", expression.apply(in)));
  }

  /** Ends with an expression of several results. */
  public Case results(Function<Model.Inputs, Map<String, Tensor>> expression) {
    Map<String, TensorType> inputs = new LinkedHashMap<>(types);
    Map<String, Values> numbers = new LinkedHashMap<>(values);
    Set<String> varied = new LinkedHashSet<>();
    inputs.forEach(
        (operand, type) -> {
          if (type.dtype().isFloating() && !fixed.contains(operand)) {
            varied.add(operand);
          }
        });
    Case.Data data = random -> Sample.of(draw(random, inputs, numbers, precision), Weights.empty());
    Program program = Program.of(new Expression(inputs, expression));
    boolean floats =
        program.graph(TraceOptions.primitives()).outputTypes().values().stream()
            .anyMatch(type -> type.dtype().isFloating());
    return new Case(
        name + "/" + precision.label(),
        Suite.OPS,
        program,
        data,
        precision,
        varied,
        differentiable && floats && !varied.isEmpty(),
        new ArrayList<>(lossOutputs),
        expectation);
  }

  /** Floating numbers are rounded to the precision, so that the oracle reads the same ones. */
  private static Map<String, HostTensor> draw(
      Random random, Map<String, TensorType> types, Map<String, Values> values, DType precision) {
    Map<String, HostTensor> drawn = new LinkedHashMap<>();
    types.forEach(
        (operand, type) -> {
          HostTensor numbers =
              Objects.requireNonNull(values.get(operand)).draw(random, type.dtype(), type.shape());
          boolean rounds = type.dtype().isFloating() && precision.bytes() < type.dtype().bytes();
          drawn.put(operand, rounds ? numbers.cast(precision).cast(type.dtype()) : numbers);
        });
    return drawn;
  }

  private record Expression(
      Map<String, TensorType> inputs, Function<Model.Inputs, Map<String, Tensor>> body)
      implements Model {
    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs given) {
      return body.apply(given);
    }
  }
}
