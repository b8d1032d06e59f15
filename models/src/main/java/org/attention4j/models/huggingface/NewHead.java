package org.attention4j.models.huggingface;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.attention4j.error.UsageException;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.family.Architectures;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.spi.Parameters;
import org.attention4j.spi.Program;
import org.attention4j.weights.Weights;

/**
 * A checkpoint whose layers get another head, for a task that it was not trained for.
 *
 * @param checkpoint the model with its new head
 * @param fresh paths of the parameters that start at random
 */
public record NewHead(Checkpoint checkpoint, List<String> fresh) {
  public NewHead {
    fresh = List.copyOf(fresh);
  }

  /**
   * What a head tells apart.
   *
   * @param labels names of the classes; empty to leave them as they are
   * @param problemType which loss the classes of texts learn by, in transformers' words; empty to
   *     leave it as it is
   */
  public record Classes(List<String> labels, String problemType) {
    public Classes {
      labels = List.copyOf(labels);
    }
  }

  /**
   * The layers of a checkpoint under the head of a task; what the file holds for the head in the
   * right shape is kept, the rest of the head starts at random.
   *
   * @param file what its directory holds, under the names there
   * @param classes what the configuration says of them
   * @param padding id of the padding token if the configuration names none, -1 for none
   * @param seed of the head's weights
   * @throws UsageException if the family does not serve the task
   */
  public static NewHead on(
      Checkpoint original, Weights file, Task task, Classes classes, long padding, long seed) {
    Config config = Config.read(original.path().resolve(HuggingFace.CONFIG));
    ObjectNode json = config.json();
    String name = config.first("architectures", "");
    if (name.isEmpty()) {
      throw new UsageException(
          original.path() + ": config.json names no architectures, so its class cannot be changed");
    }
    json.putArray("architectures").add(task.className(Task.stem(name)));
    List<String> labels = classes.labels;
    if (!classes.problemType.isEmpty()) {
      json.put("problem_type", classes.problemType);
    }
    if (!labels.isEmpty()) {
      json.remove("num_labels"); // older files count them
      ObjectNode names = json.putObject("id2label");
      ObjectNode ids = json.putObject("label2id");
      for (int i = 0; i < labels.size(); i++) {
        names.put(Integer.toString(i), labels.get(i));
        ids.put(labels.get(i), i);
      }
    }
    if (padding >= 0 && !json.hasNonNull("pad_token_id")) {
      json.put("pad_token_id", padding);
    }
    Pretrained model = Architectures.read(config);
    Weights found = WeightFitting.fitPart(model, file).weights();
    Weights all = Parameters.complete(Program.of(model), found, seed);
    Map<String, String> names = new LinkedHashMap<>();
    all.names().forEach(path -> names.put(path, path));
    List<String> fresh = all.names().stream().filter(path -> !found.has(path)).toList();
    return new NewHead(new Checkpoint(original.path(), model, all, names), fresh);
  }
}
