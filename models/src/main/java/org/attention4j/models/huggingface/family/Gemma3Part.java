package org.attention4j.models.huggingface.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import org.attention4j.models.family.Config;
import org.attention4j.models.huggingface.model.Architecture;
import org.attention4j.models.huggingface.model.DecoderModel;
import org.attention4j.models.huggingface.model.NameRules;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.models.store.JsonFile;

/** The text part of a Gemma 3 that reads pictures, too: texts alone, as one of text. */
final class Gemma3Part {
  /** What {@code text_config} leaves out where it is the default of transformers. */
  private static final Map<String, Integer> USUAL =
      Map.of(
          "vocab_size", 262208,
          "hidden_size", 2304,
          "intermediate_size", 9216,
          "num_hidden_layers", 26,
          "num_attention_heads", 8,
          "num_key_value_heads", 4,
          "head_dim", 256,
          "max_position_embeddings", 131072);

  private static final List<String> ABOVE =
      List.of("id2label", "label2id", "problem_type", "tie_word_embeddings", "dtype");

  static final Architecture ARCHITECTURE =
      new Architecture(
          "gemma3",
          "Gemma 3 (text part)",
          "Kamath et al. 2025",
          Gemma3.ARCHITECTURE.tasks(),
          (config, task) ->
              textPart((DecoderModel) Gemma3.ARCHITECTURE.open(textOf(config, task), task)));

  private Gemma3Part() {}

  /** {@code text_config} with what stands above it, and all that may be left out. */
  private static Config textOf(Config config, Task task) {
    Config text = config.copy().section("text_config");
    ObjectNode json = text.json();
    USUAL.forEach((name, value) -> json.putIfAbsent(name, JsonFile.tree(value)));
    for (String name : ABOVE) {
      if (config.has(name)) {
        json.set(name, config.json().get(name));
      }
    }
    if (config.first("architectures", "").endsWith("ForConditionalGeneration")) {
      json.remove("final_logit_softcapping"); // this class leaves it out
    }
    boolean words = task == Task.CAUSAL_LM; // the only class without Text in its name
    json.putArray("architectures").add(task.className(words ? "Gemma3" : "Gemma3Text"));
    return text.with("model_type", Gemma3.ARCHITECTURE.modelType());
  }

  private static DecoderModel textPart(DecoderModel model) {
    NameRules rules =
        model
            .extra()
            .renaming("^(model\\.)?language_model\\.(model\\.)?", "model.")
            .ignoring("(model\\.)?(vision_tower|multi_modal_projector)\\..*");
    return model.with(rules);
  }
}
