package org.attention4j.models.family;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.op.Activation;

/** Sizes of published models, for {@code describe}. */
public final class KnownModels {
  private static final Map<String, Family> ALL = new LinkedHashMap<>();

  static {
    ALL.put("nanogpt-cpu", Gpt.nano(65, 64, 128, 4, 4, 0));
    ALL.put("nanogpt-gpu", Gpt.nano(65, 256, 384, 6, 6, 0.2));
    ALL.put("gpt2", Gpt.gpt2(768, 12, 12));
    ALL.put("gpt2-medium", Gpt.gpt2(1024, 16, 24));
    ALL.put("gpt2-large", Gpt.gpt2(1280, 20, 36));
    ALL.put("gpt2-xl", Gpt.gpt2(1600, 25, 48));
    ALL.put("gpt3", new Gpt(50257, 2048, 12288, 96, 96, true, Activation.Kind.GELU_TANH, 0));
    ALL.put("bert-base", new Bert(30522, 512, 768, 12, 12, 3072, 0.1, 0));
    ALL.put("bert-large", new Bert(30522, 512, 1024, 16, 24, 4096, 0.1, 0));
    ALL.put("transformer-base", new Seq2Seq(37000, 512, 512, 8, 6, 2048, 0.1, 0.1));
    ALL.put("transformer-big", new Seq2Seq(37000, 512, 1024, 16, 6, 4096, 0.3, 0.1));
    ALL.put("tinyllama", new Llama(32000, 2048, 2048, 32, 4, 22, 5632, 10000, 1e-5, false));
    ALL.put("llama2-7b", new Llama(32000, 4096, 4096, 32, 32, 32, 11008, 10000, 1e-5, false));
    ALL.put("llama2-70b", new Llama(32000, 4096, 8192, 64, 8, 80, 28672, 10000, 1e-5, false));
    ALL.put("llama3-8b", new Llama(128256, 8192, 4096, 32, 8, 32, 14336, 500000, 1e-5, false));
  }

  private KnownModels() {}

  /** All of them, by name. */
  public static Map<String, Family> all() {
    return Collections.unmodifiableMap(ALL);
  }

  /**
   * The model of that name.
   *
   * @throws UsageException if it is unknown
   */
  public static Family get(String name) {
    Family family = ALL.get(name);
    if (family == null) {
      throw new UsageException("there is no model '" + name + "'; known are " + ALL.keySet());
    }
    return family;
  }
}
