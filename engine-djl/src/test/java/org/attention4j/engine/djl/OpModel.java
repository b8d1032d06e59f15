package org.attention4j.engine.djl;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.attention4j.nn.Init;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;

/**
 * One op as a model: floating operands are parameters {@code a0, a1, ..}, so that a trainer gives
 * their gradients, others are inputs. Outputs are {@code y0, y1, ..} and {@code loss}, the sum of
 * all floating results times fixed weights.
 */
record OpModel(Op op, List<HostTensor> operands) implements Model {

  private static TensorType type(HostTensor tensor) {
    DType dtype = tensor.dtype() == DType.F64 ? DType.F32 : tensor.dtype();
    return TensorType.ofShape(dtype, tensor.shape());
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    values().forEach((name, value) -> inputs.put(name, type(value)));
    return inputs;
  }

  /** The operands that are not floating, and one input that every graph needs. */
  Map<String, HostTensor> values() {
    Map<String, HostTensor> values = new LinkedHashMap<>();
    values.put("anchor", HostTensor.scalar(0f));
    for (int i = 0; i < operands.size(); i++) {
      if (!operands.get(i).dtype().isFloating()) {
        values.put("a" + i, operands.get(i));
      }
    }
    return values;
  }

  /** The floating operands. */
  Weights weights() {
    Map<String, HostTensor> values = new LinkedHashMap<>();
    for (int i = 0; i < operands.size(); i++) {
      if (operands.get(i).dtype().isFloating()) {
        values.put("a" + i, operands.get(i));
      }
    }
    return Weights.of(values);
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs in) {
    List<Tensor> tensors = new ArrayList<>();
    for (int i = 0; i < operands.size(); i++) {
      TensorType type = type(operands.get(i));
      tensors.add(
          type.dtype().isFloating()
              ? scope.param("a" + i, Init.zeros(), type.dims().toArray())
              : in.get("a" + i));
    }
    Tensor loss = in.get("anchor");
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    List<Tensor> results = Tensor.run(loss.executor(), op, tensors);
    for (int i = 0; i < results.size(); i++) {
      Tensor y = results.get(i);
      outputs.put("y" + i, y);
      if (y.dtype().isFloating()) {
        Tensor position = y.iota(y.type().count()).cast(y.dtype()); // [count]
        Tensor weight = position.mul(0.7).sin().reshape(y.type().dims());
        loss = loss.add(y.mul(weight).sumTo(List.of()).cast(DType.F32));
      }
    }
    outputs.put("loss", loss);
    return outputs;
  }

  /** Normal numbers, f64. */
  static HostTensor normal(long seed, long... shape) {
    HostTensor tensor = HostTensor.zeros(DType.F64, shape);
    Random random = new Random(seed);
    for (long i = 0; i < tensor.size(); i++) {
      tensor.set(i, (float) random.nextGaussian());
    }
    return tensor;
  }

  /** Numbers from 0.5 to 2, f64. */
  static HostTensor positive(long seed, long... shape) {
    HostTensor tensor = normal(seed, shape);
    for (long i = 0; i < tensor.size(); i++) {
      tensor.set(i, 0.5 + 1.5 / (1 + Math.abs(tensor.getDouble(i))));
    }
    return tensor;
  }

  /** Whole numbers from 0 to below a bound, i64. */
  static HostTensor whole(long seed, int bound, long... shape) {
    HostTensor tensor = HostTensor.zeros(DType.I64, shape);
    Random random = new Random(seed);
    for (long i = 0; i < tensor.size(); i++) {
      tensor.set(i, (long) random.nextInt(bound));
    }
    return tensor;
  }

  /** Truth values. */
  static HostTensor truth(long seed, long... shape) {
    return whole(seed, 2, shape).cast(DType.BOOL);
  }
}
