package org.attention4j.models.huggingface;

import org.attention4j.models.family.Config;

/** BART: learned positions, norms after each branch and after the positions. */
final class Bart {
  static final Architecture ARCHITECTURE =
      new Architecture("bart", "BART", "Lewis et al. 2020", BartLike.TASKS, Bart::read);

  private Bart() {}

  static Pretrained read(Config config, Task task) {
    config.require("normalize_before", false);
    config.require("add_final_layer_norm", false);
    config.require("static_position_embeddings", false);
    return BartLike.read(config, task, new BartLike.Kind(false, false, true, "gelu", 2, 1));
  }
}
