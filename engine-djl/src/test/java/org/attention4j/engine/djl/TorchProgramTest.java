package org.attention4j.engine.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.attention4j.error.EngineException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Programs that this module writes are compiled, run and differentiated by PyTorch. */
class TorchProgramTest {
  private NDManager manager;

  @BeforeEach
  void open() {
    PyTorch.start();
    manager = NDManager.newBaseManager("PyTorch");
  }

  @AfterEach
  void close() {
    manager.close();
  }

  @Test
  void aMethodDifferentiatesItselfAndLeavesNoGraphBehind() {
    String source =
        """
        def cube(self, a: List[Tensor]) -> List[Tensor]:
          x = torch.requires_grad_(torch.detach(a[0]), True)
          loss = torch.sum(torch.mul(torch.mul(x, x), x))
          g = torch.grad([loss], [x])
          return [torch.detach(loss), unchecked_cast(Tensor, g[0])]
        """;
    try (TorchProgram program = TorchProgram.load(manager, source)) {
      NDList x = new NDList(manager.create(new float[] {1, -2, 3}));
      NDList result = program.differentiate(manager, "cube", List.of(x));
      assertEquals(20f, result.get(0).getFloat());
      assertArrayEquals(new float[] {3, 12, 27}, result.get(1).toFloatArray());
      assertFalse(x.get(0).hasGradient(), "the argument itself stays a plain array");
      assertFalse(result.get(0).hasGradient(), "the result is detached");
    }
  }

  @Test
  void inferenceReturnsArraysOwnedByTheGivenManager() {
    String source =
        """
        def twice(self, a: List[Tensor]) -> List[Tensor]:
          return [torch.add(a[0], a[0])]
        """;
    try (TorchProgram program = TorchProgram.load(manager, source);
        NDManager results = manager.newSubManager()) {
      NDList x = new NDList(manager.create(new float[] {1, 2}, new Shape(2)));
      NDList result = program.infer(results, "twice", List.of(x));
      assertEquals(results, result.get(0).getManager());
      assertArrayEquals(new float[] {2, 4}, result.get(0).toFloatArray());
    }
  }

  @Test
  void aFailureInPyTorchIsAnEngineExceptionWithItsReason() {
    String source =
        """
        def product(self, a: List[Tensor]) -> List[Tensor]:
          return [torch.matmul(a[0], a[1])]
        """;
    try (TorchProgram program = TorchProgram.load(manager, source)) {
      NDList ab = new NDList(manager.zeros(new Shape(2, 3)), manager.zeros(new Shape(2, 3)));
      EngineException e =
          assertThrows(EngineException.class, () -> program.infer(manager, "product", List.of(ab)));
      assertTrue(
          String.valueOf(e.getMessage()).contains("product")
              && String.valueOf(e.getMessage()).contains("2x3"),
          e::getMessage);
    }
    String unknown =
        """
        def f(self, a: List[Tensor]) -> List[Tensor]:
          return [torch.no_such_operator(a[0])]
        """;
    EngineException e =
        assertThrows(EngineException.class, () -> TorchProgram.load(manager, unknown));
    assertTrue(String.valueOf(e.getMessage()).contains("no_such_operator"), e::getMessage);
  }
}
