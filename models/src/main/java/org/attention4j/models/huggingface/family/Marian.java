package org.attention4j.models.huggingface.family;

import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;

/**
 * Marian's translators (OPUS-MT): sines and cosines, norms after each branch, a bias of the logits.
 */
public final class Marian {
  static final Architecture ARCHITECTURE =
      new Architecture(
              "marian", "Marian", "Junczys-Dowmunt et al. 2018", BartLike.TASKS, Marian::read)
          .taking(BartLike.OTHER_NAMES);

  private Marian() {}

  static Pretrained read(Config config, Task task) {
    config.require("normalize_embedding", false);
    config.require("normalize_before", false);
    boolean shared = config.flag("share_encoder_decoder_embeddings", true);
    return BartLike.read(
        config, task, new BartLike.Kind(false, true, false, shared, "gelu", 58100, 58100));
  }
}
