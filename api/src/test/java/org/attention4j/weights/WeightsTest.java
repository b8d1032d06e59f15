package org.attention4j.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.error.WeightsException;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.HostTensor;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Weights")
class WeightsTest {
  private static final Weights TWO =
      Weights.empty()
          .with("h.0.attn.weight", HostTensor.zeros(DType.F32, 2, 3))
          .with("h.0.attn.bias", HostTensor.zeros(DType.F16, 3));

  @Test
  @DisplayName("keep their order, and count elements and bytes")
  void counts() {
    assertEquals(List.of("h.0.attn.weight", "h.0.attn.bias"), List.copyOf(TWO.names()));
    assertEquals(9, TWO.parameterCount());
    assertEquals(30, TWO.bytes());
    assertEquals("Weights[2 tensors, 9 parameters, 30 bytes]", TWO.toString());
  }

  @Test
  @DisplayName("do not change with the map that they were made from, nor through their views")
  void immutable() {
    Map<String, HostTensor> map = new LinkedHashMap<>(TWO.tensors());
    Weights weights = Weights.of(map);
    map.clear();
    assertEquals(2, weights.names().size());
    assertThrows(UnsupportedOperationException.class, () -> weights.tensors().clear());
    assertThrows(UnsupportedOperationException.class, () -> weights.names().clear());
    assertThrows(UnsupportedOperationException.class, () -> weights.metadata().clear());
  }

  @Test
  @DisplayName("name what resembles a path that is not there")
  void closeMatches() {
    assertMissing("h.0.attn.weigth", "did you mean h.0.attn.weight?");
    assertMissing("transformer.h.0.attn.bias", "did you mean h.0.attn.bias?");
    assertMissing("attn.bias", "did you mean h.0.attn.bias?");
    assertMissing("lm_head.weight", "no tensor named 'lm_head.weight' among 2");
    WeightsException e = assertThrows(WeightsException.class, () -> TWO.get("unlike"));
    assertFalse(String.valueOf(e.getMessage()).contains("did you mean"), e::getMessage);
  }

  private static void assertMissing(String path, String part) {
    assertFalse(TWO.has(path));
    WeightsException e = assertThrows(WeightsException.class, () -> TWO.get(path));
    assertTrue(String.valueOf(e.getMessage()).contains(part), e::getMessage);
  }

  @Test
  @DisplayName("give changed ones, and stay as they are")
  void derives() {
    assertEquals(1, TWO.without("h.0.attn.bias").names().size());
    assertThrows(WeightsException.class, () -> TWO.without("h.0.attn.bia"));
    assertEquals(DType.F64, TWO.map((n, t) -> t.cast(DType.F64)).get("h.0.attn.bias").dtype());
    assertTrue(TWO.rename(n -> "model." + n).has("model.h.0.attn.bias"));
    assertThrows(WeightsException.class, () -> TWO.rename(n -> "same"));
    Weights merged =
        TWO.withMetadata(Map.of("a", "1"))
            .merge(Weights.of(Map.of("x", HostTensor.scalar(1f)), Map.of("a", "2", "b", "3")));
    assertEquals(3, merged.names().size());
    assertEquals(Map.of("a", "1", "b", "3"), merged.metadata());
    assertThrows(WeightsException.class, () -> merged.merge(TWO));
    assertEquals(2, TWO.names().size());
    assertEquals(Map.of(), TWO.metadata());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "__metadata__", "a\nb", "a\u0000", "\ud800"})
  @DisplayName("refuse names that a file could not hold")
  void badNames(String name) {
    HostTensor t = HostTensor.scalar(1f);
    assertThrows(UsageException.class, () -> TWO.with(name, t));
    assertThrows(UsageException.class, () -> Weights.of(Map.of(name, t)));
  }

  @Test
  @DisplayName("refuse metadata that a file could not hold")
  void badMetadata() {
    assertThrows(UsageException.class, () -> TWO.withMetadata(Map.of("a", "\udc00")));
  }
}
