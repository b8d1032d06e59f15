package org.attention4j.engine.onnx.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.error.MemoryException;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.attention4j.tensor.TensorType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The memory that a decoding's keys and values lie in. */
class CacheMemoryTest {
  private static final int HUGE_PAGE = 2 << 20;

  private static Map<String, TensorType> types(long width) {
    Map<String, TensorType> types = new LinkedHashMap<>();
    types.put("key", TensorType.ofShape(DType.I8, 1, 3, width, 7));
    types.put("value", TensorType.ofShape(DType.I8, 1, 3, width, 5));
    types.put("scores", TensorType.ofShape(DType.F32, 1, width));
    return types;
  }

  private static void fill(CacheMemory.Loan loan, int by) {
    int tag = by;
    for (HostTensor tensor : loan.tensors().values()) {
      ByteBuffer bytes = tensor.buffer();
      for (int i = 0; i < bytes.capacity(); i++) {
        bytes.put(i, (byte) tag);
      }
      tag++;
    }
  }

  /** From a few bytes to more than three huge pages, of which the last is not whole. */
  @ParameterizedTest
  @ValueSource(longs = {1, 63, 1000, 70_001, 90_001, 180_001})
  void tensorsHaveTheirTypesAndOwnMemorySideBySide(long width) {
    CacheMemory.Loan loan = new CacheMemory().lend(types(width));
    assertEquals(1, loan.regions().size());
    if (width > 70_000) {
      assertEquals(0, loan.regions().get(0).alignmentOffset(0, HUGE_PAGE), "whole huge pages");
    }
    types(width)
        .forEach(
            (name, type) -> {
              assertEquals(type.dtype(), loan.tensor(name).dtype());
              assertEquals(type, TensorType.ofShape(type.dtype(), loan.tensor(name).shape()));
            });
    fill(loan, 1);
    int tag = 1;
    for (HostTensor tensor : loan.tensors().values()) {
      ByteBuffer bytes = tensor.buffer();
      for (int i = 0; i < bytes.capacity(); i++) {
        assertEquals(tag, bytes.get(i), "another tensor lies there");
      }
      tag++;
    }
  }

  @Test
  void whatWasGivenBackIsLentOnceMoreIfItIsLargeEnough() {
    CacheMemory memory = new CacheMemory();
    CacheMemory.Loan first = memory.lend(types(1000));
    memory.giveBack(first);
    CacheMemory.Loan second = memory.lend(types(900));
    assertSame(first.regions().get(0), second.regions().get(0));
    CacheMemory.Loan third = memory.lend(types(900));
    fill(second, 1);
    fill(third, 5);
    assertEquals(1, second.tensor("key").buffer().get(0), "two decodings share memory");
    memory.giveBack(third);
    CacheMemory.Loan larger = memory.lend(types(2000));
    assertNotEquals(third.regions().get(0).capacity(), larger.regions().get(0).capacity());
    memory.close();
    memory.giveBack(larger);
    CacheMemory.Loan last = memory.lend(types(2000));
    fill(larger, 1);
    fill(last, 5);
    assertEquals(1, larger.tensor("key").buffer().get(0), "kept after the session was closed");
  }

  @Test
  void moreThanABufferHoldsIsAnError() {
    Map<String, TensorType> types =
        Map.of("key", TensorType.ofShape(DType.F32, 1 << 15, 1 << 15, 4));
    assertThrows(MemoryException.class, () -> new CacheMemory().lend(types));
  }
}
