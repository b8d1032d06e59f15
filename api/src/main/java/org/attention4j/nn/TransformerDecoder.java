package org.attention4j.nn;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.op.Mask;
import org.attention4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A stack of equal decoder layers, with cache entries by layer, and a last normalisation. Reports
 * its input as {@code embedded}.
 *
 * @param norm last of all, or null: post-norm layers need none
 */
public record TransformerDecoder(
    TransformerDecoderLayer layer, int layers, @Nullable Block norm, StackNames names) {
  public TransformerDecoder {
    Sizes.requirePositive("TransformerDecoder", "layers", layers);
  }

  /**
   * [batch, time, width] to the same.
   *
   * @param mask added to that of every self-attention
   * @param bias of every self-attention's scores, or null
   * @param memory the encoder's output, [batch, source, any width]
   * @param memoryMask its padding
   */
  public Tensor apply(
      Scope scope, Tensor x, Mask mask, @Nullable PairBias bias, Tensor memory, Mask memoryMask) {
    scope.report("embedded", x);
    Tensor y = x;
    for (int n = 0; n < layers; n++) {
      Tensor h = y;
      Scope cached = scope.layer(n);
      y =
          cached.in(
              names.layers() + "." + n, s -> layer.apply(s, h, mask, bias, memory, memoryMask));
    }
    return norm == null ? y : scope.call(names.norm(), norm, y);
  }

  /**
   * What can be observed of a stack at a path: {@code hidden_states.N} and {@code attentions.N} as
   * in {@link LayerStack#observable}, and {@code cross_attentions.N}, [batch, heads, queries,
   * source].
   *
   * @param path of the scope that the stack is applied in; empty for the top
   * @return paths by those names
   */
  public Map<String, String> observable(String path) {
    String start = path.isEmpty() ? "" : path + ".";
    Map<String, String> paths = new LinkedHashMap<>();
    paths.put("hidden_states.0", start + "embedded");
    for (int n = 0; n < layers; n++) {
      String at = start + names.layers() + "." + n;
      boolean last = n == layers - 1 && norm != null;
      paths.put("hidden_states." + (n + 1), last ? start + names.norm() : at);
      paths.put("attentions." + n, at + "." + layer.names().self() + ".weights");
      paths.put("cross_attentions." + n, at + "." + layer.names().cross() + ".weights");
    }
    return paths;
  }
}
