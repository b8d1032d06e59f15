package org.attention4j.models.export;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.attention4j.models.huggingface.model.Pretrained;
import org.attention4j.models.huggingface.model.Task;
import org.attention4j.nn.Model;
import org.attention4j.nn.Scope;
import org.attention4j.tensor.Tensor;
import org.attention4j.tensor.TensorType;

/**
 * A checkpoint's model with the inputs and outputs that other programs give and expect. Encoders of
 * text return {@code last_hidden_state}, also as {@code token_embeddings}, and {@code
 * sentence_embedding}, pooled and normalised as their directory says.
 */
record ExportedModel(Pretrained model) implements Model {
  private static final String HIDDEN = "last_hidden_state";
  private static final String SENTENCE = "sentence_embedding";
  private static final String TOKENS = "token_embeddings";
  private static final String POSITIONS = "position_ids";

  /** Outputs for training and for comparing; nobody reads them from a file. */
  private static final Set<String> OWN =
      Set.of("sentence_embedding_normalized", "cosine_similarity");

  /** Whether tokens only see earlier ones, so that there may be a cache. */
  boolean decodes() {
    TensorType mask = model.allInputs().get("attention_mask");
    return mask != null && mask.dim(-1).symbols().contains("past");
  }

  @Override
  public Map<String, TensorType> inputs() {
    Map<String, TensorType> inputs = new LinkedHashMap<>(model.allInputs());
    // clients give position ids to decoders only, and no mask to the decoder beside an encoder
    boolean continues = model.task() == Task.CAUSAL_LM || model.task() == Task.FEATURES;
    if (!decodes() || !continues) {
      inputs.remove(POSITIONS);
    }
    inputs.remove("decoder_attention_mask");
    if (!model.inputs().containsKey("decoder_input_ids")) {
      inputs.remove("decoder_input_ids"); // it reads the source again
    }
    if (!model.readsTypes()) {
      inputs.remove("token_type_ids"); // as in RoBERTa and GPT-2, whose tokenizers give none
    }
    return inputs;
  }

  @Override
  public Map<String, Tensor> apply(Scope scope, Inputs inputs) {
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    Map<String, Tensor> all = model.apply(scope, inputs);
    for (String name : all.keySet().stream().sorted().toList()) {
      if (!OWN.contains(name)) {
        outputs.put(name, all.get(name));
      }
    }
    Tensor hidden = all.get(HIDDEN);
    if (all.containsKey(SENTENCE) && hidden != null) {
      outputs.put(TOKENS, hidden);
    }
    return outputs;
  }
}
