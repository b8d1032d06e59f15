package org.attention4j.engine.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.attention4j.error.EngineException;
import org.attention4j.op.Attention;
import org.attention4j.op.AttentionCode;
import org.attention4j.op.Mask;
import org.attention4j.spi.Engines;
import org.attention4j.spi.KernelOperators;
import org.attention4j.spi.KernelProvider;
import org.attention4j.tensor.Dim;
import org.attention4j.tensor.TensorType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** PyTorch calls the kernels on its own memory, and reports their errors as its own. */
class KernelOperatorsTest {
  private static final String SOURCE =
      """
      def kernel(self, a: List[Tensor]) -> List[Tensor]:
        y, lse, = ops.attention4j.attention_forward_3(a[0], a[1], a[2], a[3])
        return [y]

      def strided(self, a: List[Tensor]) -> List[Tensor]:
        q = torch.transpose(a[0], 1, 2)
        y, lse, = ops.attention4j.attention_forward_3(q, torch.transpose(a[1], 1, 2), torch.transpose(a[2], 1, 2), a[3])
        z = torch.transpose(y, 1, 2)
        return [z, torch.tensor(torch.is_contiguous(z))]

      def gradient(self, a: List[Tensor]) -> List[Tensor]:
        y, lse, = ops.attention4j.attention_forward_3(a[0], a[1], a[2], a[3])
        q, k, v, b, = ops.attention4j.attention_backward_6(a[0], a[1], a[2], y, lse, a[4], a[3])
        return [q, k, v]

      def pytorch(self, a: List[Tensor]) -> List[Tensor]:
        q = torch.requires_grad_(torch.detach(a[0]), True)
        k = torch.requires_grad_(torch.detach(a[1]), True)
        v = torch.requires_grad_(torch.detach(a[2]), True)
        y = torch.scaled_dot_product_attention(q, k, v, None, 0., True, scale=0.5)
        g = torch.grad([torch.sum(torch.mul(y, a[4]))], [q, k, v])
        return [torch.detach(y), unchecked_cast(Tensor, g[0]), unchecked_cast(Tensor, g[1]), unchecked_cast(Tensor, g[2])]

      def activation(self, a: List[Tensor]) -> List[Tensor]:
        y, slope, = ops.attention4j.activation_1(a[0], a[1])
        return [y, slope]

      def gelu(self, a: List[Tensor]) -> List[Tensor]:
        one = torch.ones_like(a[0])
        return [torch.gelu(a[0], approximate="none"), torch.gelu_backward(one, a[0], approximate="none")]

      def tanh(self, a: List[Tensor]) -> List[Tensor]:
        one = torch.ones_like(a[0])
        return [torch.gelu(a[0], approximate="tanh"), torch.gelu_backward(one, a[0], approximate="tanh")]

      def silu(self, a: List[Tensor]) -> List[Tensor]:
        return [torch.silu(a[0]), torch.silu_backward(torch.ones_like(a[0]), a[0])]
      """;

  private NDManager manager;
  private TorchProgram program;

  @BeforeEach
  void open() {
    PyTorch.start();
    KernelOperators operators = operators();
    assumeTrue(operators.available(), operators::reason);
    manager = NDManager.newBaseManager("PyTorch");
    program = TorchProgram.load(manager, SOURCE);
  }

  static KernelOperators operators() {
    return Engines.kernels().stream()
        .filter(provider -> provider.name().equals("flash-cpu"))
        .map(provider -> provider.operators(KernelOperators.LIBTORCH))
        .findFirst()
        .orElse(KernelOperators.unavailable("no provider"));
  }

  @AfterEach
  void close() {
    if (manager != null) {
      manager.close();
    }
  }

  private NDArray code() {
    Attention op =
        new Attention(
            Mask.causal(), 0.5, 0, Dim.of(0), List.of(), 0, 0, Attention.Extras.NONE, false);
    TensorType any = TensorType.f32("batch", 2, "time", 8);
    List<Long> code = AttentionCode.encode(op, List.of(any, any, any));
    return manager.create(code.stream().mapToLong(n -> n).toArray());
  }

  private NDArray random(long... shape) {
    return manager.randomNormal(new Shape(shape));
  }

