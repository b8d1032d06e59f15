package org.attention4j.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Function;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/** Comparison of outputs, and models of one expression, for tests. */
final class Compare {
  private Compare() {}

  /** Same names, types and shapes; integers equal, floats within {@code tolerance}. */
  static void equal(
      String what,
      Map<String, HostTensor> expected,
      Map<String, HostTensor> actual,
      double tolerance) {
    assertEquals(expected.keySet(), actual.keySet(), what);
    expected.forEach((name, e) -> equal(what + " " + name, e, named(actual, name), tolerance));
  }

  static void equal(String what, HostTensor expected, HostTensor actual, double tolerance) {
    assertArrayEquals(expected.shape(), actual.shape(), what + " shape");
    boolean floating = expected.dtype().isFloating();
    if (!floating) {
      assertEquals(expected.dtype(), actual.dtype(), what);
    }
    for (long i = 0; i < expected.size(); i++) {
      double e = expected.getDouble(i);
      double a = actual.getDouble(i);
      double allowed = floating ? tolerance * (1 + Math.abs(e)) : 0;
      assertTrue(
          e == a || (Double.isNaN(e) && Double.isNaN(a)) || Math.abs(e - a) <= allowed,
          what + " at " + i + ": expected " + e + ", got " + a);
    }
  }

  /** The tensor of that name. */
  static <T> T named(Map<String, T> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name), () -> name + " among " + tensors.keySet());
  }

  /** Random values: gaussian floats, integers below {@code limit}, fair booleans. */
  static HostTensor random(TensorType type, long limit, Random random) {
    HostTensor tensor = HostTensor.zeros(type.dtype(), type.shape());
    for (long i = 0; i < tensor.size(); i++) {
      if (type.dtype().isFloating()) {
        tensor.set(i, random.nextGaussian());
      } else {
        tensor.set(i, random.nextLong(type.dtype() == DType.BOOL ? 2 : limit));
      }
    }
    return tensor;
  }

  /** A model whose one output is computed from its inputs. */
  record Expression(Map<String, TensorType> inputs, Function<Model.Inputs, Tensor> body)
      implements Model {
    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs in) {
      return Map.of("y", body.apply(in));
    }
  }

  /** Inputs named x0, x1 ... of these types. */
  static Map<String, TensorType> inputs(TensorType... types) {
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    for (int i = 0; i < types.length; i++) {
      inputs.put("x" + i, types[i]);
    }
    return inputs;
  }
}
