package org.attention4j.models.huggingface.model;

import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.attention4j.models.family.Config;

/**
 * Which layers see the last tokens only.
 *
 * @param sizes of the windows by layer, 0 for none
 */
public record LayerWindows(List<Integer> sizes) {
  private static final String TYPES = "layer_types";
  private static final String SLIDING = "sliding_attention";
  private static final String FULL = "full_attention";

  public LayerWindows {
    sizes = List.copyOf(sizes);
  }

  /** The window of a layer, 0 for none. */
  public int of(int layer) {
    return sizes.get(layer);
  }

  /**
   * From {@code layer_types} and {@code sliding_window}.
   *
   * @param sliding which layers have a window where {@code layer_types} is not given
   * @param usual size of the windows where {@code sliding_window} is not given
   */
  public static LayerWindows read(Config config, IntPredicate sliding, int usual) {
    int layers = config.size("num_hidden_layers");
    List<String> types = config.texts(TYPES);
    if (!types.isEmpty() && types.size() != layers) {
      throw config.wrong(TYPES, "a list of " + layers + " texts", types);
    }
    int window = config.size("sliding_window", usual);
    return new LayerWindows(
        IntStream.range(0, layers)
            .mapToObj(
                n -> {
                  boolean slides = types.isEmpty() ? sliding.test(n) : slides(config, types.get(n));
                  return slides ? window : 0;
                })
            .toList());
  }

  private static boolean slides(Config config, String type) {
    if (!type.equals(SLIDING) && !type.equals(FULL)) {
      throw config.wrong(TYPES, SLIDING + " or " + FULL, type);
    }
    return type.equals(SLIDING);
  }

  /** Only if {@code use_sliding_window}; then from layer {@code max_window_layers} on. */
  public static LayerWindows qwen(Config config) {
    boolean used = config.flag("use_sliding_window", false);
    long first = config.id("max_window_layers", 28);
    LayerWindows windows = read(config, n -> n >= first, 4096);
    return used ? windows : new LayerWindows(windows.sizes.stream().map(size -> 0).toList());
  }
}
