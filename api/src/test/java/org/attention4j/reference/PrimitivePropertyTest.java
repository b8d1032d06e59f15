package org.attention4j.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.attention4j.tensor.BinaryFunction;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.Op;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The primitives of the reference engine against their formula written index by index, at random
 * shapes with sizes 0, 1 and odd ones. The promised type must be the shape that comes out.
 */
final class PrimitivePropertyTest {
  private static final int ROUNDS = 60;
  private static final double EPSILON = 1e-12;

  private final ReferenceExecutor executor = new ReferenceExecutor(DType.F64);
  private String seed = "";

  private Random random(long value) {
    seed = "seed " + value;
    return new Random(value);
  }

  private Tensor tensor(Nd values, DType dtype) {
    HostTensor host = values.host(dtype == DType.F32 ? DType.F64 : dtype);
    TensorType type = TensorType.ofShape(dtype, host.shape());
    return new Tensor(type, executor, executor.upload(host, type));
  }

  private Tensor real(Nd values) {
    return tensor(values, DType.F32);
  }

  private Tensor ids(Nd values) {
    return tensor(values, DType.I64);
  }

  private void check(Nd expected, Op op, Tensor... operands) {
    String what = seed + ": " + op + " of " + Arrays.toString(operands);
    Tensor result = Tensor.run(executor, op, List.of(operands)).get(0);
    HostTensor got = executor.download(result.handle(), result.type());
    long[] shape = Arrays.stream(expected.shape()).mapToLong(n -> n).toArray();
    assertArrayEquals(shape, result.type().shape(), what);
    assertArrayEquals(shape, got.shape(), what);
    assertArrayEquals(expected.values(), got.toDoubleArray(), EPSILON, what);
  }

  private static int size(Random random) {
    return new int[] {0, 1, 1, 2, 3, 3, 5}[random.nextInt(7)];
  }

  private static int[] shape(Random random, int rank) {
    return IntStream.generate(() -> size(random)).limit(rank).toArray();
  }

