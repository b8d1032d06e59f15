package org.attention4j.conformance.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.attention4j.graph.Graph;
import org.attention4j.graph.Replay;
import org.attention4j.nn.Model;
import org.attention4j.reference.ReferenceEngine;
import org.attention4j.reference.ReferenceExecutor;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.spi.Session;
import org.attention4j.spi.SessionOptions;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.attention4j.weights.Weights;
import org.junit.jupiter.api.Assertions;

/** Opens models on the reference engine in f64 and compares tensors. */
final class Runs {
  private Runs() {}

  /** Weights far from their start, so that no bias is 0 and no norm is 1. */
  static Weights weights(Program program, long seed) {
    Random random = new Random(seed);
    return Parameters.init(program, seed)
        .map(
            (path, tensor) -> {
              HostTensor moved = tensor.copy();
              for (long i = 0; i < moved.size(); i++) {
                moved.set(i, moved.getDouble(i) + 0.2 * random.nextGaussian());
              }
              return moved;
            });
  }

  static Session open(Program program, Weights weights) {
    SessionOptions options = SessionOptions.defaults().withPrecision(DType.F64);
    return new ReferenceEngine().open(program, weights, options);
  }

  static Session open(Model model) {
    Program program = Program.of(model);
    return open(program, weights(program, 7));
  }

  /** Random ids below a bound. */
  static HostTensor ids(int bound, long seed, long... shape) {
    HostTensor ids = HostTensor.zeros(DType.I64, shape);
    Random random = new Random(seed);
    for (long i = 0; i < ids.size(); i++) {
      ids.set(i, (long) random.nextInt(bound));
    }
    return ids;
  }

  /** Rows from .. to of axis 1 of [batch, time, ..]. */
  static HostTensor rows(HostTensor tensor, long from, long to) {
    long[] shape = tensor.shape();
    long inner = 1;
    for (int i = 2; i < shape.length; i++) {
      inner *= shape[i];
    }
    long time = shape[1];
    shape[1] = to - from;
    HostTensor part = HostTensor.zeros(tensor.dtype(), shape);
    long at = 0;
    for (long b = 0; b < shape[0]; b++) {
      for (long i = (b * time + from) * inner; i < (b * time + to) * inner; i++, at++) {
        if (tensor.dtype().isFloating()) {
          part.set(at, tensor.getDouble(i));
        } else {
          part.set(at, tensor.getLong(i));
        }
      }
    }
    return part;
  }

  /** The entry of a map, which must be there. */
  static <T> T get(Map<String, T> map, String name) {
    return Objects.requireNonNull(map.get(name), () -> name + " is not among " + map.keySet());
  }

  /** Replays a graph. */
  static Map<String, HostTensor> run(
      Graph graph, Weights weights, Map<String, HostTensor> inputs, ReferenceExecutor executor) {
    Map<String, long[]> shapes = new HashMap<>();
    Map<String, Tensor> tensors = new HashMap<>();
    graph
        .inputTypes()
        .forEach(
            (name, declared) -> {
              HostTensor value = get(inputs, name);
              shapes.put(name, value.shape());
              tensors.put(name, upload(executor, value, declared.dtype()));
            });
    Map<String, HostTensor> results = new LinkedHashMap<>();
    new Replay(graph.bind(graph.sizes(shapes)))
        .run(executor, path -> upload(executor, weights.get(path), DType.F32), tensors)
        .forEach((name, t) -> results.put(name, executor.download(t.handle(), t.type())));
    return results;
  }

  private static Tensor upload(ReferenceExecutor executor, HostTensor value, DType dtype) {
    TensorType type = TensorType.ofShape(dtype, value.shape());
    return new Tensor(type, executor, executor.upload(value, type));
  }

  static Map<String, HostTensor> with(Map<String, HostTensor> map, String name, HostTensor value) {
    Map<String, HostTensor> more = new LinkedHashMap<>(map);
    more.put(name, value);
    return more;
  }

  static void assertClose(HostTensor expected, HostTensor got, double tolerance, String what) {
    assertArrayEquals(expected.shape(), got.shape(), what);
    assertArrayEquals(expected.toDoubleArray(), got.toDoubleArray(), tolerance, what);
  }

  static void assertSame(HostTensor expected, HostTensor got, String what) {
    Assertions.assertTrue(
        expected.equalsExactly(got),
        () ->
            what
                + ": "
                + Arrays.toString(expected.toDoubleArray())
                + " is not "
                + Arrays.toString(got.toDoubleArray()));
  }
}