  @Test
  void valuesAndGradientsAreThoseOfPyTorch() {
    NDArray q = random(2, 2, 13, 8);
    NDArray k = random(2, 2, 13, 8);
    NDArray v = random(2, 2, 13, 8);
    NDArray d = random(2, 2, 13, 8);
    NDList all = new NDList(q, k, v, code(), d);
    NDList expected = program.differentiate(manager, "pytorch", List.of(all));
    NDList y = program.infer(manager, "kernel", List.of(all));
    assertArrayEquals(expected.get(0).toFloatArray(), y.get(0).toFloatArray(), 2e-6f);
    NDList g = program.infer(manager, "gradient", List.of(all));
    for (int i = 0; i < 3; i++) {
      assertArrayEquals(expected.get(i + 1).toFloatArray(), g.get(i).toFloatArray(), 5e-6f);
    }
  }

  @Test
  void timeBeforeHeadsGoesInAndComesOutWithoutACopy() {
    NDArray q = random(2, 13, 2, 8);
    NDArray k = random(2, 13, 2, 8);
    NDArray v = random(2, 13, 2, 8);
    NDList turned =
        new NDList(q.transpose(0, 2, 1, 3), k.transpose(0, 2, 1, 3), v.transpose(0, 2, 1, 3));
    turned.add(code());
    NDArray expected = program.infer(manager, "kernel", List.of(turned)).get(0);
    NDList got = program.infer(manager, "strided", List.of(new NDList(q, k, v, code())));
    assertArrayEquals(expected.transpose(0, 2, 1, 3).toFloatArray(), got.get(0).toFloatArray(), 0f);
    assertTrue(got.get(1).getBoolean(), "the output lies as the query does");
  }

  @Test
  void theKernelsErrorsArriveAsExceptionsWithTheirMessage() {
    NDList wrong = new NDList(random(1, 2, 3, 8), random(1, 2, 3, 4), random(1, 2, 3, 8), code());
    EngineException e =
        assertThrows(EngineException.class, () -> program.infer(manager, "kernel", List.of(wrong)));
    assertTrue(String.valueOf(e.getMessage()).contains("the key is [1, 2, 3, 4]"), e.getMessage());
    NDList noCode =
        new NDList(random(1, 2, 3, 8), random(1, 2, 3, 8), random(1, 2, 3, 8), random(1, 2, 3, 8));
    e =
        assertThrows(
            EngineException.class, () -> program.infer(manager, "kernel", List.of(noCode)));
    assertTrue(
        String.valueOf(e.getMessage()).contains("the last argument is the code"), e.getMessage());
  }

  @Test
  void activationsGiveTheirSlopesToo() {
    NDArray x = random(3, 5, 7).mul(4);
    List<String> functions = List.of("gelu", "tanh", "silu");
    for (int kind = 0; kind < functions.size(); kind++) {
      NDList wide = new NDList(x.toType(DataType.FLOAT64, true));
      NDList expected = program.infer(manager, functions.get(kind), List.of(wide));
      NDArray code = manager.create(new long[] {kind});
      NDList got = program.infer(manager, "activation", List.of(new NDList(x, code)));
      for (int i = 0; i < 2; i++) {
        float[] want = expected.get(i).toType(DataType.FLOAT32, true).toFloatArray();
        assertArrayEquals(want, got.get(i).toFloatArray(), 2e-6f, functions.get(kind) + " " + i);
      }
    }
  }

  @Test
  void anActivationRefusesWhatItCannotRead() {
    NDArray code = manager.create(new long[] {0});
    for (NDList wrong :
        List.of(
            new NDList(random(3, 5).transpose(), code),
            new NDList(random(3, 5).toType(DataType.FLOAT64, true), code),
            new NDList(random(3, 5), manager.create(new long[] {3})),
            new NDList(random(3, 5), manager.create(new long[] {0, 0})))) {
      assertThrows(
          EngineException.class, () -> program.infer(manager, "activation", List.of(wrong)));
    }
    NDList empty = new NDList(random(0, 5), code);
    NDList result = program.infer(manager, "activation", List.of(empty));
    assertEquals(new Shape(0, 5), result.get(1).getShape());
  }

  @Test
  void anEmptyBatchIsNoProblem() {
    NDList empty = new NDList(random(0, 2, 3, 8), random(0, 2, 3, 8), random(0, 2, 3, 8), code());
    assertEquals(
        new Shape(0, 2, 3, 8), program.infer(manager, "kernel", List.of(empty)).get(0).getShape());
  }

  @Test
  void askingAgainFindsTheOperatorsRegistered() {
    KernelProvider provider =
        Engines.kernels().stream().filter(p -> p.name().equals("flash-cpu")).findFirst().get();
    assertTrue(provider.operators(KernelOperators.LIBTORCH).available());
    assertTrue(!provider.operators("another").available());
  }
}