  /** The shape with some axes 1, and some leading ones left out. */
  private static int[] smaller(Random random, int[] shape) {
    int[] result = Arrays.copyOfRange(shape, random.nextInt(shape.length + 1), shape.length);
    for (int i = 0; i < result.length; i++) {
      result[i] = random.nextInt(3) == 0 ? 1 : result[i];
    }
    return result;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void pointwiseFunctionsBroadcast(long value) {
    Random random = random(value);
    for (int round = 0; round < ROUNDS; round++) {
      int[] whole = shape(random, random.nextInt(4));
      Nd a = Nd.random(random, whole);
      Nd b = Nd.random(random, smaller(random, whole));
      check(
          Nd.of(whole, i -> a.at(i) - b.broadcastAt(i)),
          new Primitive.Binary(BinaryFunction.SUB),
          real(a),
          real(b));
      check(
          Nd.of(whole, i -> b.broadcastAt(i) <= a.at(i) ? 1 : 0),
          new Primitive.Binary(BinaryFunction.LE),
          real(b),
          real(a));
      Nd c = Nd.integers(random, 2, smaller(random, whole));
      check(
          Nd.of(whole, i -> c.broadcastAt(i) != 0 ? a.at(i) : b.broadcastAt(i)),
          new Primitive.Where(),
          tensor(c, DType.BOOL),
          real(a),
          real(b));
      check(
          Nd.of(whole, i -> b.broadcastAt(i)),
          new Primitive.Expand(Arrays.stream(whole).mapToObj(n -> Dim.of((long) n)).toList()),
          real(b));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {3, 4})
  void productsAndReductions(long value) {
    Random random = random(value);
    for (int round = 0; round < ROUNDS; round++) {
      int[] lead = shape(random, random.nextInt(3));
      int m = size(random);
      int k = size(random);
      int n = size(random);
      Nd a = Nd.random(random, append(lead, m, k));
      int[] other = smaller(random, lead);
      boolean transposed = random.nextBoolean();
      Nd b = Nd.random(random, transposed ? append(other, n, k) : append(other, k, n));
      check(
          product(a, b, lead, m, k, n, transposed),
          new Primitive.MatMul(transposed),
          real(a),
          real(b));
      reductions(random);
    }
  }

  private static int[] append(int[] lead, int... last) {
    return IntStream.concat(Arrays.stream(lead), Arrays.stream(last)).toArray();
  }

  private static Nd product(Nd a, Nd b, int[] lead, int m, int k, int n, boolean transposed) {
    return Nd.of(
        append(lead, m, n),
        i -> {
          double sum = 0;
          int at = i.length;
          int[] batch = Arrays.copyOf(i, at - 2);
          int own = b.rank() - 2;
          for (int j = 0; j < k; j++) {
            int[] right = new int[b.rank()];
            for (int axis = 0; axis < own; axis++) {
              right[axis] = b.size(axis) == 1 ? 0 : batch[batch.length - own + axis];
            }
            right[own] = transposed ? i[at - 1] : j;
            right[own + 1] = transposed ? j : i[at - 1];
            sum += a.at(append(batch, i[at - 2], j)) * b.at(right);
          }
          return sum;
        });
  }

  private void reductions(Random random) {
    Nd a = Nd.random(random, shape(random, 3));
    int axis = random.nextInt(3);
    int[] reduced = Nd.with(a.shape(), axis, 1);
    List<Integer> axes = List.of(axis);
    check(
        Nd.of(reduced, i -> along(a, i, axis).sum()),
        new Primitive.Reduce(Primitive.Reduction.SUM, axes),
        real(a));
    check(
        Nd.of(reduced, i -> along(a, i, axis).max().orElse(Double.NEGATIVE_INFINITY)),
        new Primitive.Reduce(Primitive.Reduction.MAX, axes),
        real(a));
    check(
        Nd.of(a.shape(), i -> Math.exp(a.at(i)) / along(a, i, 2).map(Math::exp).sum()),
        new Primitive.Softmax(),
        real(a));
  }

  private static DoubleStream along(Nd a, int[] index, int axis) {
    return IntStream.range(0, a.size(axis)).mapToDouble(j -> a.at(Nd.with(index, axis, j)));
  }

  @ParameterizedTest
  @ValueSource(longs = {5, 6})
  void movements(long value) {
    Random random = random(value);
    for (int round = 0; round < ROUNDS; round++) {
      Nd a = Nd.random(random, shape(random, 3));
      int axis = random.nextInt(3);
      int n = a.size(axis);
      int from = random.nextInt(n + 1);
      int to = from + random.nextInt(n - from + 1);
      check(
          Nd.of(Nd.with(a.shape(), axis, to - from), i -> a.at(Nd.with(i, axis, i[axis] + from))),
          new Primitive.Slice(axis, Dim.of((long) from), Dim.of((long) to)),
          real(a));
      int before = random.nextInt(3);
      int after = random.nextInt(3);
      check(
          Nd.of(
              Nd.with(a.shape(), axis, before + n + after),
              i ->
                  i[axis] < before || i[axis] >= before + n
                      ? 0
                      : a.at(Nd.with(i, axis, i[axis] - before))),
          new Primitive.Pad(axis, Dim.of((long) before), Dim.of((long) after)),
          real(a));
      check(
          Nd.of(new int[] {a.size(2), a.size(0), a.size(1)}, i -> a.at(i[1], i[2], i[0])),
          new Primitive.Permute(List.of(2, 0, 1)),
          real(a));
      Nd b = Nd.random(random, Nd.with(a.shape(), axis, size(random)));
      check(
          Nd.of(
              Nd.with(a.shape(), axis, n + b.size(axis)),
              i -> i[axis] < n ? a.at(i) : b.at(Nd.with(i, axis, i[axis] - n))),
          new Primitive.Concat(axis),
          real(a),
          real(b));
      int columns = a.size(1) * a.size(2);
      check(
          Nd.of(
              new int[] {columns, a.size(0)},
              i -> {
                int flat = i[0] * a.size(0) + i[1];
                return a.at(flat / columns, flat / a.size(2) % a.size(1), flat % a.size(2));
              }),
          new Primitive.Reshape(List.of(Dim.of((long) columns), Dim.of((long) a.size(0)))),
          real(a));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {7, 8})
  void lookups(long value) {
    Random random = random(value);
    for (int round = 0; round < ROUNDS; round++) {
      int rows = 1 + random.nextInt(4);
      Nd table = Nd.random(random, rows, size(random));
      Nd index = Nd.integers(random, rows, shape(random, 2));
      int[] looked = append(index.shape(), table.size(1));
      check(
          Nd.of(looked, i -> table.at((int) index.at(i[0], i[1]), i[2])),
          new Primitive.Gather(),
          real(table),
          ids(index));
      Nd updates = Nd.random(random, looked);
      check(
          Nd.of(
              table.shape(),
              i -> {
                double sum = 0;
                for (int p = 0; p < index.size(0); p++) {
                  for (int q = 0; q < index.size(1); q++) {
                    sum += index.at(p, q) == i[0] ? updates.at(p, q, i[1]) : 0;
                  }
                }
                return sum;
              }),
          new Primitive.ScatterAdd(Dim.of((long) rows)),
          ids(index),
          real(updates));
      lookupsAlongAnAxis(random);
    }
  }

  private void lookupsAlongAnAxis(Random random) {
    int axis = random.nextInt(3);
    int n = 1 + random.nextInt(4);
    Nd a = Nd.random(random, Nd.with(shape(random, 3), axis, n));
    Nd index = Nd.integers(random, n, Nd.with(a.shape(), axis, size(random)));
    check(
        Nd.of(index.shape(), i -> a.at(Nd.with(i, axis, (int) index.at(i)))),
        new Primitive.GatherAlong(axis),
        real(a),
        ids(index));
    Nd updates = Nd.random(random, index.shape());
    check(
        Nd.of(
            a.shape(),
            i ->
                IntStream.range(0, index.size(axis))
                    .filter(j -> index.at(Nd.with(i, axis, j)) == i[axis])
                    .mapToDouble(j -> updates.at(Nd.with(i, axis, j)))
                    .sum()),
        new Primitive.ScatterAlong(axis, Dim.of((long) n)),
        ids(index),
        real(updates));
    Nd fresh = Nd.random(random, Nd.with(a.shape(), axis, random.nextInt(n + 1)));
    int start = random.nextInt(n - fresh.size(axis) + 1);
    check(
        Nd.of(
            a.shape(),
            i ->
                i[axis] < start || i[axis] >= start + fresh.size(axis)
                    ? a.at(i)
                    : fresh.at(Nd.with(i, axis, i[axis] - start))),
        new Primitive.Update(axis),
        real(a),
        real(fresh),
        ids(Nd.of(new int[0], i -> start)));
  }

  @ParameterizedTest
  @ValueSource(longs = {9, 10})
  void theLargestComeFirstAndAmongEqualsTheEarlier(long value) {
    Random random = random(value);
    for (int round = 0; round < ROUNDS; round++) {
      int n = 1 + random.nextInt(6);
      Nd a = Nd.integers(random, 3, size(random), n); // many equals
      int k = 1 + random.nextInt(n);
      check(
          Nd.of(
              new int[] {a.size(0), k},
              i -> {
                List<Integer> order = new ArrayList<>(IntStream.range(0, n).boxed().toList());
                order.sort(Comparator.comparingDouble(j -> -a.at(i[0], j))); // stable
                return order.get(i[1]);
              }),
          new Primitive.TopK(k),
          real(a));
    }
  }

  @Test
  void integersDivideTowardsZeroAndCastsCut() {
    seed = "fixed";
    Nd a = Nd.of(new int[] {4}, i -> new double[] {7, -7, 7, -7}[i[0]]);
    Nd b = Nd.of(new int[] {4}, i -> new double[] {2, 2, -2, -2}[i[0]]);
    check(
        Nd.of(new int[] {4}, i -> new double[] {3, -3, -3, 3}[i[0]]),
        new Primitive.Binary(BinaryFunction.DIV),
        ids(a),
        ids(b));
    Nd halves = Nd.of(new int[] {3}, i -> new double[] {-1.5, 0, 2.9}[i[0]]);
    check(
        Nd.of(new int[] {3}, i -> new double[] {-1, 0, 2}[i[0]]),
        new Primitive.Cast(DType.I64),
        real(halves));
    check(
        Nd.of(new int[] {3}, i -> new double[] {1, 0, 1}[i[0]]),
        new Primitive.Cast(DType.BOOL),
        real(halves));
  }

  @Test
  void infinitiesAndNaNFollowIeee() {
    seed = "fixed";
    double inf = Double.POSITIVE_INFINITY;
    Nd a = Nd.of(new int[] {1, 3}, i -> new double[] {-inf, 1, Double.NaN}[i[1]]);
    check(
        Nd.of(new int[] {1, 3}, i -> Double.NaN), // one NaN in the row
        new Primitive.Softmax(),
        real(a));
    Nd low = Nd.of(new int[] {1, 3}, i -> new double[] {-inf, 0, -inf}[i[1]]);
    check(Nd.of(new int[] {1, 3}, i -> i[1] == 1 ? 1 : 0), new Primitive.Softmax(), real(low));
    check(
        Nd.of(new int[] {1, 1}, i -> Double.NaN),
        new Primitive.Reduce(Primitive.Reduction.MAX, List.of(1)),
        real(a));
  }
}
