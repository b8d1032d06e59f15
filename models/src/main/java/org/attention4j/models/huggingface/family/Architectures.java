package org.attention4j.models.huggingface.family;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.attention4j.error.UsageException;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;

/** All families, by the {@code model_type} of their configurations. */
public final class Architectures {
  private static final List<Architecture> ALL =
      List.of(
          Gpt2.ARCHITECTURE,
          Llama.ARCHITECTURE,
          Mistral.ARCHITECTURE,
          Qwen2.ARCHITECTURE,
          Qwen3.ARCHITECTURE,
          Gemma.ARCHITECTURE,
          Gemma2.ARCHITECTURE,
          Gemma3.ARCHITECTURE,
          Gemma3Part.ARCHITECTURE,
          GptNeoX.ARCHITECTURE,
          GptJ.ARCHITECTURE,
          Opt.ARCHITECTURE,
          Phi.ARCHITECTURE,
          Phi3.ARCHITECTURE,
          Falcon.ARCHITECTURE,
          Bloom.ARCHITECTURE,
          Mpt.ARCHITECTURE,
          Mixtral.ARCHITECTURE,
          Bert.ARCHITECTURE,
          DistilBert.ARCHITECTURE,
          Roberta.ARCHITECTURE,
          Roberta.XLM,
          Vit.ARCHITECTURE,
          Vit.DEIT,
          T5.ARCHITECTURE,
          Bart.ARCHITECTURE,
          Marian.ARCHITECTURE,
          Pegasus.ARCHITECTURE,
          Whisper.ARCHITECTURE,
          Clip.ARCHITECTURE,
          Clip.TEXT,
          Clip.IMAGE,
          DecisionTransformer.ARCHITECTURE);

  private static final Map<String, Architecture> BY_TYPE = byType();

  private Architectures() {}

  private static Map<String, Architecture> byType() {
    Map<String, Architecture> types = new LinkedHashMap<>();
    for (Architecture architecture : ALL) {
      if (types.put(architecture.modelType(), architecture) != null) {
        throw new IllegalStateException("twice: " + architecture.modelType());
      }
    }
    return types;
  }

  /** All of them. */
  public static List<Architecture> all() {
    return ALL;
  }

  /** The types that are known. */
  public static Set<String> types() {
    return Collections.unmodifiableSet(BY_TYPE.keySet());
  }

  /** Whether a family is known. */
  public static boolean knows(String modelType) {
    return BY_TYPE.containsKey(modelType);
  }

  /**
   * The model of a configuration, with the head that its {@code architectures} name.
   *
   * @throws UsageException if the family or the task is unknown
   * @throws org.attention4j.error.FileFormatException if an entry is missing, wrong or unsupported
   */
  public static Pretrained read(Config config) {
    return of(config).open(config);
  }

  /**
   * The model of a configuration with another head than its {@code architectures} name.
   *
   * @throws UsageException if the family is unknown or has no such head
   * @throws org.attention4j.error.FileFormatException if an entry is missing, wrong or unsupported
   */
  public static Pretrained read(Config config, Task task) {
    return of(config).open(config, task);
  }

  /** The family of a configuration. */
  static Architecture of(Config config) {
    Architecture architecture = BY_TYPE.get(config.modelType());
    if (architecture == null) {
      throw new UsageException(
          config
              + ": models of type '"
              + config.modelType()
              + "' are not known here; known are "
              + BY_TYPE.keySet());
    }
    return architecture;
  }
}
