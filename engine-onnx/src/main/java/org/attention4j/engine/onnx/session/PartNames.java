package org.attention4j.engine.onnx.session;

import java.util.LinkedHashMap;
import java.util.Map;

/** What the inputs of an encoder-decoder are called in the file of the decoder alone. */
public final class PartNames {
  /** What the encoder's file returns. */
  public static final String ENCODED = "last_hidden_state";

  /** The same as the decoder's file takes it. */
  public static final String MEMORY = "encoder_hidden_states";

  /** Of a file with first and later steps: whether this is a later one, bool [1]. */
  public static final String USE_CACHE = "use_cache_branch";

  private static final String DECODER = "decoder_";
  private static final String MASK = "attention_mask";

  private PartNames() {}

  /** {@code decoder_input_ids} is {@code input_ids} there; the encoder's mask has a prefix. */
  public static String inDecoder(String name) {
    if (name.startsWith(DECODER)) {
      return name.substring(DECODER.length());
    }
    return name.equals(MASK) ? "encoder_" + MASK : name;
  }

  /** Renames keys to what they are called in the decoder's file. */
  static <T> Map<String, T> inDecoder(Map<String, T> named) {
    Map<String, T> renamed = new LinkedHashMap<>();
    named.forEach(
        (name, value) -> {
          if (name.startsWith(DECODER) || name.equals(MASK)) {
            renamed.put(inDecoder(name), value); // others are the encoder's alone
          }
        });
    return renamed;
  }
}
