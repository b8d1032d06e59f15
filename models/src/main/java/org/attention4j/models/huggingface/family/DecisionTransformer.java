package org.attention4j.models.huggingface.family;

import java.util.List;
import java.util.Map;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.huggingface.model.TrajectoryModel;
import org.attention4j.nn.LayerNorm;

/** Decision Transformer: GPT-2's layers over returns, states and actions in turn. */
final class DecisionTransformer {
  static final Architecture ARCHITECTURE =
      new Architecture(
              "decision_transformer",
              "Decision Transformer",
              "Chen et al. 2021",
              List.of(Task.FEATURES),
              DecisionTransformer::read)
          .taking(
              Map.of(
                  "num_attention_heads",
                  "n_head",
                  "num_hidden_layers",
                  "n_layer",
                  "max_position_embeddings",
                  "n_positions"));

  private DecisionTransformer() {}

  static Pretrained read(Config config, Task task) {
    int width = config.size("hidden_size", 128);
    int heads = config.size("n_head", 1);
    int layers = config.size("n_layer", 3);
    return new TrajectoryModel(
        config.with("n_head", heads).with("n_layer", layers), // GPT-2's own defaults differ
        task,
        config.size("state_dim", 17),
        config.size("act_dim", 4),
        config.size("max_ep_len", 4096),
        config.size("n_positions", 1024),
        Gpt2.layers(config, width, "relu"),
        new LayerNorm(width),
        width,
        config.flag("action_tanh", true));
  }
}
