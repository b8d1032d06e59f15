package org.attention4j.models.huggingface.family;

import java.util.ArrayList;
import java.util.List;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;

/** BART: learned positions, norms after each branch and after the positions. */
final class Bart {
  static final Architecture ARCHITECTURE =
      new Architecture("bart", "BART", "Lewis et al. 2020", tasks(), Bart::read)
          .taking(BartLike.OTHER_NAMES);

  private Bart() {}

  private static List<Task> tasks() {
    List<Task> tasks = new ArrayList<>(BartLike.TASKS);
    tasks.add(Task.SEQUENCE_CLASSIFICATION);
    tasks.add(Task.QUESTION_ANSWERING);
    return tasks;
  }

  static Pretrained read(Config config, Task task) {
    config.require("normalize_before", false);
    config.require("add_final_layer_norm", false);
    config.require("static_position_embeddings", false);
    return BartLike.read(config, task, new BartLike.Kind(false, false, true, true, "gelu", 2, 1));
  }
}
