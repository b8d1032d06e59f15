package org.attention4j.models.huggingface.family;

import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;

/** Pegasus: sines and cosines, norms before each branch and after the last layer. */
final class Pegasus {
  static final Architecture ARCHITECTURE =
      new Architecture("pegasus", "Pegasus", "Zhang et al. 2020", BartLike.TASKS, Pegasus::read)
          .taking(BartLike.OTHER_NAMES);

  private Pegasus() {}

  static Pretrained read(Config config, Task task) {
    return BartLike.read(config, task, new BartLike.Kind(true, true, false, true, "gelu", 0, 0));
  }
}
