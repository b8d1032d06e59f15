package org.attention4j.models.huggingface.model;

import java.util.List;
import java.util.Map;
import org.attention4j.error.AttentionException;
import org.attention4j.error.UsageException;
import org.attention4j.models.family.Config;

/**
 * One family, as its file describes it.
 *
 * @param modelType what {@code config.json} calls it
 * @param title for people
 * @param paper where it was published
 * @param tasks that it serves, the usual one first
 * @param otherNames own names of entries by the names that configurations may have instead, as
 *     transformers takes them; the own one counts where both are given
 * @param reader from a configuration to a model
 */
public record Architecture(
    String modelType,
    String title,
    String paper,
    List<Task> tasks,
    Map<String, String> otherNames,
    Reader reader) {

  /** From a configuration to a model. */
  @FunctionalInterface
  public interface Reader {
    /**
     * The model.
     *
     * @throws org.attention4j.error.FileFormatException if an entry is missing, wrong or of no use
     */
    Pretrained read(Config config, Task task);
  }

  /** Entries that change the numbers; those that a family does not read are refused. */
  private static final List<String> CHANGING =
      List.of(
          "quantization_config",
          "rope_scaling",
          "sliding_window",
          "use_sliding_window",
          "attention_bias",
          "mlp_bias",
          "attn_logit_softcapping",
          "final_logit_softcapping",
          "query_pre_attn_scalar",
          "use_qk_norm",
          "qk_layernorm",
          "clip_qkv",
          "logit_scale",
          "logits_scaling",
          "embedding_multiplier",
          "residual_multiplier",
          "attention_multiplier",
          "scale_embedding",
          "alibi",
          "parallel_attn",
          "num_local_experts",
          "num_experts",
          "use_bidirectional_attention",
          "add_cross_attention",
          "is_decoder",
          "pruned_heads");

  public Architecture {
    tasks = List.copyOf(tasks);
    otherNames = Map.copyOf(otherNames);
  }

  /** A family whose entries have one name each. */
  public Architecture(
      String modelType, String title, String paper, List<Task> tasks, Reader reader) {
    this(modelType, title, paper, tasks, Map.of(), reader);
  }

  /** The same family, with other names for entries. */
  public Architecture taking(Map<String, String> names) {
    return new Architecture(modelType, title, paper, tasks, names, reader);
  }

  /** The model of a configuration, with the head that its {@code architectures} name. */
  public Pretrained open(Config config) {
    String name = config.first("architectures", "");
    Task task = name.isEmpty() ? tasks.get(0) : Task.ofClass(name).orElse(null);
    if (task == null || !tasks.contains(task)) {
      throw unserved(config, name);
    }
    return open(config, task);
  }

  private UsageException unserved(Config config, String name) {
    return new UsageException(
        config
            + ": the head '"
            + name
            + "' is not known here; "
            + modelType
            + " serves "
            + tasks.stream().map(Task::label).toList());
  }

  /** The model of a configuration with a head of choice. */
  public Pretrained open(Config config, Task task) {
    if (!tasks.contains(task)) {
      throw unserved(config, task.label());
    }
    try {
      Config own = config.renamed(otherNames);
      Pretrained model = reader.read(own, task);
      own.refuseUnread(CHANGING);
      return model;
    } catch (AttentionException e) {
      throw config.refused(e);
    }
  }
}
