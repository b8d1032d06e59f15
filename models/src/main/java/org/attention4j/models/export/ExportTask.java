package org.attention4j.models.export;

import java.util.LinkedHashMap;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.models.huggingface.model.Task;

/** Names that Optimum has for what a model is exported for. */
final class ExportTask {
  private static final String WITH_CACHE = "-with-past";
  private static final Map<String, Task> HEADS = new LinkedHashMap<>();

  static {
    HEADS.put("text-generation", Task.CAUSAL_LM);
    HEADS.put("text2text-generation", Task.SEQ2SEQ_LM);
    HEADS.put("automatic-speech-recognition", Task.SEQ2SEQ_LM);
    HEADS.put("fill-mask", Task.MASKED_LM);
    HEADS.put("text-classification", Task.SEQUENCE_CLASSIFICATION);
    HEADS.put("token-classification", Task.TOKEN_CLASSIFICATION);
    HEADS.put("question-answering", Task.QUESTION_ANSWERING);
    HEADS.put("multiple-choice", Task.MULTIPLE_CHOICE);
    HEADS.put("image-classification", Task.IMAGE_CLASSIFICATION);
    HEADS.put("audio-classification", Task.AUDIO_CLASSIFICATION);
    HEADS.put("masked-im", Task.MASKED_IMAGE_MODELING);
    HEADS.put("feature-extraction", Task.FEATURES);
    HEADS.put("sentence-similarity", Task.FEATURES);
  }

  private ExportTask() {}

  /** Whether the name asks for a cache. */
  static boolean wantsCache(String name) {
    return name.endsWith(WITH_CACHE);
  }

  /**
   * The head that a task needs.
   *
   * @throws UsageException if the task is unknown
   */
  static Task head(String name) {
    String plain = wantsCache(name) ? name.substring(0, name.length() - WITH_CACHE.length()) : name;
    Task head = HEADS.get(plain);
    if (head == null || (wantsCache(name) && !generates(head))) {
      throw new UsageException(
          "'"
              + name
              + "' is no task of an export; there are "
              + HEADS.keySet()
              + ", those that generate also with "
              + WITH_CACHE);
    }
    return head;
  }

  /** Whether models with this head write token by token. */
  static boolean generates(Task head) {
    return head == Task.CAUSAL_LM || head == Task.SEQ2SEQ_LM;
  }
}
