package org.attention4j.models.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.function.LongPredicate;
import java.util.stream.LongStream;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Of steps padded on the left")
final class SeenStepsTest {
  private static final HostTensor MASK = HostTensor.zeros(DType.I64, 2, 3);

  static {
    for (int i : new int[] {0, 1, 4}) { // rows 1 1 0 and 0 1 0
      MASK.set(i, 1);
    }
  }

  private static List<Long> left(String name, long... shape) {
    LongPredicate counts = SeenSteps.of(name, shape, MASK);
    long size = LongStream.of(shape).reduce(1, (a, b) -> a * b);
    return LongStream.range(0, size).filter(counts.negate()).boxed().toList();
  }

  @Test
  @DisplayName("those before the first real one do not count, whatever comes later does")
  void steps() {
    assertEquals(List.of(6L, 7L), left("action_preds", 2, 3, 2));
  }

  @Test
  @DisplayName("each may stand for several tokens")
  void tokens() {
    assertEquals(List.of(6L, 7L), left("hidden_states.1", 2, 6, 1));
  }

  @Test
  @DisplayName("probabilities have them behind the heads")
  void probabilities() {
    List<Long> expected = List.of(18L, 19L, 20L, 27L, 28L, 29L); // of both heads of row 1
    assertEquals(expected, left("attentions.0", 2, 2, 3, 3));
  }

  @Test
  @DisplayName("a result for the whole row counts")
  void rows() {
    assertEquals(List.of(), left("logits", 2, 3));
  }
}
