package org.attention4j.models.docs;

import java.util.Map;
import org.attention4j.nn.Model;
import org.attention4j.nn.MultiHeadAttention;
import org.attention4j.nn.Scope;
import org.attention4j.nn.longcontext.SlotPattern;
import org.attention4j.nn.longcontext.StridedPattern;
import org.attention4j.nn.longcontext.TransformerXlAttention;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/** The code of docs/long-context.md. */
final class LongContextExamples {
  private LongContextExamples() {}

  static Tensor strided(MultiHeadAttention attention, Scope scope, Tensor x) {
    SlotPattern pattern = new StridedPattern(64);
    Tensor y = attention.self(scope, x, pattern.mask(x, scope.start(), x.dim(1), x.dim(1)), null);
    return y;
  }

  record Segments(TransformerXlAttention attention, int width) implements Model {
    @Override
    public Map<String, TensorType> inputs() {
      return Map.of(
          "x",
          TensorType.f32("batch", "time", width),
          "memory",
          TensorType.f32("batch", 512, width));
    }

    @Override
    public Map<String, Tensor> apply(Scope scope, Inputs in) { // one layer of Transformer-XL
      Tensor x = in.get("x");
      Tensor memory = in.get("memory"); // [batch, 512, width]
      Tensor y = scope.in("attention", s -> attention.apply(s, x, memory));
      return Map.of("y", y, "next_memory", TransformerXlAttention.remember(memory, x, 512));
    }
  }
}
